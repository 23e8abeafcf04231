"""Triangular filters on the mel scale, Kaldi's, Slaney's and even ones, and their fast product with a spectrum."""

import numpy as np

from diarkit.errors import UsageError

GROUP = 16  # neighbouring filters multiplied at once; each group sees only the bins it covers


def kaldi_mel(freq):
    """Return mel(f) = 1127 ln(1 + f / 700) of frequencies in Hz."""
    return 1127.0 * np.log1p(np.asarray(freq, np.float64) / 700.0)


def kaldi_filters(count, fft_n, sample_rate, low_freq, high_freq):
    """Return (fft_n // 2 + 1, count) float32 triangles, straight on the mel axis; the Nyquist bin is left out.

    high_freq: at 0 or below it counts from half the sample rate, as in Kaldi.
    Raises UsageError when the band is empty or a filter would see no bin.
    """
    half = sample_rate / 2
    top = high_freq if high_freq > 0 else half + high_freq
    if not 0 <= low_freq < top <= half:
        raise UsageError(f"--low-freq {low_freq:g} and --high-freq {high_freq:g} ({top:g} Hz) must be "
                         f"0 <= low < high <= {half:g}, half the sample rate")
    low, high = kaldi_mel(low_freq), kaldi_mel(top)
    edges = np.linspace(low, high, count + 2)
    mel = kaldi_mel(np.arange(fft_n // 2) * sample_rate / fft_n)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    filters = np.minimum((mel - left) / (centre - left), (right - mel) / (right - centre)).clip(0)
    empty = np.flatnonzero(~filters.any(axis=0))
    if len(empty):
        raise UsageError(f"{count} mel bins are too many for an FFT of {fft_n} at {sample_rate} Hz: bin {empty[0]} "
                         "is empty. Use fewer bins or longer frames")
    return np.concatenate([filters, np.zeros((fft_n // 2 + 1 - len(filters), count))]).astype(np.float32)


def slaney_mel(freq):
    """Return Slaney's mel (Auditory Toolbox, 1998): 3 f / 200 below 1000 Hz, then 27 steps for each factor 6.4."""
    freq = np.asarray(freq, np.float64)
    return np.where(freq < 1000, 3 * freq / 200, 15 + 27 * np.log(np.maximum(freq, 1000) / 1000) / np.log(6.4))


def slaney_hz(mel):
    """Return the frequency in Hz of Slaney's mel."""
    mel = np.asarray(mel, np.float64)
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def slaney_filters(count, fft_n, sample_rate, low_freq, high_freq):
    """Return (fft_n // 2 + 1, count) float32 triangles, straight on the frequency axis, each of area 1 Hz."""
    edges = slaney_hz(np.linspace(slaney_mel(low_freq), slaney_mel(high_freq), count + 2))
    freq = np.arange(fft_n // 2 + 1)[:, None] * sample_rate / fft_n
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    filters = np.minimum((freq - left) / (centre - left), (right - freq) / (right - centre)).clip(0)
    return (filters * 2 / (right - left)).astype(np.float32)


def even_filters(count, fft_n, sample_rate, low_freq, high_freq):
    """Return (fft_n // 2 + 1, count) float32 triangles of height 1, straight on the frequency axis.

    Centres are even on Kaldi's mel scale; both sides of a triangle are as wide as the step to the centre below it.
    Source: SpeechBrain's Filterbank, which its public networks were trained with.
    """
    edges = 700 * np.expm1(np.linspace(kaldi_mel(low_freq), kaldi_mel(high_freq), count + 2) / 1127)
    freq = np.arange(fft_n // 2 + 1)[:, None] * sample_rate / fft_n
    centre, width = edges[1:-1], np.diff(edges)[:-1]
    return (1 - np.abs(freq - centre) / width).clip(0).astype(np.float32)


class FilterBank:
    """The product of spectra with narrow filters, in groups that skip the zeros.

    filters: (bins, D) float32. Called with (T, bins) it returns (T, D).
    """

    def __init__(self, filters):
        self.dim, self._groups = filters.shape[1], []
        for start in range(0, self.dim, GROUP):
            part = filters[:, start:start + GROUP]
            used = np.flatnonzero(part.any(axis=1))
            first, last = (used[0], used[-1] + 1) if len(used) else (0, 1)
            self._groups.append((start, first, last, np.ascontiguousarray(part[first:last])))

    def __call__(self, spectrum):
        out = np.empty((len(spectrum), self.dim), np.float32)
        for start, first, last, part in self._groups:
            np.matmul(spectrum[:, first:last], part, out=out[:, start:start + part.shape[1]])
        return out
