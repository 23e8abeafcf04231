"""utils/setup.sh: the Python at hand is kept if it will do; otherwise .venv is made, completed, and made only once."""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

# Stands in for pip, for there may be no network: notes what it is asked for, and fails where `fail` names it.
PIP = """\
import os, sys
words = " ".join(w for w in sys.argv[1:] if w not in ("--disable-pip-version-check", "--quiet", "--no-build-isolation"))
with open("asked", "a") as file:
    file.write(words + "\\n")
sys.exit(os.path.exists("fail") and open("fail").read().strip() in words)
"""


@pytest.fixture
def toolkit(tmp_path):
    """A toolkit of its own that has no Python yet."""
    room = tmp_path / "kit"
    for name in ("utils/setup.sh", "utils/make_venv.py", "requirements.txt", "requirements-test.txt"):
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, room / name)
    (tmp_path / "stub/pip").mkdir(parents=True)
    (tmp_path / "stub/pip/__main__.py").write_text(PIP)
    (tmp_path / "stub/pip/__init__.py").write_text("")
    return room


def start(room, **env):
    """Start a shell that sources setup.sh and shows its python3."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DIARKIT")}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    script = f"set -euo pipefail; . {room}/utils/setup.sh; command -v python3; true"
    return subprocess.Popen(["bash", "-c", script], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
                            env={**clean, "PATH": path, "PYTHONPATH": str(room.parent / "stub"), **env})


def source(room, **env):
    process = start(room, **env)
    out, err = process.communicate(timeout=120)
    return process.returncode, out.strip(), err


def asked(room):
    path = room / "asked"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


ALL = ["install torch==2.13.0", "install -r requirements.txt", "install --no-deps -e ."]


def test_a_half_finished_or_outdated_venv_is_completed(toolkit):
    (toolkit / "fail").write_text("-r requirements.txt")
    status, out, err = source(toolkit)
    assert status == 1 and out == "" and "Is there a network" in err and asked(toolkit) == ALL[:2]
    (toolkit / "fail").unlink()
    status, out, err = source(toolkit)
    assert status == 0 and out == str(toolkit / ".venv/bin/python3") and asked(toolkit) == ALL and "-m venv" not in err
    assert source(toolkit) == (0, str(toolkit / ".venv/bin/python3"), "") and asked(toolkit) == []
    assert source(toolkit, DIARKIT_EXTRAS="test")[0] == 0
    assert asked(toolkit) == [*ALL[:2], "install -r requirements-test.txt", ALL[2]]
    assert source(toolkit)[0] == 0 and asked(toolkit) == []
    (toolkit / "requirements.txt").write_text("torch==2.13.0\nnumpy==2.0.0\n")
    assert source(toolkit)[0] == 0 and asked(toolkit) == ALL


def test_two_at_once_make_it_once(toolkit):
    both = [start(toolkit), start(toolkit)]
    outs = [process.communicate(timeout=120)[0].strip() for process in both]
    assert outs == [str(toolkit / ".venv/bin/python3")] * 2 and [p.returncode for p in both] == [0, 0]
    assert asked(toolkit) == ALL


def test_the_python_at_hand_is_kept_if_it_has_all():
    status, out, err = source(ROOT)
    assert (status, err) == (0, "") and os.path.dirname(out) == os.path.dirname(sys.executable)


def test_without_venv_the_cure_is_named(toolkit):
    (toolkit.parent / "stub/venv.py").write_text("raise ImportError('no ensurepip')\n")
    status, out, err = source(toolkit)
    assert status == 1 and "apt install python3-venv" in err and asked(toolkit) == []


def test_an_old_python_is_told_so(toolkit, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").write_text('#!/bin/bash\n[[ $1 != --version ]] || { echo Python 3.8.10; exit 0; }\nexit 1\n')
    (tools / "python3").chmod(0o755)
    status, out, err = source(toolkit, PATH=str(tools))
    assert status == 1 and "needs Python 3.11 or newer, found Python 3.8.10" in err and err.count("\n") == 1
