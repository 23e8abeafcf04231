"""Kaldi's windowed power spectrum: the first half of fbank, MFCC and spectrogram.

Source: Povey et al. 2011, "The Kaldi speech recognition toolkit", and the feature extraction page of its manual.
"""

import math

import numpy as np
import scipy.fft

from diarkit.errors import UsageError
from diarkit.features.frames import BATCH_T, Feature, Framing
from diarkit.options import opt, options

EPSILON = np.float32(np.finfo(np.float32).eps)  # the floor under every logarithm, as in Kaldi
WINDOWS = ("povey", "hamming", "hanning", "rectangular", "blackman", "sine")


@options
class FrameOptions:
    """Frames, as in Kaldi."""

    frame_length: float = opt(25.0, "frame length, ms", above=0)
    frame_shift: float = opt(10.0, "frame shift, ms; at most the length", above=0)
    window_type: str = opt("povey", "window", choices=WINDOWS)
    blackman_coeff: float = opt(0.42, "constant of the blackman window")
    preemphasis_coefficient: float = opt(0.97, "p in x[n] - p x[n-1]", low=0, high=1)
    remove_dc_offset: bool = opt(True, "subtract each frame's mean")
    snip_edges: bool = opt(True, "true: whole frames only; false: frame t is centred at (t + 0.5) shift")
    round_to_power_of_two: bool = opt(True, "FFT of the next power of two")
    dither: float = opt(0.0, "standard deviation of added noise, in the unit of the scaled samples; 0 (Kaldi: 1) "
                             "gives the same features each time", low=0)
    dither_seed: int = opt(0, "seed of that noise", low=0)
    sample_scale: float = opt(1.0, "samples are multiplied by this: 1 for [-1, 1], 32768 for Kaldi's 16-bit scale",
                              above=0)
    raw_energy: bool = opt(True, "energy before preemphasis and window")
    energy_floor: float = opt(0.0, "floor under the energy; 0 is none", low=0)

    def check(self):
        if self.frame_shift > self.frame_length:
            raise UsageError(f"--frame-shift {self.frame_shift} ms is longer than --frame-length {self.frame_length}")


def window_function(kind, length_n, blackman_coeff=0.42):
    """Return one of Kaldi's windows as (length_n,) float64; all are symmetric, povey is hanning^0.85."""
    a = 2 * math.pi / max(length_n - 1, 1)
    n = np.arange(length_n, dtype=np.float64)
    if kind == "povey":
        window = (0.5 - 0.5 * np.cos(a * n)) ** 0.85
    elif kind == "hanning":
        window = 0.5 - 0.5 * np.cos(a * n)
    elif kind == "hamming":
        window = 0.54 - 0.46 * np.cos(a * n)
    elif kind == "sine":
        window = np.sin(0.5 * a * n)
    elif kind == "blackman":
        window = blackman_coeff - 0.5 * np.cos(a * n) + (0.5 - blackman_coeff) * np.cos(2 * a * n)
    else:
        window = np.ones(length_n)
    return window


class SpectralFeature(Feature):
    """A feature of Kaldi's kind: frames to power spectrum here, the rest in `_from_power` of each subclass."""

    def __init__(self, options, sample_rate=16000):
        self.options, self.sample_rate = options, sample_rate
        length_n = int(sample_rate * 0.001 * options.frame_length)
        shift_n = int(sample_rate * 0.001 * options.frame_shift)
        if length_n < 2 or shift_n < 1:
            raise UsageError(f"a frame of {options.frame_length} ms every {options.frame_shift} ms has too few "
                             f"samples at {sample_rate} Hz")
        self.framing = Framing(length_n, shift_n, "snip" if options.snip_edges else "mirror")
        self.fft_n = 1 << (length_n - 1).bit_length() if options.round_to_power_of_two else length_n
        self._window = window_function(options.window_type, length_n, options.blackman_coeff)

    def _batches(self, batches):
        work = np.zeros((BATCH_T, self.fft_n))  # always whole batches: one shape, one result per frame
        noise = np.random.default_rng(self.options.dither_seed)
        for signal, n in batches:
            power, energy = self._spectrum(signal, n, work, noise)
            yield self._from_power(power, energy)[:n]

    def _spectrum(self, signal, n, work, noise):
        """Return the power spectrum (BATCH_T, fft_n // 2 + 1) and log energy (BATCH_T,); rows from n on are idle.

        In float64: next to a loud low frequency, 100 dB up, float32 would move a quiet bin's log by 0.002.
        """
        o, x = self.options, work[:, :self.framing.length_n]
        np.multiply(self.framing.view(signal, n), o.sample_scale, out=x[:n])
        if o.dither:
            x += o.dither * noise.standard_normal(x.shape, np.float32)
        if o.remove_dc_offset:
            x -= x.mean(axis=1, keepdims=True)
        energy = self._log_energy(x) if o.raw_energy else None
        if o.preemphasis_coefficient:
            x[:, 1:] -= o.preemphasis_coefficient * x[:, :-1]
            x[:, 0] *= 1 - o.preemphasis_coefficient
        x *= self._window
        if energy is None:
            energy = self._log_energy(x)
        parts = scipy.fft.rfft(work, axis=1).view(np.float64)
        parts *= parts
        return np.add(parts[:, ::2], parts[:, 1::2], dtype=np.float32, casting="same_kind"), energy

    def _log_energy(self, x):
        """Return log of each row's energy, floored."""
        floor = max(self.options.energy_floor, EPSILON)
        return np.log(np.maximum(np.einsum("tn,tn->t", x, x), floor)).astype(np.float32)
