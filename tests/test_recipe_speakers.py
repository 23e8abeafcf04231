"""egs/speakers on made-up voices: from a folder for each speaker to EER, DET and distances; a pretrained one too."""

import csv
import shutil

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from recipes import copy_recipe, run, snapshot
from voices import RATE, syllables

from diarkit.annotation import read_segments
from diarkit.files import read_table

TRAIN = """--network=small
--dim=32
--loss=softmax
--learning-rate=1e-3
--final-learning-rate=1e-3
--rounds=2
--round-items=96
--batch-speakers=8
--min-crop-s=0.4
--max-crop-s=0.5
--speeds=1
--augment=false
--dev-speakers=2
--dev-crop-s=0.4
--dev-full-s=0.8
--warmup-rounds=0
--workers=1
--training-threads=1
"""
KINDS = ("cosine", "cosine_asnorm", "plda", "plda_asnorm")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the recipe beside fourteen voices, a folder each, three utterances of about a second in it."""
    folder = tmp_path_factory.mktemp("speakers")
    for number in range(14):
        speaker = folder / "corpus" / f"voice{number}"
        speaker.mkdir(parents=True)
        for take in range(3):
            sound = syllables(0.9 + 0.1 * take, 90 + 14 * number, 10 * number + take)
            soundfile.write(speaker / f"{take}.{'flac' if take else 'wav'}", sound, RATE)
    (folder / "train.conf").write_text(TRAIN)
    (folder / "plda.conf").write_text("--lda-dim=4\n--iterations=3\n")
    (folder / "prepare.conf").write_text(f"--test-list={folder}/held_out\n")
    (folder / "held_out").write_text("voice1\nvoice4\nvoice7\nvoice10\n")
    copy_recipe(folder / "egs", "speakers")
    return folder


def run_speakers(place, environment, *words):
    return run(place / "egs/speakers/v1", environment, "--corpus", place / "corpus", "--lengths", "0.5 none",
               "--nj", "1", "--prepare-config", place / "prepare.conf", "--train-config", place / "train.conf",
               "--plda-config", place / "plda.conf", *words)


@pytest.fixture(scope="module")
def done(place, environment):
    """A finished run: (folder, status, output)."""
    return place / "egs/speakers/v1", *run_speakers(place, environment)


def rates(path):
    with open(path / "verification.tsv", encoding="utf-8", newline="") as file:
        return {name: float(text) for name, text in next(csv.DictReader(file, delimiter="\t")).items()}


def test_it_trains_measures_and_draws(done):
    folder, status, said = done
    assert status == 0, said
    train, test = (set(read_table(folder / f"data/{part}/utt2spk").values()) for part in ("train", "test"))
    assert len(train) == 10 and test == {"voice1", "voice4", "voice7", "voice10"}
    for length in ("0.5", "none"):
        for kind in KINDS:
            found = rates(folder / f"exp/small/{length}/{kind}")
            assert (found["targets"], found["others"]) == (12, 54)
            assert 0 <= found["min_dcf_0.01"] <= 1 and np.isfinite(found["eer_threshold"])
            assert f"| small/{length}/{kind} | {found['eer']:.2f} |" in said
        for picture in ("det", "distances"):
            data = (folder / f"exp/small/{length}/figures/{picture}.png").read_bytes()
            assert data[:4] == b"\x89PNG" and len(data) > 5000
    lines = (folder / "exp/small/model/metrics.csv").read_text().splitlines()
    losses = [float(line.split(",")[lines[0].split(",").index("train_loss")]) for line in lines[1:]]
    assert len(losses) == 2 and losses[1] < losses[0]
    assert (folder / "exp/small/model/loss.png").exists()


def test_short_windows_are_the_middle_of_each_utterance(done):
    short, whole = (read_segments(done[0] / f"exp/fbank_resnet34/crop_{length}/test/subsegments")
                    for length in ("0.5", "none"))
    assert set(short) == set(whole) == set(read_table(done[0] / "data/test/wav.scp"))
    for utterance in short:
        (one,), (all_of_it,) = short[utterance], whole[utterance]
        assert all_of_it.start_s == 0 and 0.85 < all_of_it.end_s < 1.15
        assert abs(one.end_s - one.start_s - 0.5) < 2e-3
        assert abs(one.start_s + one.end_s - all_of_it.end_s) < 3e-3


def test_a_second_run_finds_everything_up_to_date(done, place, environment):
    before = snapshot(done[0])
    status, said = run_speakers(place, environment)
    assert status == 0 and said.count("up to date") == 27, said
    assert snapshot(done[0]) == before


def test_a_pretrained_network_is_measured_beside_it_on_the_corpus_own_trials(done, place, environment):
    own = place / "own_trials"
    own.write_text("1 voice1/0.wav voice1/1.flac\n1 voice4/1.flac voice4/2.flac\n0 voice1/0.wav voice4/1.flac\n")
    folder = copy_recipe(place / "again", "speakers")
    shutil.copy(done[0] / "exp/small/model/best.pt", place / "best.pt")
    words = ("--corpus", place / "corpus", "--lengths", "none", "--nj", "1", "--plda-config", place / "plda.conf")
    status, said = run(folder, environment, *words, "--trials", own, "--model", place / "best.pt", "--tag", "best")
    assert status == 0, said
    assert not (folder / "exp/best/model").exists() and "stage 1" not in said
    found = rates(folder / "exp/best/none/cosine")
    assert (found["targets"], found["others"]) == (2, 1)
    assert set(read_table(folder / "data/test/utt2spk").values()) == {"voice1", "voice4"}
    assert len(set(read_table(folder / "data/train/utt2spk").values())) == 12


def test_without_a_corpus_it_says_what_to_say(place, environment):
    status, said = run(place / "egs/speakers/v1", environment)
    assert status != 0 and "./run.sh --corpus DIR --layout NAME" in said


def test_an_utterance_without_frames_is_named(call, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    (tmp_path / "feats.scp").write_text("")
    (tmp_path / "empty.txt").write_text("a [ ]\n")
    conf = ROOT / "conf/features/fbank_resnet34.conf"
    done = call("crop-utterances.py", f"--feats-config={conf}", "ark:empty.txt", "subsegments")
    assert done.returncode == 1 and "a: no frames" in done.stderr
    done = call("crop-utterances.py", "ark:empty.txt", "subsegments")
    assert done.returncode == 2 and "--feats-config is required" in done.stderr
