"""Speech by two witnesses: the segmentation network and Silero's detector, their odds multiplied.

In noisy rooms the segmentation network misses speech that Silero hears; Silero takes music and breath for speech where
the network does not. Neither is right alone, and each is sure where the other is not.
"""

import numpy as np

from diarkit.features.beside import FeaturesBeside
from diarkit.segmentation.grid import FIRST_S, FRAME_S
from diarkit.vad.silero import CHUNK_N, RATE_HZ, Silero

LEAST = 1e-3  # no witness is surer than this


class BesideSilero(FeaturesBeside):
    """A recording that Silero hears in a thread of its own while its blocks of audio are handed to the segmentation.

    audio: an audio.AudioFile or the like at 16 kHz. Use it in a `with` block: `blocks()` once, then `probabilities()`.
    """

    def __init__(self, audio):
        super().__init__(audio, _Chunks(), None)

    def probabilities(self):
        """Return (T,) float32 speech probabilities, one per 512 samples."""
        return np.asarray(self.features())[:, 0]


class _Chunks:
    """Silero's probabilities in the form of a feature: blocks of audio in, blocks (n, 1) out."""

    dim = 1

    def __init__(self):
        self._silero = Silero()

    def blocks(self, audio):
        for scores in self._silero.stream(audio):
            yield scores[:, None]


def fused(speech, heard, weight):
    """Return (F,) float32 speech probabilities of both witnesses.

    speech: (F,) of the segmentation's global frames; heard: (T,) Silero's, one per 512 samples; weight: Silero's, from
    0 to 1, the segmentation has the rest. The log odds are averaged: the logarithmic opinion pool of Genest and Zidek
    1986, "Combining probability distributions".
    """
    assert speech.ndim == heard.ndim == 1, (speech.shape, heard.shape)
    if not len(heard):
        return np.asarray(speech, np.float32)
    frames_s = FIRST_S + (np.arange(len(speech)) + 0.5) * FRAME_S
    beside = np.interp(frames_s, (np.arange(len(heard)) + 0.5) * (CHUNK_N / RATE_HZ), heard)
    odds = (1 - weight) * _log_odds(speech) + weight * _log_odds(beside)
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


def _log_odds(probability):
    inside = np.clip(np.asarray(probability, np.float64), LEAST, 1 - LEAST)
    return np.log(inside / (1 - inside))
