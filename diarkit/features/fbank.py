"""Kaldi's log mel filterbank energies."""

import numpy as np

from diarkit.features.filters import FilterBank, kaldi_filters
from diarkit.features.spectrum import EPSILON, FrameOptions, SpectralFeature
from diarkit.options import opt, options


@options
class FbankOptions(FrameOptions):
    """Mel filterbank, as in Kaldi's compute-fbank-feats."""

    num_mel_bins: int = opt(23, "number of mel bins", low=1)
    low_freq: float = opt(20.0, "lowest frequency of the bins, Hz", low=0)
    high_freq: float = opt(0.0, "highest frequency, Hz; 0 or less counts from half the sample rate")
    use_log_fbank: bool = opt(True, "logarithm of the bins")
    use_power: bool = opt(True, "bins of the power spectrum; false: of the magnitude")
    use_energy: bool = opt(False, "add the log energy as one more column")
    htk_compat: bool = opt(False, "the energy is the last column, not the first")

    def check(self):
        super().check()


class Fbank(SpectralFeature):
    """Log mel filterbank: samples (N,) in [-1, 1] to (T, dim) float32, within 1e-3 of Kaldi's.

    options: FbankOptions. sample_rate: Hz. `blocks` takes an iterator of samples and gives the same numbers.
    """

    def __init__(self, options=None, sample_rate=16000):
        super().__init__(options or FbankOptions(), sample_rate)
        o = self.options
        self._bank = FilterBank(kaldi_filters(o.num_mel_bins, self.fft_n, sample_rate, o.low_freq, o.high_freq))
        self.dim = o.num_mel_bins + o.use_energy

    def _from_power(self, power, energy):
        o = self.options
        mel = self._bank(power if o.use_power else np.sqrt(power, out=power))
        if o.use_log_fbank:
            np.log(np.maximum(mel, EPSILON, out=mel), out=mel)
        if not o.use_energy:
            return mel
        return np.column_stack([mel, energy] if o.htk_compat else [energy, mel])
