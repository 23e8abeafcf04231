"""Window labels to turns, in the library and through bin/labels-to-rttm.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarkit.annotation import make_segment, read_rttm, write_segments
from diarkit.errors import DiarkitError, UsageError
from diarkit.tables import MatrixWriter
from diarkit.turns import TurnOptions, as_turns, labels_to_turns, speaker_name, talk_time


def turns(windows, labels, duration_s=1000.0, **options):
    return labels_to_turns(windows, labels, duration_s, TurnOptions(**options))


def test_the_speaker_changes_in_the_middle_of_the_overlap():
    assert turns([(0, 1.5), (0.75, 2.25), (1.5, 3)], [0, 0, 1]) == [(0, 1.875, 0), (1.875, 3, 1)]
    assert turns([(0, 1.5), (1.2, 1.6)], [0, 1]) == [(0, pytest.approx(1.35), 0), (pytest.approx(1.35), 1.6, 1)]


def test_windows_that_overlap_many_deep_each_own_the_middle_of_themselves():
    windows = [(s, s + 1.5) for s in np.arange(0, 4, 0.25)]
    found = turns(windows, [0] * 6 + [1] + [0] * 9)
    middle = windows[6][0] + 0.75
    assert found == [(0, middle - 0.125, 0), (middle - 0.125, middle + 0.125, 1), (middle + 0.125, 5.25, 0)]


def test_one_speaker_is_one_turn_across_windows_that_touch_but_not_across_silence():
    assert turns([(0, 1), (1, 2), (2.5, 3)], [4, 4, 4]) == [(0, 2, 4), (2.5, 3, 4)]
    assert turns([(0.1 + 0.2, 1), (1 + 1e-12, 2)], [0, 0]) == [(0.1 + 0.2, 2, 0)]


def test_join_closes_gaps_of_one_speaker_only_where_nobody_else_speaks():
    windows = [(0, 1), (1.4, 2), (2.4, 3), (3.4, 4)]
    assert turns(windows, [0, 0, 1, 0], join_s=0.5) == [(0, 2, 0), (2.4, 3, 1), (3.4, 4, 0)]
    assert turns(windows, [0, 0, 1, 0], join_s=0.3) == [(0, 1, 0), (1.4, 2, 0), (2.4, 3, 1), (3.4, 4, 0)]


def test_short_turns_are_kept_unless_told_otherwise():
    windows, labels = [(0, 2), (2, 2.3), (2.3, 6), (8, 8.2)], [0, 1, 2, 1]
    assert turns(windows, labels) == [(0, 2, 0), (2, 2.3, 1), (2.3, 6, 2), (8, 8.2, 1)]
    # the longer neighbour takes it; the one that touches nobody stays
    assert turns(windows, labels, min_duration_s=0.5) == [(0, 2, 0), (2, 6, 2), (8, 8.2, 1)]
    assert turns([(0, 1), (1, 1.2), (1.2, 2)], [0, 1, 0], min_duration_s=0.5) == [(0, 2, 0)]
    assert turns([(0, 0.1), (0.1, 0.2), (0.2, 0.4)], [0, 1, 2], min_duration_s=0.3) == [(0, 0.4, 2)]


def test_no_turn_runs_past_the_end_of_the_file():
    assert turns([(0, 1), (1, 2.5)], [0, 1], 2.0) == [(0, 1, 0), (1, 2, 1)]
    assert turns([(0, 1), (2, 2.5)], [0, 1], 2.0) == [(0, 1, 0)]
    assert turns([(0, 3)], [0], 2.0006) == [(0, 2.0, 0)]  # an RTTM would round 2.0006 up to 2.001
    assert turns([(0, 3)], [0], 2.001) == [(0, 2.001, 0)]


def test_no_windows_no_turns():
    assert turns(np.zeros((0, 2)), np.zeros(0)) == []
    assert turns(np.zeros((0, 0)), np.zeros((0, 0)), min_duration_s=1) == []


def test_windows_need_no_order_and_one_within_another_loses_nothing():
    assert turns([(2, 3), (0, 1)], [1, 0]) == [(0, 1, 0), (2, 3, 1)]
    assert turns([(0, 10), (2, 3)], [0, 1]) == [(0, 2.25, 0), (2.25, 2.75, 1), (2.75, 10, 0)]


@pytest.mark.parametrize("windows, labels, words", [
    ([(0, 1)], [0, 1], "1 windows but 2 labels"),
    ([(0, 1), (2, 2)], [0, 0], r"window \[1\].*start < end"),
    ([(0, np.nan)], [0], "start < end"),
    ([(0, 1)], [0.5], "whole numbers"),
    ([(0, 1)], [-1], "whole numbers"),
    ([(0, 1)], [np.nan], "whole numbers"),
])
def test_bad_windows_and_labels(windows, labels, words):
    with pytest.raises(DiarkitError, match=words):
        turns(windows, labels)


WINDOWS = st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 3000), st.integers(0, 3)), max_size=30)


@given(items=WINDOWS, join_ms=st.sampled_from([0, 200]), least_ms=st.sampled_from([0, 300]))
def test_any_windows_are_tiled_in_order_and_every_covered_moment_has_one_speaker(items, join_ms, least_ms):
    windows = [(a / 1000, (a + d) / 1000) for a, d, _ in items]
    found = turns(windows, [k for _, _, k in items], 9.5, join_s=join_ms / 1000, min_duration_s=least_ms / 1000)
    assert all(0 <= a < b <= 9.5 for a, b, _ in found)
    assert all(one[1] <= two[0] + 1e-9 for one, two in zip(found, found[1:]))
    for one, two in zip(found, found[1:]):
        assert one[2] != two[2] or two[0] - one[1] > join_ms / 1000
    assert {k for _, _, k in found} <= {k for _, _, k in items}
    if not join_ms:
        assert sum(b - a for a, b, _ in found) == pytest.approx(covered(windows, 9.5), abs=1e-6)


def covered(windows, end_s):
    total, reached = 0.0, 0.0
    for a, b in sorted(windows):
        total += max(0.0, min(b, end_s) - max(a, reached))
        reached = max(reached, min(b, end_s))
    return total


def test_the_order_of_the_windows_does_not_matter():
    rng = np.random.default_rng(3)
    starts = np.cumsum(rng.uniform(0.2, 1.2, 300))
    windows, labels = np.column_stack((starts, starts + 1.5)), rng.integers(0, 4, 300)
    mixed = rng.permutation(300)
    assert turns(windows, labels) == turns(windows[mixed], labels[mixed])


def test_names_and_seconds():
    found = as_turns("r", [(0, 1, 0), (1, 4, 11), (4, 5, 0)])
    assert [t.speaker for t in found] == ["SPEAKER_00", "SPEAKER_11", "SPEAKER_00"]
    assert speaker_name(123) == "SPEAKER_123"
    assert list(talk_time(found).items()) == [("SPEAKER_11", 3), ("SPEAKER_00", 2)]


def test_options_are_checked():
    with pytest.raises(UsageError, match="--join-s must be at least 0"):
        TurnOptions(join_s=-1)


@pytest.fixture
def set_of_three(tmp_path):
    """Windows and labels of two recordings with speech and one without, written as the pipeline writes them."""
    reco = "वार्ता-1"
    windows = {reco: [(0, 1.5), (0.75, 2.25), (5, 6)], "b": [(0, 1)]}
    write_segments(tmp_path / "subsegments", [make_segment(r, a, b) for r, spans in windows.items() for a, b in spans])
    (tmp_path / "reco2dur").write_text(f"{reco} 5.5\nb 1\nsilent 3\n", encoding="utf-8")
    with MatrixWriter(f"ark,scp:{tmp_path}/labels.ark,{tmp_path}/labels.scp") as writer:
        for key, labels in ((reco, [0, 1, 0]), ("b", [0]), ("silent", [])):
            writer.write(key, np.array(labels, np.float32))
    return reco


def test_labels_to_rttm(set_of_three, call, tmp_path):
    done = call("labels-to-rttm.py", "subsegments", "scp:labels.scp", "reco2dur", "hyp.rttm", "talk_time")
    assert done.returncode == 0, done.stderr
    found = read_rttm(tmp_path / "hyp.rttm")
    assert set(found) == {set_of_three, "b"}
    assert [t[1:4] for t in found[set_of_three]] == [(0, 1.125, "SPEAKER_00"), (1.125, 2.25, "SPEAKER_01"),
                                                    (5.0, 5.5, "SPEAKER_00")]
    assert (tmp_path / "talk_time").read_text(encoding="utf-8").splitlines() == [
        "b SPEAKER_00 1.000", f"{set_of_three} SPEAKER_00 1.625", f"{set_of_three} SPEAKER_01 1.125"]


def test_a_bad_recording_costs_only_itself_and_is_named(set_of_three, call, tmp_path):
    (tmp_path / "reco2dur").write_text(f"{set_of_three} 5.5\nsilent 3\n", encoding="utf-8")
    done = call("labels-to-rttm.py", "subsegments", "scp:labels.scp", "reco2dur", "hyp.rttm")
    assert done.returncode == 1 and "b: not in reco2dur" in done.stderr
    assert list(read_rttm(tmp_path / "hyp.rttm")) == [set_of_three]


def test_speech_without_labels_is_an_error_not_silence(set_of_three, call, tmp_path):
    lines = (tmp_path / "labels.scp").read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.startswith("b "))
    (tmp_path / "labels.scp").write_text(kept, encoding="utf-8")
    done = call("labels-to-rttm.py", "subsegments", "scp:labels.scp", "reco2dur", "hyp.rttm")
    assert done.returncode == 1 and "no labels for 1 recordings with speech: b" in done.stderr
    assert not (tmp_path / "hyp.rttm").exists()
