"""Differences over time appended to features, as in Kaldi's add-deltas."""

import numpy as np

from diarkit.options import opt, options

BLOCK_T = 20000  # frames worked on at once


@options
class DeltaOptions:
    """Deltas, as in Kaldi's add-deltas."""

    delta_order: int = opt(2, "how often to differentiate: 2 appends deltas and delta-deltas", low=0, high=8)
    delta_window: int = opt(2, "frames on each side that a difference is fitted to", low=1, high=1000)


class Deltas:
    """Append deltas: features (T, D) to (T, D (1 + order)) float32.

    options: DeltaOptions. Frames before the first and after the last repeat the first and the last.
    """

    def __init__(self, options=None):
        self.options = options or DeltaOptions()
        width = self.options.delta_window
        slope = np.arange(-width, width + 1) / sum(2 * k * k for k in range(1, width + 1))
        self._kernels = [np.ones(1)]
        for _ in range(self.options.delta_order):
            self._kernels.append(np.convolve(self._kernels[-1], slope))

    def __call__(self, feats):
        """Return the features (T, D) with their deltas, (T, D (1 + order)) float32."""
        feats = np.asarray(feats)
        return np.concatenate([np.zeros((0, self.dim(feats.shape[1])), np.float32), *self.blocks(feats)])

    def dim(self, columns):
        """Return the number of columns that `columns` become."""
        return columns * (1 + self.options.delta_order)

    def blocks(self, feats):
        """Yield the result in blocks of bounded memory; feats (T, D) may be memory-mapped."""
        assert feats.ndim == 2, feats.shape
        for start in range(0, len(feats), BLOCK_T):
            yield self._part(feats, start, min(start + BLOCK_T, len(feats)))

    def _part(self, feats, start, end):
        reach = len(self._kernels[-1]) // 2
        rows = np.arange(start - reach, end + reach).clip(0, len(feats) - 1)
        near, out = np.asarray(feats[rows[0]:rows[-1] + 1], np.float64)[rows - rows[0]], []
        for kernel in self._kernels:
            side = reach - len(kernel) // 2
            out.append(sum(weight * near[side + k:side + k + end - start] for k, weight in enumerate(kernel) if weight))
        return np.concatenate(out, axis=1).astype(np.float32)
