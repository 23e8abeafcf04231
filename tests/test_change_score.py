"""Scores of change points: reference changes, matching, purity and coverage, worked by hand and against pyannote."""

import csv

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.segmentation import (
    SegmentationCoverage,
    SegmentationPrecision,
    SegmentationPurity,
    SegmentationRecall,
)

from diarkit.annotation import Turn, write_rttm
from diarkit.change.reference import activity, change_points
from diarkit.change.score import ChangeScoreOptions, count_matches, pool, purity_coverage, score
from diarkit.errors import UsageError
from diarkit.tables import MatrixWriter


def turns(*rows):
    return [Turn("r", float(start_s), float(end_s), speaker) for start_s, end_s, speaker in rows]


# A talks, B follows after a pause, A puts a word in, B goes on, pauses, goes on, C follows without a pause.
TALK = turns((0, 4, "A"), (4.6, 9, "B"), (6, 6.5, "A"), (9.4, 12, "B"), (12, 15, "C"))


@pytest.mark.parametrize("rows, wanted, everything", [
    ([], [], []),
    ([(0, 5, "A")], [], [5]),
    ([(1, 5, "A"), (5, 8, "A")], [], [1, 8]),                           # touching turns of one speaker are one
    ([(0, 5, "A"), (7, 9, "A")], [], [5, 7, 9]),                        # a pause is no change
    ([(0, 5, "A"), (7, 9, "B")], [7], [5, 7, 9]),                       # across it the new voice starts the change
    ([(0, 5, "A"), (4.95, 9, "B")], [5], [4.95, 9]),                    # an overlap of 50 ms is a slip
    ([(0, 5, "A"), (5.05, 9, "B")], [5.05], [5, 9]),                    # so is a gap
    ([(0, 5, "A"), (4.5, 9, "B")], [4.5, 5], [4.5, 5, 9]),              # half a second of both is not
    ([(0, 9, "A"), (3, 4, "B")], [3, 4], [3, 4, 9]),
    ([(0, 3, "A"), (0.1 + 0.2, 3, "B"), (3, 5, "A")], [0.3, 3], [0.3, 3, 5]),
])
def test_changes_of_a_reference(rows, wanted, everything):
    assert change_points(turns(*rows)).tolist() == wanted
    assert change_points(turns(*rows), all_boundaries=True).tolist() == everything
    assert change_points(turns(*rows)).dtype == np.float64


def test_a_whole_talk():
    assert change_points(TALK).tolist() == [4.6, 6, 6.5, 12]
    edges, active = activity(TALK)
    assert edges.tolist() == [0, 4, 4.6, 6, 6.5, 9, 9.4, 12, 15]
    assert active.astype(int).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 1, 0],
                                           [0, 0, 1]]


def test_scores_worked_by_hand():
    changes = np.array([4.2, 6.25, 8.0, 12.1])
    s = score(TALK, changes, [(0, 15)])
    # 0.25 s: 6.25 finds 6 or 6.5 but not both, 12.1 finds 12. 0.5 s: 4.2 finds 4.6 too. 1 s: the same.
    assert (s.ref_changes, s.hyp_changes, s.matches.tolist()) == (4, 4, [2, 3, 3])
    assert s.boundaries(0) == (0.5, 0.5, 0.5) and s.boundaries(1) == (0.75, 0.75, 0.75)
    # B's pause of 0.4 s is filled: 0-4, 4.6-6, 6-6.5, 6.5-12, 12-15 are spoken, 14.4 s; the pause 4-4.6 is nobody's.
    # Segments 0-4.2 4.2-6.25 6.25-8 8-12.1 12.1-15 of it: pure 4 + 1.4 + 1.5 + 4 + 2.9
    # and of the turns 4 + 1.4 + 0.25 + 4 + 2.9 lie in one segment.
    assert s.total_s == pytest.approx(14.4)
    assert s.pure_s == pytest.approx(13.8) and s.covered_s == pytest.approx(12.55)


def test_scores_at_the_ends():
    perfect = score(TALK, change_points(TALK), [(0, 15)])
    assert perfect.purity == perfect.coverage == 1 and perfect.boundaries(0) == (1, 1, 1)
    nothing = score(TALK, np.zeros(0), [(0, 15)])
    assert nothing.coverage == 1 and nothing.purity == pytest.approx((4 + 5.5) / 14.4)  # the pause cuts
    assert nothing.boundaries(2) == (None, 0, 0)
    silent = score([], np.array([3.0]), [(0, 15)])
    assert silent.purity is None and silent.boundaries(0) == (0, None, 0)
    assert score([], np.zeros(0), [(0, 15)]).boundaries(0) == (None, None, None)
    both = pool([perfect, nothing, silent])
    assert (both.ref_changes, both.hyp_changes) == (8, 5) and both.boundaries(0) == (4 / 5, 4 / 8, 8 / 13)


def test_only_the_region_is_scored():
    s = score(TALK, np.array([4.6, 6.0, 12.0, 14.0]), [(5, 7), (11, 13)])
    assert (s.ref_changes, s.hyp_changes, s.matches[0]) == (3, 2, 2)
    assert s.total_s == s.covered_s == pytest.approx(4)
    assert s.pure_s == pytest.approx(1 + 0.5 + 1 + 1)  # of 6-7 half a second is both, half is B


times = st.lists(st.integers(1, 400), max_size=12, unique=True).map(lambda xs: np.sort(np.array(xs, float)) / 10)


def pyannote_counts(wanted, hypothesis, tolerance):
    as_timeline = [Timeline(Segment(a, b) for a, b in zip(np.r_[0, t], np.r_[t, 50])) for t in (wanted, hypothesis)]
    precision = SegmentationPrecision(tolerance=tolerance + 1e-6).compute_components(*as_timeline)
    recall = SegmentationRecall(tolerance=tolerance + 1e-6).compute_components(*as_timeline)
    return precision["number of matches"], recall["number of matches"]


@settings(max_examples=150, deadline=None)
@given(times, times, st.sampled_from([0.25, 0.5, 1.0]))
def test_matches_are_those_of_pyannote_or_more_where_changes_are_crowded(wanted, hypothesis, tolerance):
    found = count_matches(wanted, hypothesis, tolerance)
    assert found <= min(len(wanted), len(hypothesis))
    theirs = pyannote_counts(wanted, hypothesis, tolerance)
    assert theirs[0] == theirs[1] <= found
    if len(wanted) and np.diff(wanted, append=np.inf).min() > 2 * tolerance + 0.01 \
            or len(hypothesis) and np.diff(hypothesis, append=np.inf).min() > 2 * tolerance + 0.01:
        assert found == theirs[0]


def test_the_most_pairs_are_found_where_the_nearest_first_would_lose_one():
    wanted, hypothesis = np.array([1.0, 1.5]), np.array([1.4, 1.9])
    assert count_matches(wanted, hypothesis, 0.45) == 2 and pyannote_counts(wanted, hypothesis, 0.45) == (1, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from("ABC")), max_size=9), times)
def test_purity_and_coverage_are_those_of_pyannote(rows, changes):
    talk = turns(*((start, start + length, who) for start, length, who in rows))
    pure, covered, total = purity_coverage(talk, changes)
    reference = Annotation()
    for number, t in enumerate(talk):
        reference[Segment(t.start_s, t.end_s), number] = t.speaker
    if not talk:
        assert total == 0
        return
    edges = np.unique(np.r_[reference.get_timeline().extent().start, changes, 60.0])
    hypothesis = Timeline(Segment(a, b) for a, b in zip(edges[:-1], edges[1:]))
    assert pure / total == pytest.approx(SegmentationPurity()(reference, hypothesis))
    assert covered / total == pytest.approx(SegmentationCoverage()(reference, hypothesis))


def test_options_check_themselves():
    assert ChangeScoreOptions(tolerances="0.1,2").each_tolerance == (0.1, 2)
    for bad in ("0.1;2", "", "0", "-1"):
        with pytest.raises(UsageError, match="--tolerances"):
            ChangeScoreOptions(tolerances=bad)


@pytest.fixture
def data(tmp_path):
    """A recipe's folder with a reference of two recordings, changes of one of them."""
    for room in ("steps", "utils", "bin", "conf"):
        (tmp_path / room).symlink_to(ROOT / room)
    folder = tmp_path / "data" / "x"
    folder.mkdir(parents=True)
    write_rttm(folder / "ref.rttm", TALK + [Turn("lost", 0.0, 2.0, "A"), Turn("lost", 2.0, 5.0, "B")])
    (folder / "reco2dur").write_text("lost 5\nr 15\n")
    (tmp_path / "found").mkdir()
    with MatrixWriter(f"ark,scp:{tmp_path}/found/changes.ark,{tmp_path}/found/changes.scp") as writer:
        writer.write("r", np.array([4.2, 6.25, 8.0, 12.1]))
    return tmp_path


def test_the_step_counts_a_recording_without_changes_as_missed(data, call):
    done = call("steps/score_changes.sh", "data/x", "found", "exp/score")
    assert done.returncode == 0, done.stderr
    table = list(csv.DictReader((data / "exp/score/changes.tsv").open(), delimiter="\t"))
    assert [row["reco"] for row in table] == ["lost", "r", "TOTAL"]
    lost, _, total = table
    assert lost["recall_1"] == "0.000" and lost["precision_1"] == "nan" and lost["purity"] == "60.000"
    assert (total["ref_changes"], total["hyp_changes"]) == ("5", "4")
    assert float(total["recall_0.5"]) == pytest.approx(60) and float(total["precision_0.5"]) == pytest.approx(75)
    assert float(total["purity"]) == pytest.approx(100 * (13.8 + 3) / 19.4, abs=0.001)
    text = (data / "exp/score/changes.txt").read_text()
    assert "lost: not in scp:found/changes.scp, all its changes are missed" in text and "\nTOTAL" in text
    again = call("steps/score_changes.sh", "data/x", "found", "exp/score")
    assert "up to date" in again.stdout + again.stderr


def test_what_does_not_fit_is_said(data, call):
    with MatrixWriter(f"ark:{data}/strange.ark") as writer:
        writer.write("other", np.array([1.0]))
    done = call("bin/score-changes.py", "data/x/ref.rttm", "data/x/reco2dur", "ark:strange.ark", "out")
    assert done.returncode == 1 and "other" in done.stderr and "Score the files of one set" in done.stderr
    with MatrixWriter(f"ark:{data}/wide.ark") as writer:
        writer.write("r", np.ones((2, 2)))
    done = call("bin/score-changes.py", "data/x/ref.rttm", "data/x/reco2dur", "ark:wide.ark", "out")
    assert done.returncode == 1 and "one vector of seconds" in done.stderr and not (data / "out").exists()
    (data / "only.uem").write_text("r 1 0 5\n")
    done = call("bin/score-changes.py", "--uem=only.uem", "data/x/ref.rttm", "data/x/reco2dur",
                "scp:found/changes.scp", "out")
    assert done.returncode == 0, done.stderr
    assert "not scored, because the UEM does not name them: lost" in (data / "out/changes.txt").read_text()
