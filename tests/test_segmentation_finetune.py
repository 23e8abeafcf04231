"""Fine-tuning of the segmentation: the loss by hand, errors, chunks, a falling loss, a resume that changes nothing."""

import csv

import numpy as np
import pytest
import soundfile
import torch
from conftest import ROOT

from diarkit.errors import DiarkitError
from diarkit.segmentation import finetune as module
from diarkit.segmentation.engines import open_engine
from diarkit.segmentation.finetune import FinetuneOptions, finetune
from diarkit.segmentation.loss import local_errors, powerset_loss
from diarkit.segmentation.powerset import to_classes
from diarkit.segmentation.training_data import TrainingSet

RNG = np.random.default_rng(2)
SMALL = dict(start="none", chunks=4, batch_size=2, learning_rate=4e-3, dropout=0.0)


@pytest.fixture
def data(tmp_path):
    """A recording of 14 s where a hum (A, 1-6 s) and noise (B, 4-9 s) come and go; gives its TrainingSet."""
    at = np.arange(14 * 16000) / 16000
    sound = RNG.normal(0, 1e-3, len(at)) + 0.3 * np.sin(900 * at) * ((at > 1) & (at < 6))
    sound += RNG.normal(0, 0.1, len(at)) * ((at > 4) & (at < 9))
    soundfile.write(tmp_path / "a.wav", sound, 16000)
    (tmp_path / "wav.scp").write_text(f"a {tmp_path}/a.wav\n")
    (tmp_path / "ref.rttm").write_text("SPEAKER a 1 1.0 5.0 <NA> <NA> A <NA> <NA>\n"
                                       "SPEAKER a 1 4.0 5.0 <NA> <NA> B <NA> <NA>\n")
    return TrainingSet(str(tmp_path / "wav.scp"), str(tmp_path / "ref.rttm"), str(tmp_path / "cache"))


def test_the_loss_takes_the_order_of_speakers_that_suits_best():
    """Two frames, reference 1 then 1+2; the network says 3 then 2+3 with p 1/2: as good as it gets is ln 2."""
    scores = torch.full((1, 2, 7), np.log(0.5 / 6))
    scores[0, 0, 3] = scores[0, 1, 6] = np.log(0.5)
    classes = torch.tensor([[1, 4]])
    assert powerset_loss(scores, classes, torch.ones(1, 2)).item() == pytest.approx(np.log(2), abs=1e-6)
    scores[0, 1] = torch.full((7,), np.log(0.5 / 6))
    scores[0, 1, 4] = np.log(0.5)  # 3, then 1+2: no order makes both right
    half = (np.log(2) + np.log(12)) / 2
    assert powerset_loss(scores, classes, torch.ones(1, 2)).item() == pytest.approx(half, abs=1e-6)
    only_first = torch.tensor([[1.0, 0.0]])
    assert powerset_loss(scores, classes, only_first).item() == pytest.approx(np.log(2), abs=1e-6)


def test_the_loss_does_not_know_the_order_of_speakers():
    scores, active = torch.log_softmax(torch.randn(4, 50, 7), -1), RNG.random((4, 50, 3)) < 0.4
    active[..., 2] &= ~(active[..., 0] & active[..., 1])
    losses = [powerset_loss(scores, torch.from_numpy(to_classes(active[..., order]).astype(np.int64)),
                            torch.ones(4, 50)).item() for order in ([0, 1, 2], [2, 0, 1], [1, 0, 2])]
    assert max(losses) - min(losses) < 1e-6


def test_errors_of_hand_worked_windows():
    """Ten frames: A talks in 0-5, B in 4-7; found: one in 0-3, another in 4-8, a third in 9."""
    reference, found = np.zeros((2, 1, 10, 3), bool)
    reference[0, :6, 0] = reference[0, 4:8, 1] = True
    found[0, :4, 2] = found[0, 4:9, 0] = found[0, 9, 1] = True
    counted = np.ones((1, 10), np.float32)
    assert local_errors(found, reference, counted).tolist() == [2, 2, 0, 10]
    assert local_errors(found[..., [1, 0, 2]], reference, counted).tolist() == [2, 2, 0, 10]
    counted[0, 8:] = 0
    assert local_errors(found, reference, counted).tolist() == [2, 0, 0, 10]
    swapped = np.zeros_like(found)
    swapped[0, :8, 0] = True
    assert local_errors(swapped, reference, counted).tolist() == [2, 0, 2, 10]


def test_chunks_carry_their_classes_and_uncounted_frames(data, tmp_path):
    samples, active, counted = data.load([(0, 0.0, 0.0, 14.0), (0, 8.5, 0.0, 14.0)])
    assert samples.shape == (2, 1, 160000) and counted[0].all()
    sound, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    np.testing.assert_allclose(samples[0, 0], sound[:160000], atol=1e-4)
    assert not samples[1, 0, round(5.5 * 16000):].any() and 0 < counted[1].sum() < 340
    centre = 0.0309375 + 0.016875 * np.arange(589)
    truth = np.stack([(centre >= 1) & (centre < 6), (centre >= 4) & (centre < 9)], 1)
    assert (active[0, :, :2] == truth).all() and not active[0, :, 2].any()
    (tmp_path / "uem").write_text("a 1 2 5\n")
    part = TrainingSet(str(tmp_path / "wav.scp"), str(tmp_path / "ref.rttm"), str(tmp_path / "cache"),
                       str(tmp_path / "uem"))
    assert part.annotated_s == 3 and part.random_chunks(3, RNG) == [(0, 2.0, 2.0, 5.0)] * 3
    assert part.load(part.all_chunks())[2].sum() == pytest.approx(3 / 0.016875, abs=2)
    assert part.fingerprint != data.fingerprint


def test_the_cache_is_of_these_recordings(data, tmp_path):
    soundfile.write(tmp_path / "b.wav", np.zeros(16000), 16000)
    (tmp_path / "wav.scp").write_text(f"a {tmp_path}/a.wav\nb {tmp_path}/b.wav\n")
    both = TrainingSet(str(tmp_path / "wav.scp"), str(tmp_path / "ref.rttm"), str(tmp_path / "cache"))
    assert both.seconds.tolist() == [14, 1] and len(both.all_chunks()) == 3
    (tmp_path / "wav.scp").write_text(f"b {tmp_path}/b.wav\n")
    with pytest.raises(DiarkitError, match="not in"):
        TrainingSet(str(tmp_path / "wav.scp"), str(tmp_path / "ref.rttm"), str(tmp_path / "cache"))


def test_the_loss_falls_and_a_resume_gives_the_same_weights(data, tmp_path, monkeypatch):
    opts, whole, stopped = FinetuneOptions(epochs=3, **SMALL), tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir(), stopped.mkdir()
    rows = finetune(data, data, whole, opts)
    assert rows[3]["train_loss"] < 0.75 * rows[1]["train_loss"] and [row["epoch"] for row in rows] == [0, 1, 2, 3]
    rates = [row["learning_rate"] for row in rows]
    last = np.array([1, 3, 5]) / 6  # of two steps a round
    np.testing.assert_allclose(rates, [0, *(2e-3 * (1 + np.cos(np.pi * last)))])
    assert all(row["der"] == pytest.approx(row["false_alarm"] + row["miss"] + row["confusion"]) for row in rows)

    normal = module.train_round
    monkeypatch.setattr(module, "train_round", lambda net, optimiser, train, epoch, o:
                        normal(net, optimiser, train, epoch, o) if epoch < 2 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        finetune(data, data, stopped, opts)
    monkeypatch.setattr(module, "train_round", normal)
    finetune(data, data, stopped, opts)
    for name in ("last.pt", "best.pt"):
        first, second = (torch.load(folder / name, weights_only=True)["state_dict"] for folder in (whole, stopped))
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert (whole / "metrics.csv").read_text() == (stopped / "metrics.csv").read_text()
    with pytest.raises(DiarkitError, match="another training"):
        finetune(data, data, stopped, FinetuneOptions(epochs=5, **SMALL))


def test_the_step_trains_and_its_weights_segment(call, data, tmp_path):
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    (tmp_path / "conf/train").mkdir(parents=True)
    (tmp_path / "conf/train/segmentation.conf").write_text(
        "--start=none\n--epochs=1\n--chunks=1\n--batch-size=1\n--training-threads=1\n")
    for name in ("train", "dev"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wav.scp").write_text(f"{name} {tmp_path}/a.wav\n")
        (tmp_path / name / "ref.rttm").write_text((tmp_path / "ref.rttm").read_text().replace(" a ", f" {name} "))
    done = call("steps/finetune_segmentation.sh", "train", "dev", "exp/tuned")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "exp/tuned/metrics.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"] and float(rows[1]["train_loss"]) > 0
    assert not (tmp_path / "exp/tuned/audio").exists()
    samples = np.zeros(160000, np.float32)
    assert open_engine(tmp_path / "exp/tuned/best.pt")(samples, 1, 40000).shape == (1, 589, 7)
    same = call("finetune-segmentation.py", "train/wav.scp", "train/ref.rttm", "train/wav.scp", "train/ref.rttm", "out")
    assert same.returncode == 1 and "both sets" in same.stderr
