#!/usr/bin/env python3
"""Print the bin folder of a Python that runs diarkit, or nothing if the one that runs this file already does.

Makes or completes <toolkit>/.venv where need be. A marker in it holds what was installed, so that a half-finished
or outdated one is completed; a lock makes a second caller wait. Words go to stderr.

Usage: make_venv.py [test]
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python3")
MARKER = os.path.join(VENV, ".installed")


def say(words):
    """Write words to stderr."""
    print(words, file=sys.stderr, flush=True)


def requirements(extras):
    """Return the requirement files asked for."""
    return ["requirements.txt"] + (["requirements-test.txt"] if extras == "test" else [])


def pins(name):
    """Return the lines of a requirements file without comments."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return [line for line in (line.partition("#")[0].strip() for line in file) if line]


def python_is_complete(extras):
    """Tell whether this Python finds this toolkit's diarkit and every package it needs (found, not imported: fast)."""
    found = importlib.util.find_spec("diarkit")
    if not found or os.path.dirname(os.path.dirname(os.path.realpath(found.origin or "/"))) != ROOT:
        return False
    try:
        for name in requirements(extras):
            for pin in pins(name):
                importlib.metadata.version(re.split(r"[=<>!~\[; ]", pin)[0])
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def wanted_marker(extras):
    """Return the lines the marker holds when .venv is complete: one hash a requirements file, of it and the place."""
    lines = []
    for name in requirements(extras):
        text = "\n".join([ROOT, *pins(name)])
        lines.append(f"{name} {hashlib.sha256(text.encode()).hexdigest()}")
    return lines


def venv_is_complete(extras):
    """Tell whether .venv holds all that is asked for and its Python still runs."""
    try:
        with open(MARKER, encoding="utf-8") as file:
            there = file.read().splitlines()
    except OSError:
        return False
    return set(wanted_marker(extras)) <= set(there) and python_runs()


def python_runs():
    """Tell whether .venv's Python is there and starts."""
    return os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0


def must(command, cure):
    """Run a command with its output on stderr; on failure say how to mend it and end with status 1."""
    say("+ " + " ".join(command))
    if subprocess.run(command, stdout=sys.stderr, cwd=ROOT).returncode:
        say(f"diarkit: this failed: {' '.join(command)}\n{cure}")
        sys.exit(1)


def pip(*words):
    """Run .venv's pip install."""
    must([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *words],
         "Is there a network, and space on the disk? Behind a proxy or with a mirror of PyPI set HTTPS_PROXY or "
         "PIP_INDEX_URL. What is installed so far is kept: run the same command again.\n"
         "Or put a Python first on PATH that has requirements.txt and `pip install -e .` of this folder.")


def make(extras):
    """Make .venv, or complete it."""
    say(f"diarkit: setting up {VENV}; this happens once and takes some minutes")
    if not python_runs():
        must([sys.executable, "-m", "venv", "--clear", VENV],
             "Python's venv module may be missing: on Debian and Ubuntu `apt install python3-venv`")
    # torch alone and first: then an index that offers the CPU build is asked for nothing else
    pip(*[pin for pin in pins("requirements.txt") if pin.startswith("torch==")])
    for name in requirements(extras):
        pip("-r", name)
    no_build = subprocess.run([PYTHON, "-c", "import setuptools, wheel"], stderr=subprocess.DEVNULL).returncode == 0
    pip("--no-deps", *(["--no-build-isolation"] if no_build else []), "-e", ".")
    with open(MARKER + ".tmp", "w", encoding="utf-8") as file:
        file.write("\n".join(wanted_marker(extras)) + "\n")
    os.replace(MARKER + ".tmp", MARKER)


def main(extras=""):
    """Keep this Python, or use .venv, or make it."""
    if python_is_complete(extras):
        return
    if not venv_is_complete(extras):
        os.makedirs(os.path.join(ROOT, ".cache"), exist_ok=True)
        with open(os.path.join(ROOT, ".cache", "setup.lock"), "a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"diarkit: waiting for another run that sets up {VENV}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not venv_is_complete(extras):
                make(extras)
    print(os.path.dirname(PYTHON))


if __name__ == "__main__":
    main(*sys.argv[1:])
