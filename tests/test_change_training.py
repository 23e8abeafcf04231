"""Training of the change detector: labels, windows, rounds, early stopping, a kill -9 that changes nothing."""

import csv
import signal
import subprocess
import time

import numpy as np
import pytest
import torch

from diarkit.annotation import Turn, write_rttm, write_uem
from diarkit.change import training
from diarkit.change.grid import FRAME_S, WINDOW_T, window_starts
from diarkit.change.labels import ChangeLabelOptions, frame_labels, frames_within
from diarkit.change.training import TrainChangeOptions, rounds, train
from diarkit.change.training_data import ChangeSet
from diarkit.errors import DiarkitError
from diarkit.tables import MatrixWriter

SMALL = dict(batch_size=32, round_windows=64, dev_share=0.3, training_threads=1)


def test_frames_near_a_change_are_labelled():
    turns = [Turn("a", 0.5, 2.0, "A"), Turn("a", 2.0, 3.0, "B"), Turn("a", 3.4, 5.0, "B"), Turn("a", 5.5, 7, "A")]
    centres = np.arange(300) * FRAME_S
    near = np.abs(centres[:, None] - [2.0, 5.5]).min(1) <= 0.075
    assert np.array_equal(frame_labels(turns, 300), near) and near.sum() in (12, 13, 14)
    every = ChangeLabelOptions(all_boundaries=True, near_s=0.05)
    near = np.abs(centres[:, None] - [0.5, 2.0, 3.0, 3.4, 5.0, 5.5, 7.0]).min(1) <= 0.05
    assert np.array_equal(frame_labels(turns, 300, every), near)
    assert not frame_labels([], 10).any() and not frame_labels(turns, 40).any()
    inside = frames_within([(1.0, 2.0), (3.0, 99.0)], 300)
    assert np.array_equal(inside, (centres >= 1) & (centres < 2) | (centres >= 3))


def test_windows_start_every_step_and_may_reach_the_end():
    starts = window_starts(1000)
    assert starts[0] == 0 and starts[-1] + WINDOW_T <= 1000 < starts[-1] + WINDOW_T + 35
    assert np.abs(starts * FRAME_S - np.arange(len(starts)) * 0.8).max() < FRAME_S
    assert window_starts(136).tolist() == [] and window_starts(137).tolist() == [0]
    assert window_starts(150, to_the_end=True).tolist() == [0, 13]
    assert window_starts(3 * WINDOW_T, step_s=WINDOW_T * FRAME_S, to_the_end=True).tolist() == [0, 137, 274]


def test_rounds_cut_each_epochs_order_in_whole_batches():
    opts = TrainChangeOptions(epochs=2, batch_size=4, round_windows=6)
    found = list(rounds(19, 0, opts))
    assert [(number, epoch, len(part)) for number, epoch, part in found] == \
        [(1, 1, 8), (2, 1, 8), (3, 1, 3), (4, 2, 8), (5, 2, 8), (6, 2, 3)]
    first, second = (np.concatenate([part for _, e, part in found if e == epoch]) for epoch in (1, 2))
    assert sorted(first) == sorted(second) == list(range(19)) and list(first) != list(second)
    rest = list(rounds(19, 4, opts))
    assert [r[:2] for r in rest] == [(5, 2), (6, 2)] and np.array_equal(rest[0][2], found[4][2])
    assert [len(part) for _, _, part in rounds(19, 0, TrainChangeOptions(epochs=1))] == [19]


@pytest.fixture
def data(tmp_path):
    """Features and reference of six recordings whose three speakers have means of their own; gives their paths."""
    rng, turns = np.random.default_rng(0), []
    with MatrixWriter(f"ark,scp:{tmp_path}/f.ark,{tmp_path}/f.scp") as writer:
        for n in range(6):
            edges = np.cumsum(np.append(0, rng.uniform(1.0, 3.0, 20)))
            who = np.cumsum(rng.integers(1, 3, 20)) % 3
            turns += [Turn(f"r{n}", *edges[k:k + 2], str(who[k])) for k in range(20)]
            frames = who[np.searchsorted(edges[1:], np.arange(int(edges[-1] / FRAME_S)) * FRAME_S)]
            means = np.random.default_rng(9).normal(0, 1, (3, 35))
            writer.write(f"r{n}", (means[frames] + rng.normal(0, 0.3, (len(frames), 35))).astype(np.float32))
    write_rttm(tmp_path / "ref.rttm", turns)
    return f"scp:{tmp_path}/f.scp", str(tmp_path / "ref.rttm")


def test_windows_are_chosen_and_cut(data, tmp_path):
    whole = ChangeSet(*data)
    train_recos, dev_recos = whole.split(0.3, seed=1)
    assert len(dev_recos) == 2 and sorted([*train_recos, *dev_recos]) == list(range(6))
    assert [len(part) for part in whole.split(0.001, 0)] == [5, 1] and [len(p) for p in whole.split(0, 0)] == [6, 0]
    every, some = whole.windows(range(6)), whole.windows(range(6), min_positive=9)
    positive = np.array([whole.labels[r][a:a + WINDOW_T].sum() for r, a in every])
    assert np.array_equal(some, every[positive > 9]) and 0 < len(some) < len(every)
    feats, labels = whole.batch(every[[3, -1]])
    r, a = every[-1]
    assert np.array_equal(feats[1], whole.feats[r][a:a + WINDOW_T]) and labels[0].sum() == positive[3]
    write_uem(tmp_path / "uem", {"r1": [(5.0, 9.0)]})
    inside = ChangeSet(*data, uem=tmp_path / "uem").windows(range(6))
    assert len(inside) and all(r == 1 and 5 <= a * FRAME_S and (a + 136) * FRAME_S < 9 for r, a in inside)
    assert ChangeSet(*data, uem=tmp_path / "uem").work != whole.work == ChangeSet(*data).work


def test_bad_sets_are_refused(data, tmp_path):
    (tmp_path / "other.rttm").write_text("SPEAKER q 1 0 1 <NA> <NA> A <NA> <NA>\n")
    with pytest.raises(DiarkitError, match="1 of its 1 recordings are not in"):
        ChangeSet(data[0], tmp_path / "other.rttm")
    (tmp_path / "none.rttm").write_text("")
    with pytest.raises(DiarkitError, match="more than 5 frames"):
        train(ChangeSet(data[0], tmp_path / "none.rttm"), tmp_path / "out", TrainChangeOptions(**SMALL))
    for name, cols, words in (("wide", 40, r"\(200, 40\)"), ("short", 35, "no recording of at least 137")):
        with MatrixWriter(f"ark:{tmp_path}/{name}") as writer:
            writer.write("r0", np.zeros((200 if name == "wide" else 100, cols)))
        with pytest.raises(DiarkitError, match=words):
            ChangeSet(f"ark:{tmp_path}/{name}", tmp_path / "none.rttm")


def contents(folder, *names):
    return [(folder / name).read_bytes() for name in names]


def test_it_learns_stops_early_and_the_seed_decides(data, tmp_path):
    opts = TrainChangeOptions(epochs=3, optimiser="adam", learning_rate=4e-3, dropout=0.0, **SMALL)
    rows = train(ChangeSet(*data), tmp_path / "a", opts)
    best = max(rows, key=lambda row: row["ap"])
    assert best["f1"] > 60 and best["train_loss"] < 0.5 * rows[0]["train_loss"]
    with open(tmp_path / "a/metrics.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["round"] for row in table] == [str(n + 1) for n in range(len(rows))]
    assert table[0].keys() == {"round", "epoch", "seconds", "train_loss", "dev_loss", "ap", "precision", "recall", "f1"}
    assert (tmp_path / "a/loss.png").read_bytes()[:4] == b"\x89PNG"
    assert 'optimiser: "adam"' in (tmp_path / "a/params.yaml").read_text()
    assert contents(tmp_path / "a", "best.pt") == contents(tmp_path / "a", "final.pt")
    few = dict(min_positive=12, **SMALL)
    rows = [train(ChangeSet(*data), tmp_path / name, TrainChangeOptions(epochs=1, seed=seed, **few))
            for name, seed in (("b", 0), ("c", 0), ("d", 1))]
    b, c, d = (contents(tmp_path / name, "final.pt")[0] for name in "bcd")
    assert b == c != d
    with pytest.raises(DiarkitError, match="another training"):
        train(ChangeSet(*data), tmp_path / "d", TrainChangeOptions(epochs=1, **few))
    more = train(ChangeSet(*data), tmp_path / "b", TrainChangeOptions(epochs=2, **few))
    assert len(more) == 2 * len(rows[0]) and [row["seconds"] for row in more[:2]] == [row["seconds"] for row in rows[0]]


def test_nothing_held_out_gives_the_last_weights_and_patience_ends_it(data, tmp_path, monkeypatch):
    opts = TrainChangeOptions(epochs=1, **{**SMALL, "dev_share": 0.0}, min_positive=12)
    rows = train(ChangeSet(*data), tmp_path / "a", opts)
    assert len(rows) > 1 and all(np.isnan(row["dev_loss"]) for row in rows)
    last = torch.load(tmp_path / "a/checkpoint.pt", weights_only=True)["state_dict"]
    final = torch.load(tmp_path / "a/final.pt", weights_only=True)["state_dict"]
    assert all(torch.equal(last[name], final[name]) for name in final)
    found = iter([3.0, 9.0, 8.5, 8.2, 10.0])
    monkeypatch.setattr(training, "evaluate", lambda *_: dict(dev_loss=0, ap=next(found), precision=0, recall=0, f1=0))
    rows = train(ChangeSet(*data), tmp_path / "b", TrainChangeOptions(epochs=9, patience=2, min_positive=12, **SMALL))
    assert [row["ap"] for row in rows] == [3.0, 9.0, 8.5, 8.2]


def test_average_precision_by_hand():
    true, scores = torch.tensor([True, False, True, False]), torch.tensor([0.9, 0.8, 0.7, 0.1])
    assert training.average_precision(true, scores) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(training.average_precision(true & False, scores))


def test_a_kill_at_any_time_changes_nothing(data, tmp_path, environment):
    """Killed with -9 twice, at moments nobody chose, and run again."""
    words = ["train-change-detector.py", "--epochs=1", "--batch-size=16", "--round-windows=16", "--dev-share=0.3",
             "--training-threads=1", "--min-positive=12", *data]

    def run():
        return subprocess.Popen([*words, "killed"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for rows in (1, 3):
        process, metrics = run(), tmp_path / "killed/metrics.csv"
        while process.poll() is None and not (metrics.exists() and metrics.read_text().count("\n") > rows):
            time.sleep(0.003)
        time.sleep(0.01 * rows)
        process.kill()
        assert process.wait() == -signal.SIGKILL, process.stderr.read()
    last = run()
    said = last.communicate()[1]
    assert last.returncode == 0 and "going on after round" in said, said
    opts = TrainChangeOptions(epochs=1, batch_size=16, round_windows=16, dev_share=0.3, training_threads=1,
                              min_positive=12)
    train(ChangeSet(*data), tmp_path / "whole", opts)
    weights = ("final.pt", "best.pt")
    assert contents(tmp_path / "whole", *weights) == contents(tmp_path / "killed", *weights)
    states = [torch.load(tmp_path / out / "checkpoint.pt", weights_only=True) for out in ("whole", "killed")]
    for part in ("state_dict", "optimiser"):
        first, second = (flat(state[part]) for state in states)
        assert first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def flat(tree, name=""):
    """The tensors of nested dictionaries and lists, by their path."""
    if torch.is_tensor(tree):
        return {name: tree}
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {key: value for k, part in pairs for key, value in flat(part, f"{name}/{k}").items()}
