"""From a curve of scores to the times of changes: the published way of taking peaks, and one with a least distance."""

import numpy as np
from scipy.signal import find_peaks

from diarkit.change.grid import FRAME_S
from diarkit.errors import DiarkitError
from diarkit.options import opt, options


@options
class PickOptions:
    """Peaks of a curve."""

    method: str = opt("threshold", "published: the highest point of a window that grows until it holds one above the "
                      "threshold; threshold: all local peaks that reach it", choices=("published", "threshold"))
    threshold: float = opt(0.5, "least score of a change")
    min_distance_s: float = opt(0.5, "threshold: changes are this far apart, of nearer ones the highest stays", low=0)
    window_s: float = opt(200 * FRAME_S, "published: the window, and by how much it grows, seconds", above=0)
    skip_s: float = opt(50 * FRAME_S, "published: the next window starts this long after a change, seconds", above=0)


def pick(curve, opts=None):
    """Return (C,) float64 ascending seconds of the changes of a curve (T, 2), columns seconds and score.

    Raises DiarkitError for a curve of another form, whose times do not ascend, or that holds NaN.
    """
    opts = opts or PickOptions()
    curve = np.asarray(curve, np.float64)
    if not curve.size:
        return np.zeros(0)
    if curve.ndim != 2 or curve.shape[1] != 2:
        raise DiarkitError(f"a curve of shape {curve.shape}, expected (frames, 2): seconds and score")
    times, scores = curve.T
    if np.isnan(curve).any() or (np.diff(times) <= 0).any():
        raise DiarkitError("a curve whose times do not ascend or that holds NaN")
    found = (_published if opts.method == "published" else _threshold)(times, scores, opts)
    return times[found]


def _frame_s(times):
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0


def _threshold(times, scores, opts):
    """Greedy by height; the first and the last frame count as peaks where they are higher than their neighbour."""
    padded = np.pad(scores, 1, constant_values=-np.inf)
    distance_t = max(np.ceil(opts.min_distance_s / _frame_s(times) - 1e-6), 1)
    return find_peaks(padded, height=opts.threshold, distance=distance_t)[0] - 1


def _published(times, scores, opts):
    """A window of window_s grows by window_s until a score in it exceeds the threshold; its highest frame is a change;
    the next window starts skip_s after that. What follows the last score above the threshold holds no change."""
    half_s, above, found, start = _frame_s(times) / 2, np.flatnonzero(scores > opts.threshold), [], 0
    while (at := np.searchsorted(above, start)) < len(above):
        since_s = times[above[at]] - times[start] + half_s
        windows = np.ceil(since_s / opts.window_s)
        end = np.searchsorted(times, times[start] + windows * opts.window_s - half_s)
        found.append(start + int(scores[start:end].argmax()))
        start = max(np.searchsorted(times, times[found[-1]] + opts.skip_s - half_s), found[-1] + 1)
    return np.array(found, int)
