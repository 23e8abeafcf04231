"""Frames, classes, averages, counts and turns of the local segmentation, worked by hand and against the reference."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarkit.annotation import Turn
from diarkit.errors import DiarkitError, UsageError
from diarkit.segmentation import OverlappingTurnOptions, SegmentOptions, oracle, reconstruct, speaker_count
from diarkit.segmentation.aggregate import average, frame_weights
from diarkit.segmentation.changes import change_times, change_votes
from diarkit.segmentation.grid import FRAME_S, FRAMES, first_frames, frame_count, frame_edges, window_count
from diarkit.segmentation.powerset import MEMBERS, to_classes, to_multilabel
from diarkit.segmentation.reconstruct import most_active
from diarkit.segmentation.spans import overlap_spans, speech_spans

RNG = np.random.default_rng(3)


def edges(*frames):
    """Return where global frames begin, in whole milliseconds, as spans have it."""
    return [float(np.round(0.0225 + f * FRAME_S, 3)) for f in frames]


def blank(windows):
    return np.zeros((windows, FRAMES, 3), bool)


@pytest.mark.parametrize("seconds, hop_s, windows", [
    (0.05, 2.5, 1), (9.99, 1, 1), (10, 1, 1), (10.001, 1, 2), (11, 1, 2), (12.4, 2.5, 2), (12.6, 2.5, 3), (30, 5, 5)])
def test_windows_cover_all_audio_and_no_window_is_idle(seconds, hop_s, windows):
    assert window_count(round(seconds * 16000), hop_s) == windows


def test_frames_lie_within_half_a_frame_of_where_their_window_has_them():
    first = first_frames(5000, 2.5)
    assert np.abs(first * FRAME_S - np.arange(5000) * 2.5).max() <= FRAME_S / 2 + 1e-6


@given(st.floats(0.01, 50), st.sampled_from([1.0, 2.5, 5.0, 10.0]))
def test_edges_ascend_from_zero_to_the_end(duration_s, hop_s):
    frames = frame_count(window_count(round(duration_s * 16000), hop_s), hop_s, duration_s)
    edges = frame_edges(frames, duration_s)
    assert len(edges) == frames + 1 and edges[0] == 0 and edges[-1] == duration_s
    assert (np.diff(edges) > 0).all() or frames == 1


def test_classes_are_none_singles_then_pairs():
    assert to_multilabel(np.arange(7)).astype(int).tolist() == [
        [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]]
    classes = RNG.integers(0, 7, (4, 589))
    assert (to_classes(to_multilabel(classes.astype(np.float32))) == classes).all()
    assert to_classes(np.ones((1, 3), bool)) == 4 and to_classes(MEMBERS).tolist() == list(range(7))


@pytest.mark.parametrize("bad", [-1, 7, 2.5])
def test_what_is_no_class_is_refused(bad):
    with pytest.raises(ValueError, match="from 0 to 6"):
        to_multilabel(np.array([[bad]]))


def test_an_average_is_over_the_windows_that_cover_a_frame():
    values = np.zeros((2, FRAMES))
    values[0], values[1] = 1, 3
    mean = average(values, 5.0, 15.0)
    second = first_frames(2, 5.0)[1]
    assert second == 296 and len(mean) == frame_count(2, 5.0, 15.0) == 885
    assert (mean[:second] == 1).all() and (mean[second:FRAMES] == 2).all() and (mean[FRAMES:] == 3).all()


def test_a_trimmed_frame_counts_only_where_it_is_alone():
    weights = frame_weights(False, 0.1)
    assert (weights[:59] == weights[-59:]).all() and weights[59] == 1 and weights[58] < 0.01
    values = np.zeros((2, FRAMES))
    values[1] = 1
    mean = average(values, 5.0, 15.0, weights)
    assert mean[300] < 0.01 and mean[450] == 0.5 and mean[580] > 0.99 and mean[10] == 0 and mean[880] == 1


def test_weights_fall_from_the_middle_to_the_ends():
    weights = frame_weights()
    assert weights[294] == 1 and (weights == weights[::-1]).all() and (np.diff(weights[:295]) > 0).all()
    assert weights[0] == pytest.approx(1 / 295)


def test_the_count_is_the_rounded_mean_and_halves_go_down():
    active = blank(3)
    active[0, :, 0] = active[1, :, 1] = active[1, :, 2] = True
    count = speaker_count(active, 2.5, 15.0)
    second, third = first_frames(3, 2.5)[1:]
    assert (count[:second] == 1).all() and (count[second:third] == 1).all()  # 1, then (1 + 2) / 2
    assert (count[third:FRAMES] == 1).all() and (count[FRAMES:second + FRAMES] == 1).all()  # 3 / 3, then 2 / 2
    assert (count[second + FRAMES:] == 0).all()


def test_turns_of_a_hand_worked_recording():
    """Two windows of 12.5 s; cluster 7 is local speaker 1, then 2; cluster 2 talks over it from second 8 on."""
    active, first = blank(2), first_frames(2, 2.5)[1]
    active[0, 100:, 0] = active[0, 400:, 2] = True
    active[1, :-first, 1] = active[1, 400 - first:500 - first, 0] = True
    labels = np.array([[7, -1, 2], [2, 7, -1]])
    turns = reconstruct(active, labels, 2.5, 12.5)
    edge = edges(100, 400, 500)
    assert [t[2] for t in turns] == [7, 2] and turns[0][:2] == (edge[0], pytest.approx(9.962, abs=0.001))
    assert turns[1][:2] == (edge[1], edge[2])  # then the second window sees one alone, and is nearer


def test_two_local_speakers_of_one_cluster_are_one_voice():
    active = blank(1)
    active[0, 50:100, 0] = active[0, 80:200, 1] = True
    turns = reconstruct(active, np.array([[4, 4, -1]]), 2.5, 10.0)
    assert turns == [(*edges(50, 200), 4)]


def test_given_counts_are_obeyed_and_must_fit():
    active = blank(1)
    active[0, :, 0] = active[0, 100:300, 1] = True
    labels, count = np.array([[0, 1, -1]]), np.zeros(FRAMES, int)
    count[50:150] = 1
    assert reconstruct(active, labels, 2.5, 10.0, count=count) == [(*edges(50, 150), 0)]
    count[120:150] = 2
    found = reconstruct(active, labels, 2.5, 10.0, count=count[:-1])  # one frame may be lost by rounding a duration
    assert found == [(*edges(50, 150), 0), (*edges(120, 150), 1)]
    with pytest.raises(DiarkitError, match="counts of 500 frames"):
        reconstruct(active, labels, 2.5, 10.0, count=count[:500])


def test_one_speaker_at_a_time_and_a_cap():
    active = blank(1)
    active[0, :, 0] = active[0, 100:300, 1] = active[0, 200:300, 2] = True
    labels = np.array([[0, 1, 2]])
    alone = reconstruct(active, labels, 2.5, 10.0, OverlappingTurnOptions(overlap=False))
    assert alone == [(0.0, 10.0, 0)]  # equally active: who talks longest stays
    capped = reconstruct(active, labels, 2.5, 10.0, OverlappingTurnOptions(max_overlap=2))
    assert {t[2] for t in capped} == {0, 1} and len(reconstruct(active, labels, 2.5, 10.0)) == 3


def test_gaps_are_filled_before_short_turns_are_dropped():
    active = blank(1)
    for start, stop in ((10, 20), (24, 34), (300, 305)):
        active[0, start:stop, 0] = True
    rules = OverlappingTurnOptions(min_duration_off=0.1, min_duration_on=0.2)
    turns = reconstruct(active, np.array([[0, -1, -1]]), 2.5, 10.0, rules)
    assert turns == [(*edges(10, 34), 0)]


@pytest.mark.parametrize("seconds", [0.05, 9.3, 10.0, 10.01, 31.7])
@pytest.mark.parametrize("hop_s", [1.0, 2.5, 5.0])
def test_a_perfect_segmentation_gives_the_reference_back(seconds, hop_s):
    turns = [Turn("r", a, min(b, seconds), s) for a, b, s in
             [(0.0, 4.0, "A"), (3.2, 6.1, "B"), (8.0, 12.4, "A"), (13.0, 25.0, "C"), (20.0, 31.7, "B")] if a < seconds]
    speakers = oracle.speakers_of(turns)
    active, labels = oracle.ideal_windows(turns, speakers, window_count(round(seconds * 16000), hop_s), hop_s)
    found = reconstruct(active, labels, hop_s, seconds)
    wanted = sorted((t.start_s, t.end_s, speakers.index(t.speaker)) for t in turns)
    assert [t[2] for t in found] == [t[2] for t in wanted]
    slack = 1.5 * FRAME_S + 0.03  # the first and the last 40 ms of a recording lie outside the frames' centres
    np.testing.assert_allclose([t[:2] for t in found], [t[:2] for t in wanted], atol=slack)
    assert (oracle.assign(active, turns, speakers, hop_s)[labels >= 0] == labels[labels >= 0]).all()


def test_silence_gives_no_turns():
    assert reconstruct(blank(4), np.full((4, 3), -1), 2.5, 17.5) == []
    assert reconstruct(blank(1), np.zeros((1, 3)), 2.5, 0.05) == []


def test_many_clusters_over_hours_are_worked_in_blocks(monkeypatch):
    windows, hop_s = 300, 2.5
    active = to_multilabel(np.repeat(RNG.integers(0, 7, (windows, 19)), 31, axis=1))
    labels = np.argsort(RNG.random((windows, 50)), axis=1)[:, :3]
    whole = reconstruct(active, labels, hop_s, 755.0)
    monkeypatch.setattr(sys.modules[most_active.__module__], "BLOCK_T", 1000)
    assert reconstruct(active, labels, hop_s, 755.0) == whole
    assert len({t[2] for t in whole}) > 40
    assert all(0 <= a < b <= 755.0 for a, b, _ in whole)


def test_the_most_active_win_and_the_silent_never_do():
    activity = np.array([[3, 1, 0], [0, 0, 0], [1, 2, 3], [0, 5, 0]], np.float32)
    chosen = most_active(activity, np.array([2, 2, 1, 3]), np.array([1, 2, 3]))
    assert chosen.astype(int).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("labels", [np.zeros((3, 3)), np.full((2, 3), 0.5), np.full((2, 3), -2)])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(DiarkitError, match="labels"):
        reconstruct(blank(2), labels, 2.5, 12.5)


def test_speech_overlap_and_changes_from_scores():
    scores = np.zeros((592, 3), np.float32)
    scores[100:200, 0], scores[120:140, 1], scores[150:160, 1], scores[198:203, 2] = 0.9, 0.6, 0.45, 0.7
    scores[200:220, 0] = 0.4
    opts = SegmentOptions(offset=0.3, overlap_onset=0.4, overlap_offset=0.4, min_duration_off=0.2)
    edge = edges(100, 220, 120, 160)
    assert speech_spans(scores, 10.0, opts).tolist() == [edge[:2]]
    assert overlap_spans(scores, 10.0, opts).tolist() == [edge[2:]]
    np.testing.assert_allclose(change_times(scores[:, 2], 0.5, 10.0), [0.0225 + 200.5 * FRAME_S], atol=0.001)
    assert speech_spans(np.zeros((3, 3)), 0.05, SegmentOptions()).shape == (0, 2)


def test_a_change_is_where_most_windows_see_one_nearby():
    classes = np.ones((3, FRAMES), np.int8)
    first = first_frames(3, 2.5)
    for w, late in ((0, 0), (1, 3)):
        classes[w, 400 + late - first[w]:] = 2
    classes[2, 400 - first[2] - 60:] = 5  # a second earlier: the two others outvote it
    times = change_times(change_votes(classes, 2.5, 15.0), 0.5, 15.0)
    assert len(times) == 1 and abs(times[0] - (401.5 * FRAME_S + 0.0225)) < 0.1


@pytest.mark.parametrize("bad", [dict(hop_s=0.0), dict(hop_s=10.5), dict(hop_s=0.001), dict(offset=0.7),
                                 dict(overlap_offset=0.6), dict(trim=0.5), dict(engine="caffe"), dict(batch=0)])
def test_options_that_cannot_be_are_refused(bad):
    with pytest.raises(UsageError):
        SegmentOptions(**bad)
