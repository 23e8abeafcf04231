"""Scores by condition: pooling within a condition, the mean over them, the table, the program."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from diarkit.errors import DiarkitError
from diarkit.scoring.conditions import COLUMNS, as_markdown, as_tsv, by_condition, read_scores
from diarkit.scoring.report import HEADER

CONDITIONS = {"a-0": "dry", "a-1": "dry", "b-0": "noisy"}


def der_tsv(path, ders, found=2):
    """Write a der.tsv with these DERs, all of it missed speech; the second recording has three times the speech."""
    rows = ["\t".join(HEADER)]
    for n, (reco, der) in enumerate(zip([*CONDITIONS, "OVERALL"], [*ders, 0.0])):
        cells = ["full", "0", "scored", reco, der, der, 0.0, 0.0, 300.0 if n == 1 else 100.0, der, 90, 90, 2, found]
        rows.append("\t".join(map(str, cells)))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_condition_weighs_by_speech_and_the_mean_weighs_conditions_alike(tmp_path):
    scores = {"ours": read_scores(der_tsv(tmp_path / "x.tsv", [10.0, 20.0, 40.0]))}
    rows = by_condition(scores, CONDITIONS)
    assert [(row.condition, row.recordings) for row in rows] == [("dry", 2), ("noisy", 1), ("mean", 3)]
    np.testing.assert_allclose([row.der for row in rows], [17.5, 40.0, 28.75])
    np.testing.assert_allclose([row.miss for row in rows], [17.5, 40.0, 28.75])
    np.testing.assert_allclose([row.jer for row in rows], [15.0, 40.0, 27.5])
    assert [row.right for row in rows] == [2, 1, 3]


def test_the_tables_have_every_condition_and_mark_the_best(tmp_path):
    scores = {name: read_scores(der_tsv(tmp_path / f"{name}.tsv", ders, found))
              for name, ders, found in (("one", [10.0, 20.0, 40.0], 2), ("two", [9.0, 9.0, 50.0], 3))}
    rows = by_condition(scores, CONDITIONS)
    table = as_markdown(rows)
    assert [line.split(" | ")[0] for line in table[2:]] == ["| dry", "| noisy", "| mean"]
    assert "17.5 = 17.5 + 0.0 + 0.0, 15.0, 2 of 2 | **9.0** = 9.0 + 0.0 + 0.0, 9.0, 0 of 2" in table[2]
    assert "**40.0** = " in table[3] and "| 50.0 = " in table[3]
    lines = as_tsv(rows)
    assert lines[0].split("\t") == COLUMNS and len(lines) == 7


def test_a_recording_without_a_score_is_named(tmp_path):
    scores = {"ours": read_scores(der_tsv(tmp_path / "x.tsv", [1.0, 2.0, 3.0]))}
    with pytest.raises(DiarkitError, match="ours: no score of c-0"):
        by_condition(scores, {**CONDITIONS, "c-0": "noisy"})
    with pytest.raises(DiarkitError, match="no rows of the protocol fair"):
        read_scores(tmp_path / "x.tsv", "fair")


def test_the_program_writes_tables_and_a_picture(tmp_path, environment):
    (tmp_path / "reco2condition").write_text("".join(f"{a} {b}\n" for a, b in CONDITIONS.items()))
    x, out = der_tsv(tmp_path / "x.tsv", [1.0, 2.0, 3.0]), tmp_path / "out"

    def run(systems):
        return subprocess.run([sys.executable, ROOT / "bin/compare-conditions.py", tmp_path / "reco2condition", systems,
                               out], env=environment, capture_output=True, text=True)

    done = run(f"ours={x},theirs={x}")
    assert done.returncode == 0, done.stderr
    assert (out / "bench.png").read_bytes()[:4] == b"\x89PNG" and "| dry | " in (out / "bench.md").read_text()
    wrong = run(str(x))
    assert wrong.returncode == 2 and "must be `<name>=<der.tsv>`" in wrong.stderr
