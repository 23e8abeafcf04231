"""Paths, runners and real audio that many tests share."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def environment():
    """The environment path.sh gives a recipe."""
    folders = [str(ROOT / "utils"), str(ROOT / "bin"), os.path.dirname(sys.executable), os.environ["PATH"]]
    return {**os.environ, "PATH": os.pathsep.join(folders), "LC_ALL": "C", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def call(environment, tmp_path):
    """Run a command in tmp_path as a user would; give its CompletedProcess with text output."""
    def run(*words, cwd=tmp_path, env=None, **more):
        return subprocess.run([str(w) for w in words], cwd=cwd, env={**environment, **(env or {})}, text=True,
                              capture_output=True, **more)
    return run


@pytest.fixture(scope="session")
def speech():
    """About ten seconds of real speech, 16 kHz float32, or a loud skip where ../shared/speech is absent."""
    folder = SHARED / "speech" / "librispeech_train_clean_5"
    files = sorted(folder.glob("*/*.opus"))[:2]
    if not files:
        pytest.skip(f"no real speech: {folder} is absent")
    return np.concatenate([soundfile.read(f, dtype="float32")[0] for f in files])


@pytest.fixture(scope="session")
def conversations():
    """The folder of real conversations with references, or a loud skip."""
    folder = SHARED / "conversations"
    if not folder.exists():
        pytest.skip(f"no real conversations: {folder} is absent")
    return folder
