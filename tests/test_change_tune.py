"""Tuning of the peaks of a change detector."""

import numpy as np
import pytest

from diarkit.annotation import Turn, write_rttm
from diarkit.change.tune import DISTANCES_S, THRESHOLDS, TunePickOptions, best, counts_of
from diarkit.tables import MatrixWriter


def recording(heights, times_s=(2.0, 4.0, 6.0, 8.0)):
    """Return a curve of 10 s with peaks of these heights, and turns that change at the first two of the times."""
    grid = np.arange(0, 10, 0.02)
    score = sum(h * np.exp(-((grid - t) / 0.05) ** 2) for h, t in zip(heights, times_s))
    edges = [0.0, *times_s[:2], 10.0]
    return np.column_stack([grid, score]), [Turn("r", a, b, s) for a, b, s in zip(edges, edges[1:], "aba")]


def test_the_threshold_parts_true_peaks_from_false_ones():
    curve, turns = recording((0.6, 0.5, 0.3, 0.2))
    threshold, distance_s, f1 = best(counts_of(curve, turns, TunePickOptions()))
    assert 0.3 < threshold <= 0.5 and f1 == 1 and distance_s == DISTANCES_S[0]


def test_counts_are_matches_given_and_wanted():
    curve, turns = recording((0.6, 0.1, 0.3, 0.2))
    row = list(THRESHOLDS).index(0.26)
    assert counts_of(curve, turns, TunePickOptions())[row, 0].tolist() == [1, 2, 2]
    assert counts_of(curve, [], TunePickOptions())[row, 0].tolist() == [0, 2, 0]


@pytest.mark.parametrize("names, status", [({"r"}, 0), ({"other"}, 1)])
def test_the_binary_writes_a_conf_that_the_picker_takes(call, tmp_path, names, status):
    curve, turns = recording((0.6, 0.5, 0.3, 0.2))
    write_rttm(tmp_path / "ref.rttm", turns)
    with MatrixWriter(f"ark:{tmp_path}/curve.ark") as writer:
        for name in names:
            writer.write(name, curve)
    done = call("tune-changes.py", "ark:curve.ark", "ref.rttm", "pick.conf")
    assert done.returncode == status, done.stderr
    if status:
        assert "no speech in any recording" in done.stderr and not (tmp_path / "pick.conf").exists()
        return
    assert "F1 100.0 % within 0.5 s" in (tmp_path / "pick.conf").read_text()
    assert call("pick-changes.py", "--config=pick.conf", "ark:curve.ark", "ark,t:found").returncode == 0
    assert [float(x) for x in (tmp_path / "found").read_text().split()[2:-1]] == [2.0, 4.0]
