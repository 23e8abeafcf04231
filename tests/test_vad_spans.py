"""Spans, smoothing and framing: what must hold for any decisions, checked against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarkit.errors import DiarkitError
from diarkit.vad import VadOptions
from diarkit.vad.framing import frame_blocks
from diarkit.vad.smoothing import hysteresis, join, runs, smooth
from diarkit.vad.spans import as_spans, intersect, length_s, subtract, union
from diarkit.vad.webrtc import ring_runs

times = st.integers(0, 60).map(lambda n: n / 4)
groups = st.lists(st.tuples(times, times).map(sorted), max_size=8)
GRID = np.arange(0.125, 16, 0.25)  # the middles between all times that can occur


def on_grid(spans):
    return np.array([any(a < t < b for a, b in spans) for t in GRID])


def assert_sorted_and_disjoint(spans):
    assert spans.dtype == np.float64 and spans.shape == (len(spans), 2)
    assert (spans[:, 1] > spans[:, 0]).all() and (spans[1:, 0] > spans[:-1, 1]).all()


@given(groups, groups)
def test_set_operations_agree_with_every_moment_of_a_grid(a, b):
    in_a, in_b = on_grid(a), on_grid(b)
    for made, wanted in ((union(a, b), in_a | in_b), (intersect(a, b), in_a & in_b), (subtract(a, b), in_a & ~in_b)):
        assert_sorted_and_disjoint(made)
        assert (on_grid(made) == wanted).all()
        assert length_s(made) == pytest.approx(wanted.sum() * 0.25)


@given(groups, st.sampled_from([0, 0.25, 0.5, 1]), st.sampled_from([0, 0.5, 1]), st.sampled_from([0, 0.3, 2]),
       st.sampled_from([0.0004, 0.05, 3.3337, 15]), st.none() | groups)
def test_smoothed_speech_is_sorted_disjoint_and_inside(spans, silence_s, speech_s, pad_s, duration_s, within):
    opts = VadOptions(min_silence_s=silence_s, min_speech_s=speech_s, pad_s=pad_s)
    made = smooth(spans, opts, duration_s, within)
    assert_sorted_and_disjoint(made)
    assert not len(made) or (made[0, 0] >= 0 and made[-1, 1] <= duration_s)
    assert (made == np.round(made, 3)).all()
    if within is not None:
        assert length_s(subtract(made, within)) < 1e-9


def test_pauses_are_joined_before_short_speech_is_dropped_and_the_rest_is_padded():
    spans = [[1.0, 1.1], [1.3, 1.4], [3.0, 3.1], [5, 6], [6.3, 7]]
    opts = VadOptions(min_silence_s=0.3, min_speech_s=0.2, pad_s=0.05)
    assert smooth(spans, opts, 7).tolist() == [[0.95, 1.45], [4.95, 6.05], [6.25, 7.0]]


def test_touching_and_overlapping_spans_become_one_and_join_keeps_a_pause_of_just_the_length():
    assert union([[2, 3], [0, 1], [1, 2]]).tolist() == [[0, 3]]
    assert join([[0, 0.1], [0.4, 0.5]], 0.3).tolist() == [[0, 0.1], [0.4, 0.5]]
    assert join([[0, 0.1], [0.39, 0.5]], 0.3).tolist() == [[0, 0.5]]


@pytest.mark.parametrize("bad", [[1, 2], [[1, 2, 3]], [[2, 1]], [[0, np.nan]]])
def test_what_is_no_span_is_refused(bad):
    with pytest.raises(DiarkitError):
        as_spans(bad)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.3, 0.4, 0.5, 0.9]), max_size=40))
def test_hysteresis_agrees_with_a_loop(scores):
    state, wanted = False, []
    for score in scores:
        state = score >= 0.5 if not state else score >= 0.3
        wanted.append(state)
    assert hysteresis(np.array(scores), 0.5, 0.3).tolist() == wanted


@given(st.lists(st.booleans(), max_size=60), st.integers(2, 12), st.sampled_from([0.5, 0.75, 0.9]))
def test_the_ring_agrees_with_a_loop_over_frames(active, ring_t, share):
    ring, start, wanted = [], None, []
    for t, voiced in enumerate(active):
        ring = (ring + [voiced])[-ring_t:]
        if start is None and sum(ring) > share * ring_t:
            start, ring = t + 1 - len(ring), []
        elif start is not None and len(ring) - sum(ring) > share * ring_t:
            wanted.append([start, t + 1])
            start, ring = None, []
    wanted += [] if start is None else [[start, len(active)]]
    assert ring_runs(np.array(active, bool), ring_t, share).tolist() == wanted


@given(st.lists(st.booleans(), max_size=30))
def test_runs_cover_just_the_true_frames(active):
    covered = np.zeros(len(active), bool)
    for first, end in runs(np.array(active, bool)):
        covered[first:end] = True
    assert covered.tolist() == active


@given(st.integers(0, 400), st.integers(1, 90), st.booleans())
def test_frames_do_not_depend_on_the_blocks(total_n, block_n, mirror):
    samples, window_n, hop_n, lead_n = np.arange(1, total_n + 1, dtype=np.float32), 25, 10, 7
    blocks = [samples[i:i + block_n] for i in range(0, total_n, block_n)]
    made = [f.copy() for f in frame_blocks(blocks, window_n, hop_n, lead_n, mirror)]
    whole = [f.copy() for f in frame_blocks([samples], window_n, hop_n, lead_n, mirror)]
    assert sum(map(len, made)) == -(-total_n // hop_n)
    if total_n:
        assert (np.concatenate(made) == np.concatenate(whole)).all()
        padded = np.pad(samples, (lead_n, window_n))
        at = np.arange(len(np.concatenate(made)))[:, None] * hop_n + np.arange(window_n)
        inside = (at >= lead_n) & (at < lead_n + total_n)
        assert (np.concatenate(made)[inside] == padded[np.minimum(at, len(padded) - 1)][inside]).all()
        assert mirror or not np.concatenate(made)[~inside].any()
