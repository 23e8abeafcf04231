"""Features of the change detector: MFCC of librosa's kind with their slopes and curvatures, normalised per recording.

Sources: Yin, Bredin & Barras 2017, "Speaker change detection in broadcast TV using bidirectional long short-term memory
networks", section 3.1; Savitzky & Golay 1964 for the differences, as librosa takes them.
"""

import numpy as np
from scipy.signal import savgol_filter

from diarkit.audio import AudioOptions
from diarkit.change.grid import HOP_N, RATE_HZ
from diarkit.errors import UsageError
from diarkit.features.mel import Mel, MelOptions
from diarkit.features.mfcc import dct_matrix
from diarkit.options import opt, options

FFT_N, CEPS, DIM = 2048, 12, 35
LEAST_POWER = np.float32(1e-10)
LEAST_VARIANCE = 1e-6  # decibels squared: a column that stands still becomes 0, not noise blown up
BLOCK_T = 20000  # frames worked on at once


@options
class ChangeAudioOptions(AudioOptions):
    """Audio: the rate and the channel that the work is done in."""

    sample_rate: int = opt(RATE_HZ, "the network's rate, Hz; others are resampled to it", choices=(RATE_HZ,))

    def check(self):
        super().check()


@options
class ChangeFeatsOptions:
    """Features of the change detector: 11 MFCC, 12 slopes, 12 curvatures."""

    num_mel_bins: int = opt(128, "number of mel bins", low=CEPS)
    high_freq: float = opt(8000.0, "highest frequency of the bins, Hz, so that audio of any rate looks alike; "
                                   "0 is half the sample rate, as published", low=0)
    top_db: float | None = opt(80.0, "powers this far below the recording's loudest bin, dB, are raised to there; "
                               "none leaves them", above=0)
    delta_width: int = opt(9, "frames that a slope or curvature is fitted to, odd", low=3, high=99)
    normalize: bool = opt(True, "each column to mean 0 and variance 1 over the recording")

    def check(self):
        if self.delta_width % 2 == 0:
            raise UsageError(f"--delta-width must be odd, not {self.delta_width}")


class ChangeFeats:
    """35 features per frame: (T, 35) float32, T = 1 + N // 512, frame t centred at t 512 / 22050 s.

    Columns: MFCC 1-11 (0 is left out), then the slopes of MFCC 0-11, then their curvatures.
    Memory: 12 numbers per frame, 75 MB for ten hours; the audio is read twice, for its loudest bin first.
    """

    dim = DIM

    def __init__(self, options=None):
        self.options = o = options or ChangeFeatsOptions()
        half_n = 0.5  # Mel takes milliseconds and rounds samples down
        ms = 1000 / RATE_HZ
        self._mel = Mel(MelOptions(num_mel_bins=o.num_mel_bins, frame_length=(FFT_N + half_n) * ms,
                                   frame_shift=(HOP_N + half_n) * ms, high_freq=o.high_freq), RATE_HZ)
        self._cosines = dct_matrix(o.num_mel_bins, CEPS)

    def __call__(self, samples):
        """Return the features (T, 35) float32 of samples (N,), mono in [-1, 1] at 22 050 Hz."""
        samples = np.asarray(samples)
        assert samples.ndim == 1, f"samples must be (N,), not {samples.shape}"
        return np.concatenate([np.zeros((0, DIM), np.float32), *self.blocks(lambda: [samples])])

    def blocks(self, read):
        """Yield features (t, 35) float32; read() gives the samples (n,) from the start each time it is called."""
        ceps = self.cepstra(read)
        mean, scale = self._statistics(ceps)
        for part in self._columns(ceps):
            yield ((part - mean) * scale).astype(np.float32)

    def cepstra(self, read):
        """Return MFCC (T, 12) float32 in decibels: librosa's feature.mfcc with n_mfcc=12, n_fft=2048."""
        floor = LEAST_POWER
        if self.options.top_db is not None:
            loudest = max((part.max() for part in self._mel.blocks(read())), default=0)
            floor = max(floor, np.float32(loudest * 10 ** (-self.options.top_db / 10)))
        parts = [10 * np.log10(np.maximum(part, floor)) @ self._cosines for part in self._mel.blocks(read())]
        return np.concatenate([np.zeros((0, CEPS), np.float32), *parts])

    def _columns(self, ceps):
        """Yield (t, 35) float64 blocks, not normalised; the polynomials at both ends are those of the ends."""
        total_t, width = len(ceps), self.options.delta_width
        for start in range(0, total_t, BLOCK_T):
            end = min(start + BLOCK_T, total_t)
            first, last = max(start - width, 0), min(end + width, total_t)
            near = ceps[first:last].astype(np.float64)
            short = "interp" if len(near) >= width else "nearest"  # too few frames for a polynomial at each end
            deltas = [savgol_filter(near, width, order, deriv=order, axis=0, mode=short) for order in (1, 2)]
            yield np.concatenate([near[:, 1:], *deltas], axis=1)[start - first:end - first]

    def _statistics(self, ceps):
        """Return mean and 1 / standard deviation, (35,) each; 0 of a column that stands still."""
        if not self.options.normalize or not len(ceps):
            return 0.0, 1.0
        mean = sum(part.sum(axis=0) for part in self._columns(ceps)) / len(ceps)
        variance = sum(((part - mean) ** 2).sum(axis=0) for part in self._columns(ceps)) / len(ceps)
        return mean, np.where(variance > LEAST_VARIANCE, np.maximum(variance, LEAST_VARIANCE) ** -0.5, 0.0)
