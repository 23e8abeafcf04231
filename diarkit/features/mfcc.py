"""Kaldi's mel frequency cepstral coefficients."""

import numpy as np

from diarkit.errors import UsageError
from diarkit.features.filters import FilterBank, kaldi_filters
from diarkit.features.spectrum import EPSILON, FrameOptions, SpectralFeature
from diarkit.options import opt, options


@options
class MfccOptions(FrameOptions):
    """MFCC, as in Kaldi's compute-mfcc-feats."""

    num_mel_bins: int = opt(23, "number of mel bins", low=1)
    low_freq: float = opt(20.0, "lowest frequency of the bins, Hz", low=0)
    high_freq: float = opt(0.0, "highest frequency, Hz; 0 or less counts from half the sample rate")
    num_ceps: int = opt(13, "number of coefficients, the 0th counted", low=1)
    cepstral_lifter: float = opt(22.0, "strength of the liftering; 0 is none", low=0)
    use_energy: bool = opt(True, "the log energy in place of the 0th coefficient")
    htk_compat: bool = opt(False, "energy or 0th coefficient last; the latter times the square root of 2")

    def check(self):
        super().check()
        if self.num_ceps > self.num_mel_bins:
            raise UsageError(f"--num-ceps {self.num_ceps} is more than --num-mel-bins {self.num_mel_bins}")


def dct_matrix(bins, ceps):
    """Return the orthonormal DCT-II (bins, ceps) float32."""
    k, n = np.arange(ceps), np.arange(bins)[:, None] + 0.5
    matrix = np.sqrt(2 / bins) * np.cos(np.pi / bins * n * k)
    matrix[:, 0] = np.sqrt(1 / bins)
    return matrix.astype(np.float32)


def lifter(ceps, strength):
    """Return the HTK lifter 1 + Q/2 sin(pi i / Q) as (ceps,) float32; ones where Q = strength is 0."""
    if strength == 0:
        return np.ones(ceps, np.float32)
    return (1 + 0.5 * strength * np.sin(np.pi * np.arange(ceps) / strength)).astype(np.float32)


class Mfcc(SpectralFeature):
    """MFCC: samples (N,) in [-1, 1] to (T, num_ceps) float32, within 1e-3 of Kaldi's.

    options: MfccOptions. sample_rate: Hz. `blocks` takes an iterator of samples and gives the same numbers.
    """

    def __init__(self, options=None, sample_rate=16000):
        super().__init__(options or MfccOptions(), sample_rate)
        o = self.options
        self._bank = FilterBank(kaldi_filters(o.num_mel_bins, self.fft_n, sample_rate, o.low_freq, o.high_freq))
        self._cosines = dct_matrix(o.num_mel_bins, o.num_ceps) * lifter(o.num_ceps, o.cepstral_lifter)
        self.dim = o.num_ceps

    def _from_power(self, power, energy):
        o, mel = self.options, self._bank(power)
        ceps = np.log(np.maximum(mel, EPSILON, out=mel), out=mel) @ self._cosines
        if o.use_energy:
            ceps[:, 0] = energy
        if not o.htk_compat:
            return ceps
        if not o.use_energy:
            ceps[:, 0] *= np.float32(np.sqrt(2))
        return np.roll(ceps, -1, axis=1)
