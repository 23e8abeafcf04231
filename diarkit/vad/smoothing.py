"""From frame decisions to speech segments: hysteresis, joining, dropping, padding, clipping, for all methods alike."""

import math

import numpy as np

from diarkit.options import opt, options
from diarkit.vad.spans import as_spans, intersect, union

TINY_S = 1e-9  # two times nearer than this are one time


@options
class VadOptions:
    """Speech activity: the method, and what makes segments of its decisions (in this order)."""

    method: str = opt("silero", "how speech is found", choices=("webrtc", "energy", "silero", "oracle"))
    min_silence_s: float = opt(0.3, "join speech across pauses shorter than this, seconds", low=0)
    min_speech_s: float = opt(0.1, "then drop speech shorter than this, seconds", low=0)
    pad_s: float = opt(0.1, "then make what is left longer by this at both ends, seconds", low=0)


def hysteresis(scores, onset, offset):
    """Return (T,) bool: speech begins at a score of at least `onset` and ends at one below `offset`.

    scores: (T,) numbers, one per frame; offset <= onset. Before the first such frame there is no speech.
    """
    assert scores.ndim == 1 and offset <= onset, (scores.shape, onset, offset)
    marks = np.where(scores >= onset, 1, np.where(scores < offset, -1, 0))
    last = np.maximum.accumulate(np.where(marks != 0, np.arange(len(marks)), -1))  # the last frame that decides
    return (last >= 0) & (marks[last] > 0)


def runs(active):
    """Return the runs of True in (T,) bool as (R, 2) frame numbers, [first, one past the last]."""
    assert active.ndim == 1 and active.dtype == bool, (active.shape, active.dtype)
    edges = np.diff(active.astype(np.int8), prepend=0, append=0)
    return np.column_stack([np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)])


def smooth(spans, opts, duration_s, within=None):
    """Return speech as (S, 2) float64 seconds: sorted, disjoint, in whole milliseconds, inside the recording.

    spans: (R, 2) seconds, in any order; duration_s: of the recording; within: (W, 2) seconds that speech is
    confined to, None for the whole recording. Pauses shorter than opts.min_silence_s are joined, then speech
    shorter than opts.min_speech_s is dropped, then opts.pad_s is added at both ends.
    """
    limits = np.array([[0.0, math.floor(duration_s * 1000 + 1e-6) / 1000]])
    if within is not None:
        limits = intersect(limits, within)
    spans = join(intersect(spans, limits), opts.min_silence_s)
    spans = spans[spans[:, 1] - spans[:, 0] >= opts.min_speech_s - TINY_S]
    padded = union(spans + np.array([-opts.pad_s, opts.pad_s])) if opts.pad_s else spans
    rounded = np.round(intersect(padded, limits), 3)
    return union(rounded[rounded[:, 1] > rounded[:, 0]])


def join(spans, min_silence_s):
    """Return sorted, disjoint spans with every pause shorter than min_silence_s filled."""
    spans = as_spans(spans)
    if not len(spans):
        return spans
    breaks = np.flatnonzero(spans[1:, 0] - spans[:-1, 1] >= min_silence_s - TINY_S)
    return np.column_stack([spans[np.append(0, breaks + 1), 0], spans[np.append(breaks, len(spans) - 1), 1]])
