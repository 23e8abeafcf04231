"""Which feature frames belong to a window: from seconds to frame numbers, and long windows into pieces."""

import numpy as np

from diarkit.errors import DiarkitError

EDGE_S = 0.05  # features of whole frames end up to a frame before the audio: a window there is not yet past the end


def frame_spans(windows, total_t, shift_s, least_t):
    """Return (starts (N,), lengths (N,)) in frames of windows (N, 2) in seconds.

    Frame t stands for [t, t + 1) * shift_s. Equal durations get equal lengths, wherever they start. What lies past
    the last frame is cut off. A window shorter than least_t is widened to both sides, within the recording where that
    is long enough; else its length exceeds total_t, and the caller repeats the frames.
    Raises DiarkitError for a window that is empty or lies wholly past the end.
    """
    windows = np.asarray(windows, np.float64).reshape(-1, 2)
    _check(windows, total_t * shift_s)
    starts = np.minimum(np.round(windows[:, 0] / shift_s).astype(np.int64), total_t - 1)
    lengths = np.maximum(np.round((windows[:, 1] - windows[:, 0]) / shift_s).astype(np.int64), 1)
    lengths = np.minimum(lengths, total_t - starts)
    missing = np.maximum(least_t - lengths, 0)
    lengths = lengths + missing
    return np.clip(starts - missing // 2, 0, np.maximum(total_t - lengths, 0)), lengths


def _check(windows, duration_s):
    good = np.isfinite(windows).all(1) & (windows[:, 0] >= 0) & (windows[:, 0] < windows[:, 1])
    if not good.all():
        start_s, end_s = windows[~good][0]
        raise DiarkitError(f"a window from {start_s:g} s to {end_s:g} s. Make 0 <= start < end")
    past = windows[:, 0] >= duration_s + EDGE_S
    if past.any():
        start_s, end_s = windows[past][0]
        raise DiarkitError(f"{past.sum()} of {len(windows)} windows lie past the end of the features, the first from "
                           f"{start_s:g} s to {end_s:g} s where the features end at {duration_s:g} s. Make the windows "
                           "and the features from the same recordings")


def pieces(starts, lengths, most_t):
    """Cut spans longer than most_t frames into equal pieces (to a frame); the others are one piece each.

    Returns (owner, starts, lengths), each (M,): piece i is a part of span owner[i].
    """
    counts = -(-lengths // most_t)
    owner = np.repeat(np.arange(len(lengths)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins, ends = (lengths[owner] * p // counts[owner] for p in (place, place + 1))
    return owner, starts[owner] + begins, ends - begins


def batches(lengths, most_frames):
    """Yield arrays of span numbers of one length each, of at most most_frames frames together (or one span)."""
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        size = max(1, most_frames // int(length))
        yield from (same[at:at + size] for at in range(0, len(same), size))
