"""The decoder for WAV, FLAC, AIFF, AU, SPHERE, CAF, Ogg and what else libsndfile reads."""

import io

import soundfile

from diarkit.errors import DiarkitError

UNKNOWN = 1 << 62  # libsndfile's number of frames where a stream does not tell


class Sndfile:
    """path: of the file. size_at: where a WAV's 32-bit size of data is to be read as "to the end", None for nowhere."""

    def __init__(self, path, size_at=None):
        self.path, self.size_at = path, size_at
        with self._open() as file:
            self.sample_rate, self.channels, self.form = file.samplerate, file.channels, file.format
            self.subtype, self.announced_n = file.subtype, file.frames if file.frames < UNKNOWN else None

    def _open(self):
        return soundfile.SoundFile(self.path if self.size_at is None else _ToTheEnd(self.path, self.size_at))

    def blocks(self, step_n):
        """Yield (n, channels) float32; raises DiarkitError with the reason where decoding stops."""
        done = 0
        with self._open() as file:
            while True:
                try:
                    block = file.read(step_n, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    raise DiarkitError(error.error_string.rstrip(".")) from None
                if not len(block):
                    break
                done += len(block)
                yield block
        if self.announced_n is not None and done < self.announced_n:
            raise DiarkitError("")


class _ToTheEnd(io.FileIO):
    """A WAV whose size of data is wrong, seen with a size of 0xFFFFFFFF there: up to the end of the file."""

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
