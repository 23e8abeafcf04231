"""Cepstral mean and variance normalisation, per recording and over a sliding window, as in Kaldi."""

import numpy as np

from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options

BLOCK_T = 20000  # frames worked on at once
VARIANCE_FLOOR = 1e-20, 1e-10  # Kaldi's, per recording and in a window


@options
class CmvnOptions:
    """Mean and variance normalisation, as in Kaldi's apply-cmvn and apply-cmvn-sliding."""

    norm_means: bool = opt(True, "subtract the mean")
    norm_vars: bool = opt(False, "divide by the standard deviation")
    cmn_window: int = opt(0, "sliding window in frames; 0 is the whole recording", low=0)
    min_cmn_window: int = opt(100, "not centred: frames looked at from the start", low=1)
    center: bool = opt(False, "true: the window lies around its frame; false: it ends with it")

    def check(self):
        if self.norm_vars and not self.norm_means:
            raise UsageError("--norm-vars=true needs --norm-means=true")


def cmvn_stats(feats):
    """Return Kaldi's statistics (2, D + 1) float64 of features (T, D): sums and T, then sums of squares and 0."""
    assert feats.ndim == 2, feats.shape
    stats = np.zeros((2, feats.shape[1] + 1))
    for start in range(0, len(feats), BLOCK_T):
        part = np.asarray(feats[start:start + BLOCK_T], np.float64)
        stats[0, :-1] += part.sum(axis=0)
        stats[1, :-1] += np.einsum("td,td->d", part, part)
    stats[0, -1] = len(feats)
    return stats


class Cmvn:
    """Normalise features (T, D) to (T, D) float32.

    options: CmvnOptions. Statistics of elsewhere may be given to each call; they go with cmn_window 0.
    """

    def __init__(self, options=None):
        self.options = options or CmvnOptions()

    def __call__(self, feats, stats=None):
        """Return the normalised features (T, D) float32; stats: (2, D + 1) as from cmvn_stats, None for their own."""
        feats = np.asarray(feats)
        return np.concatenate([np.zeros((0, feats.shape[1]), np.float32), *self.blocks(feats, stats)])

    def blocks(self, feats, stats=None):
        """Yield the result in blocks of bounded memory; feats (T, D) may be memory-mapped."""
        assert feats.ndim == 2, feats.shape
        if not len(feats):
            return iter(())
        if self.options.cmn_window and self.options.norm_means and stats is None:
            parts = (self._sliding(feats, a, min(a + BLOCK_T, len(feats))) for a in range(0, len(feats), BLOCK_T))
        else:
            parts = self._whole(feats, cmvn_stats(feats) if stats is None else stats)
        return (part.astype(np.float32) for part in parts)

    def _whole(self, feats, stats):
        if stats.shape != (2, feats.shape[1] + 1):
            raise DiarkitError(f"statistics of {stats.shape[1] - 1} columns for features of {feats.shape[1]}")
        count, o = stats[0, -1], self.options
        if count <= 0:
            raise DiarkitError("statistics of no frames")
        mean = stats[0, :-1] / count
        scale = np.maximum(stats[1, :-1] / count - mean ** 2, VARIANCE_FLOOR[0]) ** -0.5 if o.norm_vars else 1.0
        shift = mean if o.norm_means else 0.0
        for start in range(0, len(feats), BLOCK_T):
            yield (feats[start:start + BLOCK_T] - shift) * scale

    def _windows(self, frames, total):
        """Return (first, end) of the window of each frame, Kaldi's sliding-window-cmn rules."""
        o = self.options
        first = frames - o.cmn_window // 2 if o.center else frames - o.cmn_window
        end = first + o.cmn_window if o.center else frames + 1
        end, first = np.where(first < 0, end - first, end), np.maximum(first, 0)
        if not o.center:
            end = np.where(end > frames, np.maximum(frames + 1, o.min_cmn_window), end)
        over = np.maximum(end - total, 0)
        return np.maximum(first - over, 0), end - over

    def _sliding(self, feats, start, stop):
        first, end = self._windows(np.arange(start, stop), len(feats))
        base, count = first.min(), (end - first)[:, None]
        near = np.asarray(feats[base:max(end.max(), stop)], np.float64)
        near = near - near.mean(axis=0)  # sums of small numbers cancel less

        def window_mean(x):
            sums = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
            return (sums[end - base] - sums[first - base]) / count

        mean = window_mean(near)
        out = near[start - base:stop - base] - mean
        if not self.options.norm_vars:
            return out
        return out * np.maximum(window_mean(near ** 2) - mean ** 2, VARIANCE_FLOOR[1]) ** -0.5
