"""Audio in: any container, rate and channel count that libsndfile reads, or the output of a command, as mono blocks."""

import functools
import io
import os
import tempfile

import numpy as np
import soundfile
import soxr

from diarkit.containers import data_chunk
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.pipes import run_pipe

FILE_BLOCK_S = 30.0
LENGTH_BY_DECODING = ("MP3", "MPEG")  # an MP3's header only guesses


@options
class AudioOptions:
    """Audio: the rate and the channel that the work is done in."""

    sample_rate: int = opt(16000, "resample to this rate, Hz", low=1000, high=384000)
    channel: str = opt("mix", "mix (mean of all channels) or the number of one channel, counted from 1")

    def check(self):
        if self.channel != "mix" and not (self.channel.isdecimal() and int(self.channel) >= 1):
            raise UsageError(f"--channel must be mix or a number from 1, not {self.channel!r}")


class AudioFile:
    """One recording, opened and checked, read in blocks of bounded memory as often as wanted.

    entry: a path, or `command |` whose whole output is an audio file (it is kept in a temporary file).
    Attributes: sample_rate (of the file, Hz), channels (of the file), duration_s.
    Raises DiarkitError that names the entry for whatever is no whole, finite audio.
    """

    def __init__(self, entry, options=None):
        self.entry, self.options = entry.strip(), options or AudioOptions()
        self.path = self._piped() if self.entry.endswith("|") else self.entry
        self._chunk = self._checked_chunk()
        with self._open() as file:
            self.sample_rate, self.channels = file.samplerate, file.channels
            self._format, self._frames = file.format, file.frames
        wanted = self.options.channel
        if wanted != "mix" and int(wanted) > self.channels:
            raise self._error(f"channel {wanted} is asked for, the file has {self.channels}",
                              "Choose another --channel")
        if self._frames == 0:
            raise self._error("no samples in this file", "Leave the recording out")

    def _piped(self):
        self._temporary = tempfile.NamedTemporaryFile(prefix="diarkit-", suffix=".audio")
        run_pipe(self.entry, self._temporary)
        return self._temporary.name

    def _error(self, what, mend=""):
        return DiarkitError(f"{self.entry}: {what}. {mend}".rstrip())

    def _checked_chunk(self):
        """Return the file's DataChunk (None where the container has none), checked to be all there."""
        try:
            if os.path.getsize(self.path) == 0:
                raise self._error("empty, 0 bytes", "Make the file again or leave the recording out")
            chunk = data_chunk(self.path)
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}", "Check the path in wav.scp") from None
        if chunk and chunk.announced_b is not None and chunk.announced_b // chunk.frame_b > \
                max(chunk.present_b, 0) // chunk.frame_b:
            raise self._error(f"cut short: the header announces {chunk.announced_b // chunk.frame_b} samples, "
                              f"the file has {max(chunk.present_b, 0) // chunk.frame_b}", "Copy the file again")
        return chunk

    def _open(self):
        source = self.path
        if self._chunk and self._chunk.size_at is not None:
            source = _StreamedWave(self.path, self._chunk.size_at)
        try:
            return soundfile.SoundFile(source)
        except (soundfile.LibsndfileError, OSError) as error:
            reason = getattr(error, "error_string", "") or str(error)
            raise self._error(f"cannot be opened as audio: {reason.rstrip('.')}{self._looks()}",
                              "Check the file, or convert it with `ffmpeg -i FILE -f wav - |` in wav.scp") from None

    def _looks(self):
        with open(self.path, "rb") as file:
            head = file.read(60)
        plain = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
        return f"; it is text and starts with {head.split(chr(10).encode())[0].decode()[:40]!r}" if plain else ""

    @functools.cached_property
    def duration_s(self):
        """Length in seconds; of an MP3, and of a stream that does not know its length, by decoding it once."""
        frames = self._frames
        if self._format in LENGTH_BY_DECODING or frames >= 1 << 62:
            frames = sum(len(block) for block in self._file_blocks(FILE_BLOCK_S))
        return frames / self.sample_rate

    def _file_blocks(self, block_s):
        """Yield (n, channels) float32 blocks at the file's own rate, every sample finite."""
        step, done = max(round(block_s * self.sample_rate), 1), 0
        with self._open() as file:
            while True:
                try:
                    block = file.read(step, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    raise self._broken(done, error.error_string) from None
                if not len(block):
                    break
                self._check_finite(block, done)
                done += len(block)
                yield block
        if done == 0:
            raise self._error("no samples can be decoded", "Leave the recording out")
        if done < self._frames < 1 << 62 and self._format not in LENGTH_BY_DECODING:
            raise self._broken(done, "")

    def _broken(self, done, reason):
        announced = f", the header announces {self._frames}" if self._frames < 1 << 62 else ""
        return self._error(f"broken near {done / self.sample_rate:.1f} s: {done} samples can be decoded{announced}"
                           f"{': ' + reason.rstrip('.') if reason else ''}", "Copy the file again")

    def _check_finite(self, block, done):
        with np.errstate(over="ignore", invalid="ignore"):
            quick = np.dot(block.ravel(), block.ravel())
        if not np.isfinite(quick) and not np.isfinite(block).all():
            first = int(np.argmin(np.isfinite(block).all(axis=1)))
            raise self._error(f"sample at {(done + first) / self.sample_rate:.3f} s is {block[first].tolist()}",
                              "Make the file again; NaN and infinity are no sound")

    def _mono(self, block):
        if self.options.channel != "mix":
            return np.ascontiguousarray(block[:, int(self.options.channel) - 1])
        return block[:, 0].copy() if self.channels == 1 else sum(block.T[1:], block[:, 0]) / np.float32(self.channels)

    def blocks(self, block_s=FILE_BLOCK_S):
        """Yield float32 (n,) mono blocks of about block_s seconds at options.sample_rate, samples in [-1, 1].

        The samples are the same whatever block_s is. A float file that goes beyond [-1, 1] is not clipped.
        """
        mono = (self._mono(block) for block in self._file_blocks(block_s))
        return mono if self.sample_rate == self.options.sample_rate else self._resampled(mono)

    def _resampled(self, blocks):
        stream = soxr.ResampleStream(self.sample_rate, self.options.sample_rate, 1, dtype="float32")
        for block in blocks:
            if len(block := stream.resample_chunk(block)):
                yield block
        if len(block := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
            yield block


class _StreamedWave(io.FileIO):
    """A WAV whose data size was left at 0 by a stream, seen as 0xFFFFFFFF: up to the end of the file."""

    def __init__(self, path, size_at):
        super().__init__(path)
        self._size_at = size_at

    def readinto(self, buffer):
        start = self.tell()
        view = memoryview(buffer).cast("B")
        count = super().readinto(view)
        for at in range(max(self._size_at - start, 0), min(self._size_at + 4 - start, count)):
            view[at] = 0xFF
        return count


def read_audio(entry, options=None):
    """Return the whole recording as (N,) float32 mono samples at options.sample_rate."""
    blocks = list(AudioFile(entry, options).blocks())
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
