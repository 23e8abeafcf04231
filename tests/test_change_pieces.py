"""Speech cut at changes: the published rules, without the faults of the published code."""

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.annotation import read_segments
from diarkit.change.pieces import PieceOptions, split_at_changes
from diarkit.errors import DiarkitError
from diarkit.tables import MatrixWriter
from diarkit.vad.spans import length_s, subtract

SPEECH = [(1, 5), (5.9, 8), (9, 12)]  # pauses of 0.9 s, which is joined, and of 1 s, which is not


def pieces(spans, changes, **options):
    return split_at_changes(spans, changes, PieceOptions(**options))[0].tolist()


def test_speech_is_joined_and_cut():
    cut, runs = split_at_changes(SPEECH, [3, 5.5, 10])
    assert runs.tolist() == [[1, 8], [9, 12]]
    assert cut.tolist() == [[1, 2.99], [3, 5.49], [5.5, 8], [9, 9.99], [10, 12]]


@pytest.mark.parametrize("changes, wanted", [
    ([], [[1, 8], [9, 12]]),                                               # no change, no cut: both runs are there
    ([3], [[1, 2.99], [3, 8], [9, 12]]),                                   # an odd number of boundaries
    ([3, 4], [[1, 2.99], [3, 3.99], [4, 8], [9, 12]]),
    ([10], [[1, 8], [9, 9.99], [10, 12]]),                                 # the last change of the last run cuts
    ([11.8], [[1, 8], [9, 11.79], [11.8, 12]]),                            # a last piece of just 0.2 s
    ([11.801], [[1, 8], [9, 12]]),                                         # a shorter one is merged back
    ([11.7, 11.9, 11.95], [[1, 8], [9, 11.69], [11.7, 12]]),               # however many there are
    ([0.5, 8.5, 13, 99], [[1, 8], [9, 12]]),                               # changes outside speech
    ([1, 8, 9, 12], [[1, 8], [9, 12]]),                                    # and on its edges
    ([1.005, 1.01], [[1, 8], [9, 12]]),                                    # nothing would be left before the gap
    ([1.011], [[1, 1.001], [1.011, 8], [9, 12]]),
    ([4, 3, 4], [[1, 2.99], [3, 3.99], [4, 8], [9, 12]]),                  # in any order, twice
    ([3, 3.004, 3.02], [[1, 2.99], [3, 3.01], [3.02, 8], [9, 12]]),
])
def test_where_changes_cut(changes, wanted):
    assert pieces(SPEECH, changes) == wanted


def test_options():
    assert pieces(SPEECH, [3], join_s=0, gap_s=0) == [[1, 3], [3, 5], [5.9, 8], [9, 12]]
    assert pieces(SPEECH, [11.9], min_last_s=0) == [[1, 8], [9, 11.89], [11.9, 12]]
    assert pieces(SPEECH, [1.3, 1.6, 3], min_piece_s=0.5, gap_s=0) == [[1, 1.6], [1.6, 3], [3, 8], [9, 12]]
    assert pieces(SPEECH, [5, 8.5], join_s=2) == [[1, 4.99], [5, 8.49], [8.5, 12]]


def test_little_or_no_speech():
    for empty in ([], np.zeros((0, 0)), np.zeros((0, 2))):
        cut, runs = split_at_changes(empty, [1, 2])
        assert cut.shape == runs.shape == (0, 2)
    assert pieces([(0, 0.05)], [0.02]) == [[0, 0.05]]
    assert pieces([(0, 0.0004)], []) == []
    assert pieces([(2.9, 4), (0, 1), (0.5, 2)], []) == [[0, 4]] and pieces([(3, 4), (0, 2)], []) == [[0, 2], [3, 4]]
    with pytest.raises(DiarkitError, match="two columns"):
        split_at_changes([1.0, 2.0, 3.0], [])


spans = st.lists(st.tuples(st.integers(0, 60000), st.integers(1, 9000)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(spans, st.lists(st.integers(0, 70000), max_size=30), st.sampled_from([0.0, 0.01, 0.1]),
       st.sampled_from([0.0, 0.2, 0.7]), st.sampled_from([0.0, 1.0]))
def test_nothing_is_lost_but_the_gaps(rows, changes, gap_s, least_s, join_s):
    speech = [(a / 1000, (a + n) / 1000) for a, n in rows]
    options = PieceOptions(gap_s=gap_s, min_piece_s=least_s, join_s=join_s)
    cut, runs = split_at_changes(speech, np.array(changes) / 1000, options)
    assert length_s(subtract(speech, runs)) < 1e-9 and length_s(subtract(cut, runs)) < 1e-9
    assert (cut[:, 1] > cut[:, 0]).all() and (cut[1:, 0] >= cut[:-1, 1]).all()
    assert length_s(runs) - length_s(cut) == pytest.approx((len(cut) - len(runs)) * gap_s, abs=1e-6)
    inner = ~np.isin(cut[:, 1], runs[:, 1])
    assert (cut[inner, 1] - cut[inner, 0] >= least_s - 1e-6).all()
    assert set(cut[:, 0]) <= set(runs[:, 0]) | set(np.array(changes) / 1000)


@pytest.fixture
def recipe(tmp_path):
    """A recipe's folder with the speech and the changes of three recordings, one of them silent."""
    for room in ("steps", "utils", "bin", "conf"):
        (tmp_path / room).symlink_to(ROOT / room)
    tables = {"speech/vad": {"a": SPEECH, "b": [(0, 2)], "quiet": []}, "found/changes": {"a": [3, 5.5, 10], "b": [],
                                                                                       "quiet": []}}
    for name, table in tables.items():
        (tmp_path / name).parent.mkdir()
        with MatrixWriter(f"ark,scp:{tmp_path}/{name}.ark,{tmp_path}/{name}.scp") as writer:
            for reco, values in table.items():
                writer.write(reco, np.array(values, np.float64))
    return tmp_path


def test_the_step_writes_pieces_and_runs(recipe, call):
    done = call("steps/split_at_changes.sh", "speech", "found", "exp/pieces")
    assert done.returncode == 0, done.stderr
    cut = read_segments(recipe / "exp/pieces/subsegments")
    assert [(s.start_s, s.end_s) for s in cut["a"]] == [(1, 2.99), (3, 5.49), (5.5, 8), (9, 9.99), (10, 12)]
    assert list(cut) == ["a", "b"] and cut["b"][0].id == "b-00000000-00002000"
    assert [s.end_s for s in read_segments(recipe / "exp/pieces/segments")["a"]] == [8, 12]
    again = call("steps/split_at_changes.sh", "speech", "found", "exp/pieces")
    assert "up to date" in again.stdout + again.stderr


def test_recordings_that_do_not_fit_are_named(recipe, call):
    with MatrixWriter(f"ark:{recipe}/few.ark") as writer:
        writer.write("a", np.array([3.0]))
    for pair, lost in ((("scp:speech/vad.scp", "ark:few.ark"), "ark:few.ark: 2 of 3"),
                       (("ark:few.ark", "scp:found/changes.scp"), "ark:few.ark: 2 of 3")):
        done = call("bin/split-at-changes.py", *pair, "out")
        assert done.returncode == 1 and lost in done.stderr and "b, quiet" in done.stderr
        assert not (recipe / "out").exists()
