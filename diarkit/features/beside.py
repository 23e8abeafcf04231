"""Features of a recording while something else hears it: the audio is decoded once for both."""

import queue
import tempfile
import threading

import numpy as np

MEMORY_T = 60_000   # frames held in memory, ten minutes; features of a longer recording lie in a temporary file
WAITING = 4         # blocks of audio that the listener may be ahead


class FeaturesBeside:
    """A recording that hands its blocks of audio to a listener, and to a feature in a thread of its own.

    audio: an audio.AudioFile or the like. feature: a features.Feature. progress: called with the share of the
    recording that was heard, where its length is known. Use it in a `with` block: `blocks()` once, then `features()`.
    """

    def __init__(self, audio, feature, progress=None):
        self.audio, self.options, self.feature, self.progress = audio, audio.options, feature, progress
        self._queue, self._fault, self._stopped = queue.Queue(WAITING), None, False
        self._held, self._rows, self._file = [], 0, None

    @property
    def duration_s(self):
        """Length of the recording in seconds."""
        return self.audio.duration_s

    def __enter__(self):
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stopped = True
        self._put(None)
        self._thread.join()
        if self._file:
            self._file.close()

    def blocks(self):
        """Yield the recording's blocks of audio."""
        heard_n = 0
        for block in self.audio.blocks():
            self._put(block)
            heard_n += len(block)
            yield block
            if self.progress:
                self.progress(min(heard_n / self.options.sample_rate / max(self.audio.expected_s, 1e-3), 1.0))
        self._put(None)

    def features(self):
        """Return (T, dim) float32 features of all blocks, memory-mapped where they are long."""
        self._thread.join()
        if self._fault:
            raise self._fault
        shape = self._rows, self.feature.dim
        if self._file:
            self._file.flush()
            return np.memmap(self._file, np.float32, "r", shape=shape)
        return np.concatenate([np.zeros((0, shape[1]), np.float32), *self._held])

    def _put(self, block):
        while self._thread.is_alive():
            try:
                return self._queue.put(block, timeout=0.2)
            except queue.Full:
                continue

    def _work(self):
        try:
            for part in self.feature.blocks(self._taken()):
                if self._stopped:
                    return
                self._keep(part)
        except Exception as error:  # told to the thread that asks for the features
            self._fault = error

    def _taken(self):
        while (block := self._queue.get()) is not None:
            yield block

    def _keep(self, part):
        self._rows += len(part)
        if self._file is None:
            self._held.append(part)
        if self._rows > MEMORY_T and self._file is None:
            self._file = tempfile.TemporaryFile(prefix="diarkit-")
            parts, self._held = self._held, []
            for held in parts:
                held.tofile(self._file)
        elif self._file is not None:
            part.tofile(self._file)
