"""Frames over a stream of audio blocks, the same whatever the size of the blocks."""

import numpy as np

from diarkit.audio import AudioOptions

BLOCK_S = 30.0  # what is held in memory at once: about 2 MB at 16 kHz


def frame_blocks(blocks, window_n, hop_n, lead_n=0, mirror=False):
    """Yield (K, window_n) float32 views of frames; frame t holds samples t*hop_n - lead_n + [0, window_n).

    blocks: float32 (n,) arrays that follow each other; N samples together give ceil(N / hop_n) frames.
    What lies before the first and after the last sample is zero, or the recording mirrored (Kaldi's
    snip-edges=false, where lead_n = (window_n - hop_n) / 2).
    """
    assert 0 < hop_n <= window_n and 0 <= lead_n <= window_n - hop_n, (window_n, hop_n, lead_n)
    edge = {"mode": "symmetric" if mirror else "constant"}
    held, started, total_n, done = np.zeros(0, np.float32), False, 0, 0
    for block in blocks:
        assert block.ndim == 1, block.shape
        held, total_n = np.concatenate([held, block]), total_n + len(block)
        if not started and len(held) >= max(lead_n, 1):
            held, started = np.pad(held, (lead_n, 0), **edge), True
        whole = (len(held) - window_n) // hop_n + 1
        if started and whole > 0:
            yield _windows(held, window_n, hop_n, whole)
            held, done = held[whole * hop_n:].copy(), done + whole
    rest = -(-total_n // hop_n) - done
    if rest > 0:
        held = held if started else np.pad(held, (lead_n, 0), **edge)
        held = np.pad(held, (0, max((rest - 1) * hop_n + window_n - len(held), 0)), **edge)
        yield _windows(held, window_n, hop_n, rest)


def _windows(samples, window_n, hop_n, count):
    return np.lib.stride_tricks.sliding_window_view(samples, window_n)[::hop_n][:count]


class Samples:
    """An array in memory that is read like an audio.AudioFile."""

    def __init__(self, samples, sample_rate):
        """samples: (N,) float32 in [-1, 1] at sample_rate Hz."""
        assert samples.ndim == 1, samples.shape
        self._samples, self.options = samples.astype(np.float32, copy=False), AudioOptions(sample_rate=sample_rate)
        self.duration_s = len(samples) / sample_rate

    def blocks(self, block_s=BLOCK_S):
        """Yield float32 (n,) blocks of block_s seconds."""
        step = max(round(block_s * self.options.sample_rate), 1)
        return (self._samples[i:i + step] for i in range(0, len(self._samples), step))
