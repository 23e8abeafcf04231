"""Training of embeddings on hums of several pitches: it learns, measures, and goes on to the last bit."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
import torch
from conftest import ROOT
from torch import nn

from diarkit.errors import DiarkitError, UsageError
from diarkit.tables import MatrixWriter
from diarkit.training.augment import AugmentOptions
from diarkit.training.batches import BatchOptions
from diarkit.training.corpus import Corpus
from diarkit.training.crops import open_features
from diarkit.training.embedding import Training
from diarkit.training.options import LOSSES, TrainEmbeddingOptions, schedule, stale
from diarkit.training.store import AudioStore, FeatureStore

RATE, SPEAKERS, EACH = 16000, 12, 4
QUICK = dict(rounds=3, round_items=64, dev_speakers=4, dev_crop_s=0.4, dev_full_s=0.8, workers=0, training_threads=1,
             warmup_rounds=0.0, learning_rate=5e-3, final_learning_rate=5e-3, margin_rounds=2, average=2, seed=1)
SHORT = dict(batch_speakers=8, min_crop_s=0.3, max_crop_s=0.5, speeds="1")


class Tiny(nn.Module):
    """One convolution over time, mean and deviation, one layer."""

    def __init__(self, feats_dim, dim=16):
        super().__init__()
        self.dim, self.conv, self.drop = dim, nn.Conv1d(feats_dim, 24, 5), nn.Dropout(0.1)
        self.norm, self.out = nn.BatchNorm1d(24), nn.Linear(48, dim)

    def embed(self, feats):
        x = self.drop(torch.relu(self.norm(self.conv(feats.transpose(1, 2)))))
        return self.out(torch.cat([x.mean(2), x.std(2)], 1))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Twelve hums with overtones of their own, four utterances of 1 s each, as wav.scp, utt2spk, fbank.conf."""
    folder, rng = tmp_path_factory.mktemp("hums"), np.random.default_rng(0)
    scp, utt2spk = [], []
    for s in range(SPEAKERS):
        overtones = rng.random(12)
        for u in range(EACH):
            at = np.arange(RATE + 400 * u) / RATE
            pitch = 100 + 8 * s + rng.normal(0, 2)
            hum = sum(a * np.sin(2 * np.pi * pitch * k * at) for k, a in enumerate(overtones, 1))
            level = (1 + np.sin(2 * np.pi * rng.uniform(2, 6) * at)) / 40 * np.exp(rng.normal(0, 0.5))
            sound = np.clip(hum * level + rng.normal(0, 0.03, len(at)), -1, 1)
            soundfile.write(folder / f"s{s:02}-{u}.wav", sound, RATE)
            scp.append(f"s{s:02}-{u} {folder}/s{s:02}-{u}.wav")
            utt2spk.append(f"s{s:02}-{u} s{s:02}")
    (folder / "wav.scp").write_text("\n".join(scp) + "\n")
    (folder / "utt2spk").write_text("\n".join(utt2spk) + "\n")
    (folder / "fbank.conf").write_text("--num-mel-bins=24\n--sample-scale=32768\n")
    AudioStore(str(folder / "wav.scp"), str(folder / "cache"), workers=1)
    return folder


def training(data, out, teacher=None, batches=None, augment=None, **changes):
    store = AudioStore(str(data / "wav.scp"), str(data / "cache"), workers=1)
    corpus = Corpus(store, str(data / "utt2spk"), teacher)
    return Training(corpus, str(out), Tiny, TrainEmbeddingOptions(**QUICK | changes),
                    BatchOptions(**SHORT | (batches or {})), augment, open_features(str(data / "fbank.conf")))


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def rows(out):
    with open(out / "metrics.csv") as file:
        return [{k: v for k, v in row.items() if k not in ("seconds", "hours_per_hour")}
                for row in csv.DictReader(file)]


def test_the_store_decodes_once_and_again_when_a_file_changes(data, tmp_path):
    scp = (data / "wav.scp").read_text().splitlines()[:2]
    copied = tmp_path / "a.wav"
    copied.write_bytes((data / "s00-0.wav").read_bytes())
    (tmp_path / "wav.scp").write_text(f"a {copied}\n{scp[1]}\n")
    store = AudioStore(str(tmp_path / "wav.scp"), str(tmp_path / "cache"), workers=1)
    assert store.keys == ["a", "s00-1"] and store.lengths.tolist() == [RATE, RATE + 400]
    expected = soundfile.read(data / "s00-1.wav", dtype="float32")[0]
    assert np.abs(store.read(1, 100, 500) - expected[100:600]).max() <= 1 / 32767
    made = os.stat(tmp_path / "cache" / "audio.i16").st_mtime_ns
    AudioStore(str(tmp_path / "wav.scp"), str(tmp_path / "cache"), workers=1)
    assert os.stat(tmp_path / "cache" / "audio.i16").st_mtime_ns == made
    soundfile.write(copied, np.zeros(800), RATE)
    changed = AudioStore(str(tmp_path / "wav.scp"), str(tmp_path / "cache"), workers=1)
    assert changed.lengths.tolist() == [800, RATE + 400] and changed.work != store.work


def test_all_utterances_that_cannot_be_read_are_named(data, tmp_path):
    (tmp_path / "wav.scp").write_text(f"a {data}/s00-0.wav\nb {tmp_path}/none.wav\nc {tmp_path}/wav.scp\n")
    with pytest.raises(DiarkitError, match=r"(?s)2 of 3 utterances.*b: .*none.wav.*c: "):
        AudioStore(str(tmp_path / "wav.scp"), str(tmp_path / "cache"), workers=1)
    assert not (tmp_path / "cache" / "audio.tsv").exists()


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "none"])
def test_every_loss_learns(data, tmp_path, loss):
    run = training(data, tmp_path, loss=loss, random_rounds=1, average=0, round_items=160)
    before = run.measure()
    made, ended = run.run()
    assert ended and len(made) == 3
    assert before["eer_short"] > 40 and min(row["eer_short"] for row in made) < 15
    assert run.hard == (loss == "triplet")


def test_held_out_speakers_are_never_heard(data, tmp_path):
    run = training(data, tmp_path)
    dev = set(run.corpus.speakers) - set(run.plan.names)
    assert len(dev) == 4 and run.plan.classes == 8
    (tmp_path / "dev").write_text("s03\ns07\n")
    listed = training(data, tmp_path / "other", dev_list=str(tmp_path / "dev"))
    assert set(listed.corpus.speakers) - set(listed.plan.names) == {"s03", "s07"}
    (tmp_path / "dev").write_text("s03\nnobody\n")
    with pytest.raises(DiarkitError, match="1 of 2 speakers .* nobody"):
        training(data, tmp_path / "third", dev_list=str(tmp_path / "dev"))


def test_the_folder_of_a_training(data, tmp_path):
    training(data, tmp_path).run()
    assert {"final.pt", "best.pt", "checkpoint.pt", "metrics.csv", "params.yaml", "loss.png", "round-0002.pt",
            "round-0003.pt"} == set(os.listdir(tmp_path))
    assert (tmp_path / "loss.png").read_bytes()[:4] == b"\x89PNG"
    assert "learning_rate: 0.005" in (tmp_path / "params.yaml").read_text()
    found = rows(tmp_path)
    assert [row["round"] for row in found] == ["1", "2", "3"] and found[0]["teacher_loss"] == "nan"
    two, three = (weights(tmp_path / f"round-000{n}.pt") for n in (2, 3))
    mean, best = {k: (two[k] + three[k]) / 2 for k in two if two[k].is_floating_point()}, weights(tmp_path / "best.pt")
    final = weights(tmp_path / "final.pt")
    assert same(final, best) or all(torch.allclose(final[k], mean[k]) for k in mean)


def test_going_on_changes_nothing_whoever_makes_the_crops(data, tmp_path):
    augment, batches = AugmentOptions(bank_rooms=2, train_codecs="ulaw"), dict(speeds="0.9,1,1.1")
    training(data, tmp_path / "whole", batches=batches, augment=augment).run()
    training(data, tmp_path / "parts", batches=batches, augment=augment, rounds=3, max_hours=1e-9).run()
    assert len(rows(tmp_path / "parts")) == 1  # stopped between two rounds
    training(data, tmp_path / "parts", batches=batches, augment=augment, workers=2).run()
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    for name in ("final.pt", "best.pt", "round-0003.pt"):
        assert same(weights(tmp_path / "parts" / name), weights(tmp_path / "whole" / name))
    with pytest.raises(DiarkitError, match="is of another training"):
        training(data, tmp_path / "parts", batches=batches, augment=augment, seed=2)


def test_a_kill_costs_nothing_but_time(data, tmp_path):
    """Killed hard in the middle of a round, it ends where the undisturbed one does."""
    script = tmp_path / "go.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\nfrom pathlib import Path\n"
                      "from test_train_embedding import training\n"
                      f"training(Path({str(data)!r}), {str(tmp_path / 'killed')!r}, loss='triplet', rounds=4, "
                      "random_rounds=2, workers=1, round_items=160).run()\n")
    training(data, tmp_path / "whole", loss="triplet", rounds=4, random_rounds=2, round_items=160).run()
    process = subprocess.Popen([sys.executable, script], stderr=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "killed" / "round-0002.pt").exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not (tmp_path / "killed" / "final.pt").exists()
    assert subprocess.run([sys.executable, script], stderr=subprocess.PIPE).returncode == 0
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")
    assert same(weights(tmp_path / "killed" / "final.pt"), weights(tmp_path / "whole" / "final.pt"))


def test_a_teacher_is_learnt_from(data, tmp_path):
    """Vectors of another size; one utterance has none."""
    rng, speaker_of = np.random.default_rng(0), dict(line.split() for line in open(data / "utt2spk"))
    directions = {s: rng.normal(size=10) for s in sorted(set(speaker_of.values()))}
    with MatrixWriter(f"ark,scp:{tmp_path}/t.ark,{tmp_path}/t.scp") as writer:
        for key, speaker in speaker_of.items():
            writer.write(key, np.zeros((0, 0)) if key == "s00-0" else directions[speaker] + rng.normal(0, .1, (2, 10)))
    run = training(data, tmp_path / "out", teacher=f"scp:{tmp_path}/t.scp", loss="none", round_items=160, rounds=4)
    vectors = run.corpus.teacher
    assert vectors.shape == (48, 10) and not vectors[0].any() and np.linalg.norm(vectors[1]) == pytest.approx(1)
    made, _ = run.run()
    assert made[-1]["teacher_loss"] < made[0]["teacher_loss"] - 0.1
    assert made[-1]["train_loss"] == pytest.approx(made[-1]["teacher_loss"])
    lines = (tmp_path / "t.scp").read_text().splitlines()
    (tmp_path / "t.scp").write_text("\n".join(lines[:-2]) + "\n")
    with pytest.raises(DiarkitError, match="2 of 48 utterances have none, such as s11-2"):
        training(data, tmp_path / "less", teacher=f"scp:{tmp_path}/t.scp")


def test_features_instead_of_audio(data, tmp_path):
    store, feature = AudioStore(str(data / "wav.scp"), str(data / "cache")), open_features(str(data / "fbank.conf"))
    with MatrixWriter(f"ark,scp:{tmp_path}/f.ark,{tmp_path}/f.scp") as writer:
        for number, key in enumerate(store.keys):
            writer.write(key, feature(store.read(number, 0, int(store.lengths[number]))))
    feats = FeatureStore(f"scp:{tmp_path}/f.scp", 0.01)
    assert feats.dim == 24 and feats.rate == pytest.approx(100) and feats.lengths[0] == 98
    corpus = Corpus(feats, str(data / "utt2spk"))
    run = Training(corpus, str(tmp_path / "out"), Tiny, TrainEmbeddingOptions(**QUICK), BatchOptions(**SHORT),
                   AugmentOptions(mask_share=1.0))
    made, ended = run.run()
    assert ended and made[-1]["eer_short"] < 15


def test_schedules_and_early_stopping():
    o = TrainEmbeddingOptions(rounds=10, learning_rate=1e-1, final_learning_rate=1e-3, warmup_rounds=2.0, margin=0.4,
                              margin_rounds=4)
    assert schedule(o, 0) == (0, 0) and schedule(o, 10) == pytest.approx((1e-3, 0.4))
    assert schedule(o, 1) == pytest.approx((0.5 * 10 ** -1.2, 0.1)) and schedule(o, 5) == pytest.approx((1e-2, 0.4))
    assert not stale([5, 4, 3], 2) and stale([3, 4, 3], 2) and not stale([3, 4], 2) and not stale([1, 2, 3], None)


def test_it_stops_early(data, tmp_path):
    made, ended = training(data, tmp_path, patience=1, learning_rate=1e-9, final_learning_rate=1e-9, rounds=9).run()
    assert ended and len(made) < 9


def test_the_binary_and_its_words(data, tmp_path, call):
    quick = ["--rounds=1", "--round-items=8", "--batch-speakers=4", "--workers=0", "--training-threads=1",
             "--dev-speakers=2", "--dev-utterances=4", "--dev-crop-s=0.4", "--dev-full-s=0.4", "--min-crop-s=0.4",
             "--max-crop-s=0.4", "--network=xvector", f"--cache={data}/cache", "--rooms=decay", "--train-codecs=ulaw"]
    done = call("train-embedding.py", *quick, data / "wav.scp", data / "utt2spk", "out")
    assert done.returncode == 0, done.stderr
    from diarkit import networks

    assert networks.load(tmp_path / "out" / "final.pt").embed(torch.zeros(1, 60, 24)).shape == (1, 512)
    again = call("train-embedding.py", *quick, "--rounds=3", "--max-hours=1e-9", data / "wav.scp", data / "utt2spk",
                 "out")
    assert again.returncode == 1 and "over after round 2 of 3" in again.stderr
    (tmp_path / "utt2spk").write_text("s00-0 s00\n")
    strange = call("train-embedding.py", *quick, data / "wav.scp", "utt2spk", "new")
    assert strange.returncode == 1 and "47 of 48 utterances have no speaker, such as s00-1" in strange.stderr


def test_a_card_that_is_not_there_is_told(data, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a graphics card here")
    with pytest.raises(UsageError, match="no graphics card"):
        training(data, tmp_path, device="cuda")


@pytest.mark.parametrize("device, precision", [("cpu", "bfloat16"), ("cuda", "float32"), ("cuda", "bfloat16")])
def test_other_precisions_and_devices_learn_too(data, tmp_path, device, precision):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no graphics card here")
    made, _ = training(data, tmp_path / "out", device=device, precision=precision, round_items=160).run()
    assert min(row["eer_short"] for row in made) < 15
    first = rows(tmp_path / "out")
    training(data, tmp_path / "out", device=device, precision=precision, round_items=160, rounds=4).run()
    assert rows(tmp_path / "out")[:3] == first and len(rows(tmp_path / "out")) == 4
