"""Silero's voice activity detector: a small recurrent network, one speech probability per 32 ms, on ONNX Runtime."""

import functools

import numpy as np

from diarkit import models
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.vad.framing import BLOCK_S, frame_blocks
from diarkit.vad.smoothing import hysteresis, runs

RATE_HZ, CHUNK_N, CONTEXT_N, STATE = 16000, 512, 64, (1, 1, 128)  # the network sees a chunk and 64 samples before it


@options
class SileroOptions:
    """Silero (--method=silero)"""

    silero_onset: float = opt(0.1, "speech starts at this probability", above=0, below=1)
    silero_offset: float = opt(0.05, "and ends below this one", above=0, below=1)
    silero_model: str | None = opt(None, "a network file of your own (none: the pinned one, fetched once)")

    def check(self):
        if self.silero_offset > self.silero_onset:
            raise UsageError(f"--silero-offset {self.silero_offset:g} must not exceed --silero-onset "
                             f"{self.silero_onset:g}")


class Silero:
    """Speech by Silero's network."""

    def __init__(self, options=None):
        self.options = options or SileroOptions()
        self.network = load(self.options.silero_model)  # now: a missing network is one error, not one per recording

    def __call__(self, audio, reco=None):
        """Return speech as (R, 2) seconds; audio: an audio.AudioFile or the like, at 16 kHz."""
        active = hysteresis(self.probabilities(audio), self.options.silero_onset, self.options.silero_offset)
        return runs(active) * (CHUNK_N / RATE_HZ)

    def probabilities(self, audio):
        """Return (T,) float32 speech probabilities, one per 512 samples; the last chunk is filled up with zeros.

        The network carries its state from chunk to chunk. All chunks of a block go through it in one call, where only
        the recurrent layer runs chunk by chunk, and the state goes on to the next block: the block size changes
        nothing.
        """
        if audio.options.sample_rate != RATE_HZ:
            raise UsageError(f"--sample-rate must be {RATE_HZ} for --method=silero, not {audio.options.sample_rate}")
        return np.concatenate([np.zeros(0, np.float32), *self.stream(audio.blocks(BLOCK_S))])

    def stream(self, blocks):
        """Yield the probabilities of blocks (n,) of audio that follow each other, as soon as they are there."""
        h = c = np.zeros(STATE, np.float32)
        for chunks in frame_blocks(blocks, CONTEXT_N + CHUNK_N, CHUNK_N, CONTEXT_N):
            scores, h, c = self.network.run(None, {"input": np.ascontiguousarray(chunks), "h": h, "c": c})
            yield scores


@functools.cache
def load(path=None):
    """Return the network as an ONNX Runtime session on one thread; path: a file, None for the pinned one.

    Raises DiarkitError for a file that is no such network.
    """
    import onnxruntime  # only here: the other methods need not wait for it

    path = str(path or models.fetch("silero"))
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3  # it warns of weights it does not need
    try:
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has an exception class for each of its reasons
        raise DiarkitError(f"{path}: cannot be loaded as a network: {error}") from None
    names = [i.name for i in session.get_inputs()]
    if names != ["input", "h", "c"]:
        raise DiarkitError(f"{path}: a network with the inputs {', '.join(names)}; needed are input, h and c, as "
                           "silero_vad_16k_sequence.onnx of the package silero-vad has them")
    return session
