"""Sliding windows over speech segments: what gets one embedding each."""

import numpy as np

from diarkit.annotation import make_segment
from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.vad.spans import as_spans


@options
class WindowOptions:
    """Windows"""

    window_s: float = opt(1.5, "length of a window, seconds; 0: whole segments", low=0)
    hop_s: float = opt(0.75, "from the start of one window to the start of the next, seconds", above=0)
    min_length_s: float = opt(0.0, "leave out speech segments shorter than this, seconds", low=0)

    def check(self):
        if 0 < self.window_s < self.hop_s:
            raise UsageError(f"--hop-s {self.hop_s:g} must not exceed --window-s {self.window_s:g}: "
                             "speech would lie in no window")
        if min(self.hop_s, self.window_s or 1) < 0.001:
            raise UsageError("--hop-s and --window-s must be at least a millisecond, or --window-s 0")


def sliding_windows(spans, opts=None):
    """Return the windows of speech segments as (N, 2) float64 seconds, in time order, in whole milliseconds.

    spans: (S, 2) [start_s, end_s]. A segment up to the window's length is one window. In a longer one windows start
    every hop_s, and the last is moved back to end where the segment ends: no tail is lost and no window is shorter.
    """
    opts = opts or WindowOptions()
    spans_ms = np.round(as_spans(spans) * 1000).astype(np.int64)
    lengths = spans_ms[:, 1] - spans_ms[:, 0]
    keep = (lengths > 0) & (lengths >= round(opts.min_length_s * 1000))
    spans_ms, lengths = spans_ms[keep], lengths[keep]
    window = round(opts.window_s * 1000) or max(lengths, default=0)
    hop = round(opts.hop_s * 1000)
    counts = -(-np.maximum(lengths - window, 0) // hop) + 1
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)  # 0, 1, ... in each segment
    start, end = (np.repeat(column, counts) for column in spans_ms.T)
    start = np.minimum(start + steps * hop, np.maximum(end - window, start))
    windows = np.column_stack([start, np.minimum(start + window, end)])
    return np.unique(windows, axis=0) / 1000  # in order; segments that overlap may share a window


def make_subsegments(segments, opts=None):
    """Yield the windows of {reco: [Segment]} as Segments, recording by recording, in time order."""
    for reco, parts in segments.items():
        for start_s, end_s in sliding_windows([(p.start_s, p.end_s) for p in parts], opts):
            yield make_segment(reco, float(start_s), float(end_s))


def middle(duration_s, length_s=None):
    """Return (start_s, end_s) of the middle length_s seconds of duration_s; all of it where that is shorter or None."""
    if length_s is None or length_s >= duration_s:
        return 0.0, duration_s
    return (duration_s - length_s) / 2, (duration_s + length_s) / 2
