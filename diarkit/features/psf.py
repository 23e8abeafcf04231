"""MFCC and log filterbank of the package python_speech_features, the second flavour beside Kaldi's."""

import numpy as np
import python_speech_features
from python_speech_features.sigproc import round_half_up

from diarkit.errors import UsageError
from diarkit.features.frames import Feature, Framing
from diarkit.options import opt, options

WINDOWS = {"rectangular": np.ones, "hamming": np.hamming, "hanning": np.hanning}


@options
class PsfOptions:
    """Features of python_speech_features; the defaults are the package's."""

    kind: str = opt("mfcc", "which feature", choices=("mfcc", "logfbank"))
    frame_length: float = opt(25.0, "frame length, ms", above=0)
    frame_shift: float = opt(10.0, "frame shift, ms", above=0)
    num_ceps: int = opt(13, "mfcc: number of coefficients", low=1)
    num_filters: int = opt(26, "number of mel filters", low=1)
    fft_size: int = opt(512, "FFT length, at least the frame", low=2)
    low_freq: float = opt(0.0, "lowest frequency of the filters, Hz", low=0)
    high_freq: float = opt(0.0, "highest frequency, Hz; 0 is half the sample rate", low=0)
    preemphasis: float = opt(0.97, "p in x[n] - p x[n-1]", low=0, high=1)
    cepstral_lifter: float = opt(22.0, "mfcc: strength of the liftering; 0 is none", low=0)
    append_energy: bool = opt(True, "mfcc: the log energy in place of the 0th coefficient")
    window_type: str = opt("rectangular", "window", choices=tuple(WINDOWS))
    normalize_frames: bool = opt(False, "each frame to mean 0 and variance 1 over its columns")
    sample_scale: float = opt(1.0, "samples are multiplied by this: 1 for [-1, 1], 32768 for the 16-bit scale", above=0)

    def check(self):
        if self.num_ceps > self.num_filters:
            raise UsageError(f"--num-ceps {self.num_ceps} is more than --num-filters {self.num_filters}")


class Psf(Feature):
    """python_speech_features: samples (N,) in [-1, 1] to (T, dim) float32; the last frame is filled with zeros.

    options: PsfOptions. sample_rate: Hz. `blocks` takes an iterator of samples and gives the same numbers.
    """

    def __init__(self, options=None, sample_rate=16000):
        self.options, self.sample_rate = o, _ = options or PsfOptions(), sample_rate
        length_n, shift_n = (round_half_up(sample_rate * ms / 1000) for ms in (o.frame_length, o.frame_shift))
        if not shift_n >= 1 <= length_n <= o.fft_size:
            raise UsageError(f"a frame of {length_n} samples every {shift_n} does not go with --fft-size {o.fft_size}")
        if not o.low_freq < (o.high_freq or sample_rate / 2) <= sample_rate / 2:
            raise UsageError(f"--low-freq {o.low_freq:g} and --high-freq {o.high_freq:g} must lie in this order "
                             f"up to {sample_rate / 2:g} Hz")
        self.framing = Framing(length_n, shift_n, "tail", batch_t=4096)
        self.dim = o.num_ceps if o.kind == "mfcc" else o.num_filters

    def blocks(self, sample_blocks):
        """Yield features (t, dim) float32 of an iterator of samples (n,); the same numbers as in one piece."""
        return super().blocks(self._emphasised(sample_blocks))

    def _emphasised(self, sample_blocks):
        """Yield the preemphasised float64 samples; the package itself would begin anew with each batch."""
        last = None
        for block in sample_blocks:
            block = np.asarray(block, np.float64) * self.options.sample_scale
            if not len(block):
                continue
            before = np.concatenate([[0.0 if last is None else last], block[:-1]])
            last = block[-1]
            yield block - self.options.preemphasis * before

    def _batches(self, batches):
        o = self.options
        common = dict(samplerate=self.sample_rate, winlen=self.framing.length_n / self.sample_rate,
                      winstep=self.framing.shift_n / self.sample_rate, nfilt=o.num_filters, nfft=o.fft_size,
                      lowfreq=o.low_freq, highfreq=o.high_freq or None, preemph=0, winfunc=WINDOWS[o.window_type])
        for signal, n in batches:
            signal = signal[:(n - 1) * self.framing.shift_n + self.framing.length_n]
            if o.kind == "mfcc":
                feats = python_speech_features.mfcc(signal, numcep=o.num_ceps, ceplifter=o.cepstral_lifter,
                                                    appendEnergy=o.append_energy, **common)
            else:
                feats = np.log(python_speech_features.fbank(signal, **common)[0])
            yield (_normalized(feats) if o.normalize_frames else feats).astype(np.float32)


def _normalized(feats):
    spread = feats.std(axis=1, keepdims=True)
    return (feats - feats.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-12)
