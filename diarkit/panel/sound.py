"""The sound of a page: Ogg Opus, and its peaks, out of one pass over the recording."""

import io
from typing import NamedTuple

import numpy as np
import soundfile

from diarkit.audio import AudioFile, AudioOptions
from diarkit.export.envelope import envelope

RATE = 16000                       # one of those that Opus knows
LOWEST_BPS, HIGHEST_BPS = 6000, 256000  # libsndfile's compression level runs from the highest rate, 0, to the lowest, 1
PEAKS_PER_S, LEAST_PEAKS, MOST_PEAKS = 50, 1000, 200000
BLOCK_S = 5.0  # libsndfile's Opus encoder is happier with short blocks


class Sound(NamedTuple):
    """What a page knows of the sound: opus bytes or None, peaks (M, 2) int8 lowest and highest, duration_s.

    peak_s: seconds that each row of peaks covers.
    """

    opus: bytes | None
    peaks: np.ndarray
    duration_s: float
    peak_s: float


def listen(entry, channel="mix", kbps=24, embed=True):
    """Return the Sound of a recording, which is read once in blocks.

    entry: a path or `command |`; kbps: of the Opus stream; embed: False leaves the stream out.
    """
    file = AudioFile(entry, AudioOptions(sample_rate=RATE, channel=channel))
    least = int(np.clip(file.duration_s * PEAKS_PER_S, LEAST_PEAKS, MOST_PEAKS))
    target = io.BytesIO()
    blocks = encoded(file.blocks(BLOCK_S), target, kbps) if embed else file.blocks(BLOCK_S)
    extremes, step, total = envelope(blocks, least)
    loudest = max(float(np.abs(extremes).max(initial=0)), 1e-4)
    peaks = np.clip(np.round(extremes / loudest * 127), -127, 127).astype(np.int8)
    return Sound(target.getvalue() if embed else None, peaks, total / RATE, step / RATE)


def encoded(blocks, target, kbps=24):
    """Yield the blocks (n,) float32 at RATE, writing them to a binary file as Ogg Opus on the way."""
    level = float(np.clip((HIGHEST_BPS - 1000 * kbps) / (HIGHEST_BPS - LOWEST_BPS), 0, 1))
    with soundfile.SoundFile(target, "w", RATE, 1, format="OGG", subtype="OPUS", compression_level=level) as file:
        for block in blocks:
            file.write(np.clip(block, -1, 1))
            yield block
