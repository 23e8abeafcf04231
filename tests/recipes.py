"""Copies of real recipes in a temporary folder, run as a user runs them, and ended as a power cut ends them."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import soundfile
from conftest import ROOT

from diarkit.tables import load_matrix

MARK = "DIARKIT_TEST_RUN"


def make_recipe(folder, name, script="run.sh"):
    """Make <folder>/<name>/v1 out of the TEMPLATE, with a script of egs/<name>/v1 as its run.sh; return its path."""
    recipe = folder / name / "v1"
    subprocess.run([ROOT / "utils" / "new_recipe.sh", recipe], check=True, capture_output=True)
    shutil.copy(ROOT / "egs" / name / "v1" / script, recipe / "run.sh")
    return recipe


def copy_recipe(folder, name):
    """Copy egs/<name>/v1 as it is to <folder>/<name>/v1, its links leading to the same places; return its path."""
    recipe = folder / name / "v1"
    for path in sorted((ROOT / "egs" / name / "v1").rglob("*")):
        inner = path.relative_to(ROOT / "egs" / name / "v1")
        target = recipe / inner
        if inner.parts[0] in ("data", "exp") or path.is_dir() and not path.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(path.resolve())
        else:
            shutil.copy(path, target)
    return recipe


def start(folder, environment, *words, script="run.sh", **env):
    """Start ./run.sh in a copy of a recipe; stdout and stderr come together. This Python is used, no .venv is made."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    process = subprocess.Popen([f"./{script}", *map(str, words)], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                               env={**environment, "PYTHONPATH": str(ROOT), MARK: mark, **env},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    process.mark = f"{MARK}={mark}".encode()
    return process


def run(folder, environment, *words, **env):
    """Run ./run.sh, or script=, in a copy of a recipe to its end; return (status, what it said)."""
    process = start(folder, environment, *words, **env)
    said = process.communicate(timeout=3600)[0]
    return process.returncode, said


def kill_all(process):
    """Kill -9 a started recipe and everything it started, jobs in sessions of their own too; wait until all is gone."""
    while True:
        found = [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _is_marked(pid, process.mark)]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            break
        process.poll()
    process.wait()
    process.stdout.close()


def _is_marked(pid, mark):
    with contextlib.suppress(OSError):
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return False


def wait_for_line(process, words):
    """Read a started recipe's output until a line holds these words; return all lines so far."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(f"it ended without {words!r}:\n" + "".join(lines))


def mini_audio(environment):
    """Return (samples, rate, path) of half a minute of two people, or skip loudly where it cannot be fetched."""
    done = subprocess.run([ROOT / "utils" / "fetch_model.py", "mini-audio"], capture_output=True, text=True,
                          env={**environment, "PYTHONPATH": str(ROOT)})
    if done.returncode:
        pytest.skip(f"the conversation cannot be fetched: {done.stderr[-300:]}")
    path = done.stdout.strip()
    return *soundfile.read(path, dtype="float32"), path


def snapshot(folder):
    """Return {relative path: (mtime, bytes)} of every regular file that a run has made, logs and locks left out."""
    files = (p for part in ("data", "exp") for p in sorted((folder / part).rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files
            if "log" not in p.parts and not p.name.startswith(".")}


def contents(folder):
    """Return {relative path: bytes} of what a run has made; of a table its keys and matrices.

    The division into parts is left out, for it depends on the attempts.
    """
    found = {name: data for name, (_, data) in snapshot(folder).items() if "/parts/" not in name}
    for name in found:
        if name.startswith("exp/") and name.endswith(".scp"):
            pairs = (line.split(" ", 1) for line in found[name].decode().splitlines())
            found[name] = [(key, entry if entry.startswith("{") else load_matrix(f"{folder}/{entry}").tobytes())
                           for key, entry in pairs]
    return found


def results(folder):
    """Return the folder of results of a finished run of egs/wavs."""
    found, = folder.glob("exp/*/*/results")
    return found


def turns(path):
    """Return [(start s, end s, speaker)] of an RTTM."""
    rows = (line.split() for line in path.read_text().splitlines())
    return [(float(r[3]), float(r[3]) + float(r[4]), r[7]) for r in rows]
