"""Bring recordings that are too quiet or beyond full scale to the level that detectors by level were made for."""

import numpy as np

FRAME_S = 0.1
QUIET_DB = -40.0    # the loud frames of a recording lie above this, in dB of full scale, or it is brought up
WANTED_DB = -33.0   # to this
SPREAD_DB = 10.0    # stationary noise has no loud frames: it is left as quiet as it is
MOST_DB = 40.0      # by no more than this: what is left then is noise
PEAK = 2.0          # floats whose peak is beyond this are not in the range of -1 to 1
SCALES = (2.0**15, 2.0**23, 2.0**31)  # full scale of such floats: of 16, 24 or 32 bits
NOTHING = 1e-12     # mean square of digital silence


class Levelled:
    """Audio with a gain: read as an audio.AudioFile is."""

    def __init__(self, audio, gain):
        self._audio, self._gain = audio, np.float32(gain)
        self.options, self.duration_s = audio.options, audio.duration_s

    def blocks(self, *block_s):
        """Yield the blocks of the audio, each sample times the gain."""
        return (block * self._gain for block in self._audio.blocks(*block_s))


def levelled(audio):
    """Return (audio at a level that detectors can judge, words on what was done, "" where nothing was).

    audio: an audio.AudioFile or the like; it is read once. One of an ordinary level is given back as it is.
    """
    peak, loud_db, spread_db = measure(audio)
    gain, said = 1.0, []
    if peak > PEAK:
        scale = next((s for s in SCALES if peak <= s), peak)
        gain, loud_db = 1 / scale, loud_db - 20 * np.log10(scale)
        said.append(f"its samples reach {peak:.0f}, floats in the range of integers: divided by {scale:.0f}")
    if loud_db < QUIET_DB and peak > 0 and spread_db > SPREAD_DB:
        more_db = min(WANTED_DB - loud_db, MOST_DB)
        gain *= 10 ** (more_db / 20)
        said.append(f"it is quiet, {loud_db:.0f} dB: brought up by {more_db:.0f} dB")
    return (Levelled(audio, gain), "; ".join(said)) if said else (audio, "")


def measure(audio):
    """Return (peak, level of loud frames in dB of full scale, how far the quiet ones lie below it in dB).

    Frames are 0.1 s long; the loud ones are the 95th percentile, the quiet ones the 10th.
    """
    step, held, peak, squares = max(round(FRAME_S * audio.options.sample_rate), 1), np.zeros(0, np.float32), 0.0, []
    for block in audio.blocks():
        held = np.concatenate([held, block])
        peak = max(peak, float(np.abs(block).max(initial=0)))
        whole = len(held) // step * step
        frames = held[:whole].reshape(-1, step)
        squares.append(np.einsum("tn,tn->t", frames, frames) / step)
        held = held[whole:].copy()
    if len(held):
        squares.append(np.array([held @ held / len(held)]))
    levels = np.concatenate(squares) if squares else np.zeros(1)
    if not len(levels):
        return peak, -120.0, 0.0
    quiet_db, loud_db = 10 * np.log10(np.percentile(levels, [10, 95]) + NOTHING)
    return peak, float(loud_db), float(loud_db - quiet_db)
