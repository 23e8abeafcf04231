"""Mel spectrograms of centred frames: power as the GE2E encoder takes it, decibels as the public ECAPA-TDNN does.

Sources: Slaney 1998, "Auditory Toolbox" (filters of `power`), with the parameters of Resemblyzer 0.1.4; the Fbank of
SpeechBrain 1.0 (`decibels`).
"""

import numpy as np
import scipy.fft

from diarkit.errors import UsageError
from diarkit.features.filters import FilterBank, even_filters, slaney_filters
from diarkit.features.frames import Feature, Framing
from diarkit.options import opt, options

LEAST_POWER = np.float32(1e-10)  # the floor under decibels


@options
class MelOptions:
    """Mel spectrogram of librosa's or SpeechBrain's kind."""

    kind: str = opt("power", "power: hann window, Slaney's filters, no logarithm; decibels: hamming window, even "
                             "filters, 10 log10", choices=("power", "decibels"))
    num_mel_bins: int = opt(40, "number of mel bins", low=1)
    frame_length: float = opt(25.0, "frame and FFT length, ms", above=0)
    frame_shift: float = opt(10.0, "frame shift, ms", above=0)
    low_freq: float = opt(0.0, "lowest frequency of the bins, Hz", low=0)
    high_freq: float = opt(0.0, "highest frequency, Hz; 0 is half the sample rate", low=0)
    padding: str = opt("constant", "before and after the recording: zeros, or the signal reflected",
                       choices=("constant", "reflect"))
    top_db: float | None = opt(None, "decibels: values this far below the recording's largest are raised to there; "
                                     "none leaves them", above=0)
    target_dbfs: float | None = opt(None, "raise a quieter recording to this level; none leaves it", high=0)

    def check(self):
        if self.top_db is not None and self.kind != "decibels":
            raise UsageError("--top-db is for --kind=decibels")


class Mel(Feature):
    """Mel spectrogram: samples (N,) in [-1, 1] to (T, num_mel_bins) float32, T = 1 + N // shift.

    options: MelOptions (target_dbfs is up to the caller, see gain_to, and so is top_db of `blocks`, see floor_of).
    sample_rate: Hz.
    """

    def __init__(self, options=None, sample_rate=16000):
        self.options, self.sample_rate = o, rate = options or MelOptions(), sample_rate
        self.fft_n, shift_n = int(rate * o.frame_length / 1000), int(rate * o.frame_shift / 1000)
        top = o.high_freq or rate / 2
        if not o.low_freq < top <= rate / 2 or min(self.fft_n, shift_n) < 1:
            raise UsageError(f"the band {o.low_freq:g} to {top:g} Hz in frames of {self.fft_n} samples every "
                             f"{shift_n} is not possible at {rate} Hz")
        self.framing = Framing(self.fft_n, shift_n, o.padding)
        offset, filters = (0.5, slaney_filters) if o.kind == "power" else (0.54, even_filters)
        self._window = offset - (1 - offset) * np.cos(2 * np.pi * np.arange(self.fft_n) / self.fft_n)
        self._bank = FilterBank(filters(o.num_mel_bins, self.fft_n, rate, o.low_freq, top))
        self.dim = o.num_mel_bins

    def __call__(self, samples):
        """Return the features (T, dim) float32 of samples (N,), mono in [-1, 1]."""
        found = super().__call__(samples)
        return np.maximum(found, floor_of([found], self.options.top_db))

    def _batches(self, batches):
        work = np.zeros((self.framing.batch_t, self.fft_n))  # whole batches: one shape, one result per frame
        for signal, n in batches:
            np.multiply(self.framing.view(signal, n), self._window, out=work[:n])
            parts = scipy.fft.rfft(work, axis=1).view(np.float64)
            parts *= parts
            mel = self._bank((parts[:, ::2] + parts[:, 1::2]).astype(np.float32))[:n]
            yield mel if self.options.kind == "power" else 10 * np.log10(np.maximum(mel, LEAST_POWER))


def floor_of(feature_blocks, top_db):
    """Return the value top_db below the largest of all features; minus infinity where top_db is None."""
    if top_db is None:
        return np.float32(-np.inf)
    return np.float32(max((block.max() for block in feature_blocks if len(block)), default=0) - top_db)


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
