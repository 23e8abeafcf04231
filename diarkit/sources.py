"""What `diarize` takes as audio: a path, a command, an open file, or samples with their rate."""

import os
import shutil
import tempfile
from pathlib import PurePath

import numpy as np
import soxr

from diarkit.audio import AudioFile, AudioOptions
from diarkit.channels import choose, survey
from diarkit.errors import DiarkitError


class Samples:
    """A recording in memory: samples (N,) or (N, C) of any real type, and their rate in Hz; read as an AudioFile is.

    Integers are scaled by their type's range. Raises DiarkitError for what is no sound.
    """

    def __init__(self, samples, sample_rate, options=None):
        self.options, self.sample_rate = options or AudioOptions(), sample_rate
        self._samples = _floats(samples)
        if not 1000 <= sample_rate <= 384000:
            raise DiarkitError(f"a sample rate of {sample_rate} Hz. Give the rate in Hz, such as 16000")
        self.channels, self.duration_s = self._samples.shape[1], len(self._samples) / sample_rate
        if not len(self._samples):
            raise DiarkitError("no samples")
        wanted = self.options.channel
        if wanted != "mix" and int(wanted) > self.channels:
            raise DiarkitError(f"channel {wanted} is asked for, the samples have {self.channels}")

    @property
    def expected_s(self):
        """Length in seconds."""
        return self.duration_s

    @property
    def survey(self):
        """The channels.Survey of the samples."""
        return survey([self._samples], self.sample_rate)

    @property
    def mixed(self):
        """The channels.Choice of what is mixed."""
        return choose(self.survey, calls=False)

    def blocks(self, block_s=30.0):
        """Yield float32 (n,) mono blocks at options.sample_rate, as AudioFile.blocks does."""
        if self.options.channel != "mix":
            mono = self._samples[:, int(self.options.channel) - 1]
        else:
            mono = self._samples[:, 0] if self.channels == 1 else self._samples @ self.mixed.weights
        if self.sample_rate != self.options.sample_rate:
            mono = soxr.resample(mono, self.sample_rate, self.options.sample_rate)
        step = round(block_s * self.options.sample_rate)
        for start in range(0, len(mono), step):
            yield np.ascontiguousarray(mono[start:start + step])


def _floats(samples):
    """Return (N, C) float32 of an array of samples."""
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise DiarkitError(f"samples of shape {array.shape} and type {array.dtype}. Give (N,) or (N, channels) numbers")
    array = array[:, None] if array.ndim == 1 else array
    if array.shape[1] > 64:
        raise DiarkitError(f"samples of shape {array.shape}: {array.shape[1]} channels. Give (N, channels): one row "
                           "for each sample")
    if array.dtype.kind in "iu":
        info = np.iinfo(array.dtype)
        array = (array.astype(np.float64) - (info.max + 1) / 2 * (array.dtype.kind == "u")) / (
            (info.max + 1) / (2 if array.dtype.kind == "u" else 1))
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise DiarkitError("samples that are NaN or infinite, which are no sound")
    return array


def open_source(audio, options):
    """Return an AudioFile or Samples of whatever `diarize` takes.

    audio: a path, `command |`, an open binary file, or (samples, sample rate); options: AudioOptions.
    """
    if isinstance(audio, tuple) and len(audio) == 2:
        return Samples(*audio, options)
    if hasattr(audio, "read"):
        return _spooled(audio, options)
    if isinstance(audio, (str, PurePath)):
        return AudioFile(os.fspath(audio), options)
    if isinstance(audio, np.ndarray):
        raise DiarkitError("samples without their rate. Give (samples, rate in Hz)")
    raise DiarkitError(f"no audio: {type(audio).__name__}. Give a path, an open file, or (samples, rate in Hz)")


def _spooled(file, options):
    """Return the AudioFile of a copy of an open file: decoders want to seek in it."""
    copy = tempfile.NamedTemporaryFile(prefix="diarkit-", suffix=".audio")
    shutil.copyfileobj(file, copy, 1 << 20)
    copy.flush()
    opened = AudioFile(copy.name, options)
    opened.kept = copy  # removed when the recording is
    return opened


def name_of(audio, name=None):
    """Return the name of a recording for RTTM and files: `name`, or that of its file without folder and extension."""
    if name is None:
        path = audio if isinstance(audio, (str, PurePath)) else getattr(audio, "name", None)
        stem = PurePath(path).stem if isinstance(path, (str, PurePath)) and not str(path).rstrip().endswith("|") else ""
        name = stem or "audio"
    return "_".join(name.split()) or "audio"
