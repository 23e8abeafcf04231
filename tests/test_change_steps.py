"""The steps of the Bi-LSTM change detector on sound: features, training, detection; skipped, redone, gone on with."""

import subprocess

import numpy as np
import pytest
import soundfile
import torch
from conftest import ROOT

from diarkit.change.detect import DetectOptions
from diarkit.change.labels import ChangeLabelOptions
from diarkit.change.network import load_network
from diarkit.change.peaks import PickOptions
from diarkit.change.training import TrainChangeOptions
from diarkit.cli import parse
from diarkit.tables import read_matrices

TRAIN = ("--epochs=14\n--batch-size=16\n--round-windows=80\n--optimiser=adam\n--learning-rate=4e-3\n--dropout=0\n"
         "--min-positive=none\n--training-threads=1\n")
FEATS = ("steps/make_change_feats.sh", "--nj", "2", "data", "exp/feats")
TRAINING = ("steps/train_change_detector.sh", "--train-config", "train.conf", "data", "exp/feats", "exp/model")
DETECT = ("steps/detect_changes.sh", "--model", "exp/model/final.pt", "exp/feats", "exp/changes")
CHANGES = {}


def voice(rng, who, count):
    """Noise through one of three resonators."""
    at = np.arange(400)
    taps = np.exp(-at / 60) * np.cos(2 * np.pi * (400, 1300, 2900)[who] * at / 16000)
    return np.convolve(rng.normal(0, 0.02, count + 399), taps, "valid")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """A recipe's folder with three recordings of 20 s, in which one of three sounds hands over to another."""
    folder, rng = tmp_path_factory.mktemp("recipe"), np.random.default_rng(4)
    for room in ("steps", "utils", "bin", "conf"):
        (folder / room).symlink_to(ROOT / room)
    data, turns = folder / "data", []
    data.mkdir()
    for n in range(3):
        edges = np.round(np.append(0, np.cumsum(rng.uniform(1.5, 3, 9))), 3)
        who = np.cumsum(rng.integers(1, 3, 9)) % 3
        spans = list(zip(edges, edges[1:], who))
        sound = np.concatenate([voice(rng, w, round((b - a) * 16000)) for a, b, w in spans])
        soundfile.write(data / f"r{n}.flac", np.clip(sound, -1, 1), 16000)
        turns += [f"SPEAKER r{n} 1 {a:.3f} {b - a:.3f} <NA> <NA> {w} <NA> <NA>\n" for a, b, w in spans]
        CHANGES[f"r{n}"] = edges[1:-1]
    (data / "wav.scp").write_text("".join(f"r{n} data/r{n}.flac\n" for n in range(3)))
    (data / "ref.rttm").write_text("".join(turns))
    (folder / "train.conf").write_text(TRAIN)
    return folder


@pytest.fixture(scope="module")
def trained(recipe, environment):
    """The same folder after all three steps."""
    for words in (FEATS, TRAINING, DETECT):
        done = subprocess.run(words, cwd=recipe, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return recipe


def matrices(path):
    return {key: np.array(load()) for key, load in read_matrices(f"scp:{path}")}


def test_a_change_is_found_where_it_is(trained, monkeypatch):
    monkeypatch.chdir(trained)
    curves, changes = matrices("exp/changes/curve.scp"), matrices("exp/changes/changes.scp")
    assert list(curves) == list(changes) == ["r0", "r1", "r2"] and curves["r0"].shape[1] == 2
    for reco, wanted in CHANGES.items():
        assert len(changes[reco]) == len(wanted) and np.abs(changes[reco] - wanted).max() < 0.1
        assert changes[reco].dtype == curves[reco].dtype == np.float64


def test_steps_are_up_to_date_and_another_threshold_picks_others(call, trained, monkeypatch):
    monkeypatch.chdir(trained)
    for words in (FEATS, DETECT):
        done = call(*words, cwd=trained)
        assert done.returncode == 0 and "is up to date" in done.stdout + done.stderr
    (trained / "pick.conf").write_text("--threshold=0.99999\n")
    other = call(DETECT[0], "--pick-config", "pick.conf", *DETECT[1:-1], "exp/none", cwd=trained)
    assert other.returncode == 0, other.stderr
    assert all(part.size == 0 for part in matrices("exp/none/changes.scp").values())
    absent = call(DETECT[0], "--model", "none.pt", "exp/feats", "exp/never", cwd=trained)
    assert absent.returncode != 0 and "none.pt" in absent.stderr


def test_the_training_leaves_everything_that_it_promises(trained):
    folder = trained / "exp/model"
    for name in ("final.pt", "best.pt", "checkpoint.pt", "metrics.csv", "params.yaml", "loss.png", "feats.conf"):
        assert (folder / name).stat().st_size > 0, name
    assert torch.isfinite(load_network(folder / "final.pt")(torch.zeros(1, 10, 35))).all()
    log = (folder / "log/train.1.log").read_text()
    assert "windows/s" in log and "h of recordings an hour" in log and "dev recordings 1" in log


def test_a_bad_recording_costs_only_itself(call, recipe, tmp_path):
    for room in ("steps", "utils", "bin", "conf"):
        (tmp_path / room).symlink_to(ROOT / room)
    (tmp_path / "data").mkdir()
    soundfile.write(tmp_path / "b.flac", np.zeros(100), 48000)
    (tmp_path / "a.wav").write_text("no audio")
    (tmp_path / "data/wav.scp").write_text("a a.wav\nb b.flac\n")
    done = call("steps/make_change_feats.sh", "data", "exp/feats")
    assert done.returncode != 0 and "make_change_feats failed" in done.stderr
    logs = "".join(path.read_text() for path in (tmp_path / "exp/feats/log").iterdir())
    assert "a.wav: cannot be opened as audio" in logs


def test_features_made_otherwise_than_the_models_are_refused(call, trained, tmp_path):
    (tmp_path / "other.conf").write_text("--high-freq=4000\n")
    done = call("detect-changes.py", f"--model={trained}/exp/model/final.pt", "--feats-config=other.conf",
                f"scp:{trained}/exp/feats/feats.scp", "ark:curve.ark")
    assert done.returncode == 2 and "--high-freq=4000.0, needed 8000.0" in done.stderr
    assert not (tmp_path / "curve.ark").exists()


@pytest.mark.parametrize("name, classes", [
    ("train/change", (TrainChangeOptions, ChangeLabelOptions)), ("change/detect", (DetectOptions,)),
    ("change/pick", (PickOptions,))])
def test_conf_files_hold_the_defaults(name, classes):
    given = parse([f"--config={ROOT}/conf/{name}.conf"], "", (), classes)[1]
    for cls, found in zip(classes, given):
        for key, value in vars(cls()).items():
            if key == "threshold":
                continue  # tuned for the shipped weights
            assert getattr(found, key) == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value), key
