"""A built wheel in a new environment, without a checkout: the command, the API, the programs with their defaults."""

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile

import pytest
import soundfile
from conftest import ROOT
from recipes import mini_audio

CORE = """\
import sys

class Others:
    names = "torch matplotlib pyannote webrtcvad python_speech_features pandas".split()

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ImportError(f"{name} is not of the core")

sys.meta_path.insert(0, Others())
import diarkit
print(diarkit.diarize("sample.wav"))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel from a copy of the files that git has, so that nothing of a working tree gets in."""
    pytest.importorskip("setuptools")
    place = tmp_path_factory.mktemp("wheel")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True).stdout.decode().split("\0")
    for name in filter(lambda n: n.startswith(("diarkit/", "bin/", "conf/")) or "/" not in n and n, names):
        if (ROOT / name).is_file():
            (place / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "src" / name)
    words = "-m pip wheel --no-deps --no-build-isolation --no-index -q -w".split()
    done = subprocess.run([sys.executable, *words, place / "dist", place / "src"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next((place / "dist").glob("diarkit-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of a new environment with the wheel; the packages it needs are borrowed from this one."""
    place = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", place / "new"], check=True)
    lent = next((place / "new/lib").glob("python*/site-packages")) / "lent.pth"
    lent.write_text("\n".join(site.getsitepackages()) + "\n")
    done = subprocess.run([place / "new/bin/python", "-m", "pip", "install", "--no-deps", "--no-index", "-q",
                           "--force-reinstall", wheel], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return place / "new/bin"


def run(program, *words, cwd, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DIARKIT"))}
    return subprocess.run([program, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300,
                          env={**clean, "PIP_NO_INDEX": "1", "HOME": str(cwd), **env})


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory, environment):
    """An empty folder with one recording."""
    samples, rate, _ = mini_audio(environment)
    folder = tmp_path_factory.mktemp("nowhere")
    soundfile.write(folder / "sample.wav", samples, rate)
    return folder


def test_weights_cards_and_configurations_come_along(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("weights/models.tsv", "weights/small/embedding.onnx", "weights/small/README.md",
                 "weights/segmentation/segmentation.npz", "weights/change_bilstm/final.pt", "weights/plda_small/plda",
                 "conf/segmentation/segment.conf", "conf/cluster/speakers.conf", "conf/features/fbank_resnet34.conf"):
        assert f"diarkit/{name}" in names, name
    about = zipfile.ZipFile(wheel).read(next(n for n in names if n.endswith("/METADATA"))).decode()
    assert "Requires-Python: >=3.11" in about and "Provides-Extra: train" in about and "Classifier: " in about
    needed = [line for line in about.splitlines() if line.startswith("Requires-Dist") and "extra" not in line]
    assert any("onnxruntime" in line for line in needed) and not any("torch" in line for line in needed)


def test_the_command_and_the_api_work_without_a_checkout(installed, nowhere):
    done = run(installed / "diarkit", "sample.wav", cwd=nowhere)
    assert done.returncode == 0 and done.stdout.startswith("SPEAKER sample 1 "), done.stderr
    assert run(installed / "diarkit", "--version", cwd=nowhere).stdout.startswith("diarkit 0.")
    code = "import diarkit; r = diarkit.diarize('sample.wav'); print(diarkit.__file__); print(r.to_rttm(), end='')"
    told = run(installed / "python", "-c", code, cwd=nowhere)
    place, rttm = told.stdout.split("\n", 1)
    assert str(installed.parent) in place and rttm == done.stdout, told.stderr
    assert not list(nowhere.glob(".cache/diarkit/*"))  # nothing was fetched


def test_nothing_but_the_packages_of_the_core_is_imported(installed, nowhere):
    (nowhere / "core.py").write_text(CORE)
    done = run(installed / "python", "core.py", cwd=nowhere)
    assert done.stdout.startswith("<Diarization of sample: 30.0 s, 2 speakers"), done.stderr


def test_the_programs_of_the_stages_bring_their_defaults(installed, nowhere):
    for name in ("diarize.py", "simulate-conversations.py", "cluster-speakers.py"):
        done = run(installed / name, "--help", cwd=nowhere)
        assert done.returncode == 0 and "Usage: " + name in done.stdout, done.stderr
    (nowhere / "wav.scp").write_text("sample sample.wav\n")
    done = run(installed / "diarize-recordings.py", "scp:wav.scp", "ark:turns.ark", "ark:evidence.ark", cwd=nowhere)
    assert done.returncode == 0 and "2 speakers" in done.stderr, done.stderr
    assert run(installed / "turns-to-rttm.py", "ark:turns.ark", "hyp.rttm", cwd=nowhere).returncode == 0
    listed = run(installed / "diarkit", "sample.wav", "--format", "json", cwd=nowhere)
    assert len(json.loads(listed.stdout)["diarization"]) == len((nowhere / "hyp.rttm").read_text().splitlines())
