"""Where the speech is in a clean utterance."""

import numpy as np
from scipy.ndimage import binary_closing, uniform_filter1d


def speech_spans(samples, rate, floor_db=-38.0, pause_s=0.35):
    """Return [(start_s, end_s)] of the speech in a clean utterance: pauses shorter than pause_s do not divide it.

    samples: (N,) float32 of one utterance with a quiet background.
    """
    hop_n = rate // 100
    frames = len(samples) // hop_n
    if not frames:
        return []
    energy = (samples[:frames * hop_n].reshape(frames, hop_n) ** 2).mean(axis=1)
    loud = uniform_filter1d(energy, 5) > energy.max() * 10 ** (floor_db / 10)
    width = round(pause_s * 100)
    padded = np.pad(loud, width)
    active = binary_closing(padded, np.ones(width))[width:-width]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    return [(a / 100, b / 100) for a, b in edges.reshape(-1, 2)]


def quiet_point(samples, rate, at_s, reach_s=0.2):
    """Return the quietest time within reach_s of at_s, a place to cut speech in two, in seconds."""
    hop_n = rate // 100
    first = max(round((at_s - reach_s) * 100), 0)
    frames = samples[first * hop_n:round((at_s + reach_s) * 100) * hop_n]
    frames = frames[:len(frames) // hop_n * hop_n].reshape(-1, hop_n)
    return (first + int(np.argmin((frames ** 2).sum(axis=1))) + 0.5) / 100 if len(frames) else at_s
