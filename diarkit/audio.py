"""Audio in: any recording that libsndfile or FFmpeg reads, or the output of a command, as mono blocks."""

import functools
import os
import tempfile

import numpy as np
import soxr

from diarkit.channels import Choice, choose, survey
from diarkit.decoders import open_decoder
from diarkit.decoders.choice import MENDING
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import plain_path
from diarkit.options import opt, options
from diarkit.pipes import run_pipe

FILE_BLOCK_S = 30.0
SLACK_S = 0.1  # an MP3 may miss so much of what its header announces: a frame or two at the ends


@options
class AudioOptions:
    """Audio: the rate and the channel that the work is done in."""

    sample_rate: int = opt(16000, "resample to this rate, Hz", low=1000, high=384000)
    channel: str = opt("mix", "mix: the mean of all channels that are not silent, or one where they cancel each other; "
                       "or the number of one channel, counted from 1")
    track: int = opt(1, "which audio track of a file that has several, such as a film, counted from 1", low=1)
    damaged: str = opt("refuse", "a file that is cut short or broken: refuse it, or read what can be read",
                       choices=("refuse", "read"))

    def check(self):
        if self.channel != "mix" and not (self.channel.isdecimal() and int(self.channel) >= 1):
            raise UsageError(f"--channel must be mix or a number from 1, not {self.channel!r}")


class AudioFile:
    """One recording, opened and checked, read in blocks of bounded memory as often as wanted.

    entry: a path, `FILE.ark:OFFSET` with a WAV there, or `command |` whose whole output is an audio file (it is kept
    in a temporary file).
    Attributes: sample_rate (of the file, Hz), channels (of the file), duration_s.
    Raises DiarkitError that names the entry for whatever is no whole, finite audio.
    """

    def __init__(self, entry, options=None):
        self.entry, self.options = str(entry).strip(), options or AudioOptions()
        self.path = self._piped() if self.entry.endswith("|") else self._within_archive() or self.entry
        self._decoder = self._opened()
        self.sample_rate, self.channels = self._decoder.sample_rate, self._decoder.channels
        wanted = self.options.channel
        if wanted != "mix" and int(wanted) > self.channels:
            raise self._error(f"channel {wanted} is asked for, the file has {self.channels}",
                              "Choose another --channel")
        if self._decoder.promised_n == 0:
            raise self._error("no samples in this file", "Leave the recording out")

    @functools.cached_property
    def survey(self):
        """The channels.Survey of the recording; reads it once."""
        return survey(self.file_blocks(), self.sample_rate)

    @functools.cached_property
    def mixed(self):
        """The channels.Choice of what is mixed; a recording of several channels is read once for it."""
        if self.channels == 1:
            return Choice(np.ones(1, np.float32), False, "")
        return choose(self.survey, calls=False)

    def _piped(self):
        self._temporary = tempfile.NamedTemporaryFile(prefix="diarkit-", suffix=".audio")
        run_pipe(self.entry, self._temporary)
        return self._temporary.name

    def _within_archive(self):
        """Return a temporary copy of the WAV at `FILE.ark:OFFSET`, as Kaldi's wav-copy writes them; None for a path."""
        path, offset = plain_path(self.entry), self.entry.rpartition(":")[2]
        if path == self.entry:
            return None
        self._temporary = tempfile.NamedTemporaryFile(prefix="diarkit-", suffix=".wav")
        with open(path, "rb") as file:
            file.seek(int(offset))
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:] != b"WAVE":
                raise self._error(f"no WAV begins at byte {offset}", "Make the scp again with the archive")
            left = int.from_bytes(head[4:8], "little") - 4
            self._temporary.write(head)
            while left > 0 and (part := file.read(min(left, 1 << 24))):
                self._temporary.write(part)
                left -= len(part)
        self._temporary.flush()
        return self._temporary.name

    def _error(self, what, mend=""):
        return DiarkitError(f"{self.entry}: {what}. {mend}".rstrip())

    def _opened(self):
        try:
            if os.path.getsize(self.path) == 0:
                raise self._error("empty, 0 bytes", "Make the file again or leave the recording out")
            return open_decoder(self.path, self.options.track, self.options.damaged == "read")
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}", "Check the path") from None
        except DiarkitError as error:
            raise error if str(error).startswith(self.entry) else self._error(str(error)) from None

    @property
    def expected_s(self):
        """Length in seconds as the header has it, 0 where it does not tell: good enough to show progress."""
        return (self._decoder.announced_n or 0) / self.sample_rate

    @functools.cached_property
    def duration_s(self):
        """Length in seconds; where the header only guesses, by decoding the file once."""
        if isinstance(self._decoder.promised_n, int) and "mp3" not in self._decoder.form:
            return self._decoder.promised_n / self.sample_rate
        for _ in self.file_blocks(FILE_BLOCK_S):
            pass
        return self.__dict__["duration_s"]

    def file_blocks(self, block_s=FILE_BLOCK_S):
        """Yield (n, channels) float32 blocks at the file's own rate, every sample finite."""
        step, done = max(round(block_s * self.sample_rate), 1), 0
        try:
            for block in self._decoder.blocks(step):
                self._check_finite(block, done)
                done += len(block)
                yield block
        except DiarkitError as error:
            if self.options.damaged != "read" or not done:
                raise self._broken(done, str(error)) from None
        if done == 0:
            raise self._error("no samples can be decoded", "Leave the recording out")
        promised_n = self._decoder.promised_n
        if promised_n and done < promised_n - SLACK_S * self.sample_rate and self.options.damaged != "read":
            raise self._error(f"cut short: the header announces {promised_n / self.sample_rate:.1f} s, "
                              f"{done / self.sample_rate:.1f} s are there", MENDING)
        self.__dict__["duration_s"] = done / self.sample_rate  # known now: nothing is decoded again for it

    def _broken(self, done, reason):
        if reason.startswith(self.entry):
            return DiarkitError(reason)
        if reason.startswith("broken at"):
            return self._error(reason, MENDING)
        announced = self._decoder.promised_n
        announced = f", the header announces {announced}" if announced else ""
        return self._error(f"broken near {done / self.sample_rate:.1f} s: {done} samples can be decoded{announced}"
                           f"{': ' + reason.rstrip('.') if reason else ''}", MENDING)

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
        if self.channels == 1:
            return block[:, 0].copy()
        taken = np.flatnonzero(self.mixed.weights)
        return sum((block[:, c] for c in taken[1:]), block[:, taken[0]]) / np.float32(len(taken))

    def blocks(self, block_s=FILE_BLOCK_S):
        """Yield float32 (n,) mono blocks of about block_s seconds at options.sample_rate, samples in [-1, 1].

        The samples are the same whatever block_s is. A float file that goes beyond [-1, 1] is not clipped.
        """
        mono = (self._mono(block) for block in self.file_blocks(block_s))
        return mono if self.sample_rate == self.options.sample_rate else self._resampled(mono)

    def _resampled(self, blocks):
        stream = soxr.ResampleStream(self.sample_rate, self.options.sample_rate, 1, dtype="float32")
        for block in blocks:
            if len(block := stream.resample_chunk(block)):
                yield block
        if len(block := stream.resample_chunk(np.zeros(0, np.float32), last=True)):
            yield block


def read_audio(entry, options=None):
    """Return the whole recording as (N,) float32 mono samples at options.sample_rate."""
    blocks = list(AudioFile(entry, options).blocks())
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
