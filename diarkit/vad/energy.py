"""Kaldi's energy-based detector: log energy against a threshold that follows the mean of the recording."""

import numpy as np

from diarkit.options import opt, options
from diarkit.vad.framing import BLOCK_S, frame_blocks
from diarkit.vad.smoothing import runs

WINDOW_S, SHIFT_S = 0.025, 0.010  # Kaldi's frames
EPSILON = np.finfo(np.float32).eps  # Kaldi's floor of an energy


@options
class EnergyOptions:
    """Energy (--method=energy), Kaldi's compute-vad"""

    energy_threshold: float = opt(5.5, "constant part of the threshold, log energy of 16-bit samples")
    energy_mean_scale: float = opt(0.5, "this times the mean log energy of the recording is added to it", low=0)
    frames_context: int = opt(2, "a frame is decided with this many frames on both sides", low=0)
    proportion_threshold: float = opt(0.12, "speech, when at least this share of them is above the threshold",
                                      above=0, below=1)
    energy_dither: float = opt(1.0, "energy of noise of this deviation (16-bit steps) is added to each frame", low=0)


class Energy:
    """Speech by Kaldi's energy detector."""

    def __init__(self, options=None):
        self.options = options or EnergyOptions()

    def __call__(self, audio, reco=None):
        """Return speech as (R, 2) seconds; audio: an audio.AudioFile or the like."""
        return runs(decide(log_energies(audio, self.options.energy_dither), self.options)) * SHIFT_S


def log_energies(audio, dither=0.0):
    """Return (T,) float32 log energies of 25-ms frames every 10 ms, samples scaled to 16 bits, without their mean.

    The same as Kaldi's MFCC energy (raw-energy=true, snip-edges=false) without dither; here dither adds the energy
    it has on average, so that the same recording always gives the same energies.
    """
    window_n, hop_n = (round(s * audio.options.sample_rate) for s in (WINDOW_S, SHIFT_S))
    found = [np.zeros(0, np.float32)]
    for frames in frame_blocks(audio.blocks(BLOCK_S), window_n, hop_n, (window_n - hop_n) // 2, mirror=True):
        centred = frames - frames.mean(axis=1, keepdims=True)
        power = np.einsum("ij,ij->i", centred, centred).astype(np.float64) * 32768.0**2
        found.append(np.log(np.maximum(power + window_n * dither**2, EPSILON)).astype(np.float32))
    return np.concatenate(found)


def decide(energies, opts):
    """Return (T,) bool: enough frames around each frame exceed the threshold.

    energies: (T,) log energies of the whole recording. Source: Kaldi, ivector/voice-activity-detection.cc: the
    threshold is energy_threshold + energy_mean_scale * mean; near the ends only frames that exist are counted.
    """
    assert energies.ndim == 1, energies.shape
    if not len(energies):
        return np.zeros(0, bool)
    loud = energies > opts.energy_threshold + opts.energy_mean_scale * np.mean(energies, dtype=np.float64)
    total, frames = np.concatenate([[0], np.cumsum(loud)]), np.arange(len(energies))
    first = np.maximum(frames - opts.frames_context, 0)
    last = np.minimum(frames + opts.frames_context + 1, len(energies))
    return total[last] - total[first] >= opts.proportion_threshold * (last - first)
