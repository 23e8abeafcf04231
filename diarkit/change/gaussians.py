"""Means and covariances of the two windows beside every candidate boundary, by cumulative sums, in blocks."""

import numpy as np

BLOCK_T = 16384    # frames at a time: bounds the memory
FLOOR_SHARE = 0.01  # of the recording's own variance is added to every variance: short or even sound stays regular
TINY = 1e-4         # and this: where nothing varies, rounding must not look like a difference


def centred(features):
    """Return ((T, D) float32 frames less their mean, (D,) float64 floor of the variances)."""
    mean = features.mean(axis=0, dtype=np.float64)
    x = np.subtract(features, mean.astype(np.float32), dtype=np.float32)
    power = sum(np.einsum("td,td->d", part, part) for part in map(np.float64, _parts(x)))
    return x, FLOOR_SHARE * power / len(x) + TINY


def _parts(x):
    return (x[at:at + BLOCK_T] for at in range(0, len(x), BLOCK_T))


def candidates(frames_t, least_t, hop_t):
    """Return the frame numbers that have least_t frames before them and after them, every hop_t frames."""
    return np.arange(least_t, frames_t - least_t + 1, hop_t)


def beside(x, boundaries, window_t, full):
    """Yield (rows, (n, mean, power) of the windows before, the same after) for slices of the boundaries.

    x: (T, D) float32; boundaries: (B,) ascending frame numbers, each the first frame after a possible change. The
    windows are window_t frames, less where the recording ends. n: (b,), mean: (b, D), power: mean of x x^T, (b, D, D),
    or of x^2, (b, D), unless `full`.
    """
    size = np.searchsorted(boundaries, boundaries[:1] + BLOCK_T)[0] if len(boundaries) else 1
    for at in range(0, len(boundaries), int(size)):
        rows = slice(at, min(at + int(size), len(boundaries)))
        middle = boundaries[rows]
        first, last = np.maximum(middle - window_t, 0), np.minimum(middle + window_t, len(x))
        sums = _cumulative(x[first[0]:last[-1]].astype(np.float64), full)
        first, middle, last = first - first[0], middle - first[0], last - first[0]
        yield rows, _between(sums, first, middle), _between(sums, middle, last)


def _cumulative(x, full):
    power = x[:, :, None] * x[:, None] if full else x * x
    return [np.concatenate((np.zeros((1, *part.shape[1:])), np.cumsum(part, axis=0))) for part in (x, power)]


def _between(sums, start, end):
    n = end - start
    return n, *((part[end] - part[start]) / n.reshape(-1, *[1] * (part.ndim - 1)) for part in sums)


def variance(window, floor):
    """Return (b, D) variances of (n, mean, power of x^2)."""
    return np.maximum(window[2] - window[1] ** 2, 0) + floor


def covariance(window, floor):
    """Return (b, D, D) covariances of (n, mean, power of x x^T)."""
    return window[2] - window[1][..., :, None] * window[1][..., None, :] + np.diag(floor)


def joined(first, second):
    """Return (n, mean, power) of two neighbouring windows as one."""
    n = first[0] + second[0]
    share = np.asarray(first[0] / n)
    return n, *(b + (a - b) * share.reshape(share.shape + (1,) * (np.ndim(a) - share.ndim))
                for a, b in zip(first[1:], second[1:]))
