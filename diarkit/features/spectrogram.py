"""Spectrograms: Kaldi's log power spectrum, or the plain power or magnitude of each frequency."""

import numpy as np

from diarkit.features.spectrum import EPSILON, FrameOptions, SpectralFeature
from diarkit.options import opt, options


@options
class SpectrogramOptions(FrameOptions):
    """Spectrogram, as in Kaldi's compute-spectrogram-feats."""

    kind: str = opt("log-power", "what each frequency gives", choices=("log-power", "power", "magnitude"))
    use_energy: bool = opt(True, "log-power only: the log energy in place of frequency 0, as in Kaldi")

    def check(self):
        super().check()


class Spectrogram(SpectralFeature):
    """Spectrogram: samples (N,) in [-1, 1] to (T, fft // 2 + 1) float32, 257 columns for 25 ms at 16 kHz.

    options: SpectrogramOptions. sample_rate: Hz. `blocks` takes an iterator of samples and gives the same numbers.
    """

    def __init__(self, options=None, sample_rate=16000):
        super().__init__(options or SpectrogramOptions(), sample_rate)
        self.dim = self.fft_n // 2 + 1

    def _from_power(self, power, energy):
        if self.options.kind == "power":
            return power
        if self.options.kind == "magnitude":
            return np.sqrt(power)
        logs = np.log(np.maximum(power, EPSILON))
        if self.options.use_energy:
            logs[:, 0] = energy
        return logs
