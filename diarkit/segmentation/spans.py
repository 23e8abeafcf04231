"""Speech, overlap, change points and counts from the scores of a segmentation."""

import numpy as np

from diarkit.segmentation.changes import change_times
from diarkit.segmentation.grid import frame_edges
from diarkit.vad.smoothing import VadOptions, hysteresis, runs, smooth


def speech_spans(scores, duration_s, opts):
    """Return speech as (S, 2) float64 seconds: sorted, disjoint, whole milliseconds, inside the recording.

    scores: (F, 3) of a Segmentation; opts: SegmentOptions.
    """
    return _spans(hysteresis(scores[:, 0], opts.onset, opts.offset), duration_s, opts)


def overlap_spans(scores, duration_s, opts):
    """Return where at least two speakers talk, as (S, 2) float64 seconds like speech_spans."""
    return _spans(hysteresis(scores[:, 1], opts.overlap_onset, opts.overlap_offset), duration_s, opts)


def changes(scores, duration_s, opts):
    """Return (P,) float64 seconds where the set of active speakers changes."""
    return change_times(scores[:, 2], opts.change_onset, duration_s)


def counted(scores, opts):
    """Return (F,) int64, how many speakers talk in each frame, 0 to 2, by the same thresholds as speech and overlap."""
    speech = hysteresis(scores[:, 0], opts.onset, opts.offset)
    overlap = hysteresis(scores[:, 1], opts.overlap_onset, opts.overlap_offset)
    return speech.astype(np.int64) + (speech & overlap)


def _spans(active, duration_s, opts):
    found = frame_edges(len(active), duration_s)[runs(active)]
    rules = VadOptions(min_silence_s=opts.min_duration_off, min_speech_s=opts.min_duration_on, pad_s=0.0)
    return smooth(found.reshape(-1, 2), rules, duration_s) if len(found) else np.zeros((0, 2))
