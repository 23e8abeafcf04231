"""Mel power spectrogram of librosa's kind, as the GE2E speaker encoder takes it: centred frames, no logarithm.

Source: Slaney 1998, "Auditory Toolbox" (filters); the parameters are those of Resemblyzer 0.1.4.
"""

import numpy as np
import scipy.fft

from diarkit.errors import UsageError
from diarkit.features.filters import FilterBank, slaney_filters
from diarkit.features.frames import Feature, Framing
from diarkit.options import opt, options


@options
class MelOptions:
    """Mel power spectrogram of librosa's kind."""

    num_mel_bins: int = opt(40, "number of mel bins", low=1)
    frame_length: float = opt(25.0, "frame and FFT length, ms", above=0)
    frame_shift: float = opt(10.0, "frame shift, ms", above=0)
    low_freq: float = opt(0.0, "lowest frequency of the bins, Hz", low=0)
    high_freq: float = opt(0.0, "highest frequency, Hz; 0 is half the sample rate", low=0)
    padding: str = opt("constant", "before and after the recording: zeros, or the signal reflected",
                       choices=("constant", "reflect"))
    target_dbfs: float | None = opt(None, "raise a quieter recording to this level; none leaves it", high=0)


class Mel(Feature):
    """Mel power spectrogram: samples (N,) in [-1, 1] to (T, num_mel_bins) float32, T = 1 + N // shift.

    options: MelOptions (target_dbfs is up to the caller, see gain_to). sample_rate: Hz.
    """

    def __init__(self, options=None, sample_rate=16000):
        self.options, self.sample_rate = o, rate = options or MelOptions(), sample_rate
        self.fft_n, shift_n = int(rate * o.frame_length / 1000), int(rate * o.frame_shift / 1000)
        top = o.high_freq or rate / 2
        if not o.low_freq < top <= rate / 2 or min(self.fft_n, shift_n) < 1:
            raise UsageError(f"the band {o.low_freq:g} to {top:g} Hz in frames of {self.fft_n} samples every "
                             f"{shift_n} is not possible at {rate} Hz")
        self.framing = Framing(self.fft_n, shift_n, o.padding)
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.fft_n) / self.fft_n)
        self._bank = FilterBank(slaney_filters(o.num_mel_bins, self.fft_n, rate, o.low_freq, top))
        self.dim = o.num_mel_bins

    def _batches(self, batches):
        work = np.zeros((self.framing.batch_t, self.fft_n))  # whole batches: one shape, one result per frame
        for signal, n in batches:
            np.multiply(self.framing.view(signal, n), self._window, out=work[:n])
            parts = scipy.fft.rfft(work, axis=1).view(np.float64)
            parts *= parts
            yield self._bank((parts[:, ::2] + parts[:, 1::2]).astype(np.float32))[:n]


def gain_to(sample_blocks, target_dbfs):
    """Return the factor that raises the level of all samples to target_dbfs; 1 where it is louder or silent.

    sample_blocks: iterator of (n,). Level: 20 log10 of the root mean square.
    """
    power, count = 0.0, 0
    for block in sample_blocks:
        power, count = power + float(np.dot(block.astype(np.float64), block)), count + len(block)
    if power == 0:
        return 1.0
    return max(10 ** (target_dbfs / 20) / (power / count) ** 0.5, 1.0)
