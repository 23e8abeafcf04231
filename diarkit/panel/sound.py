"""The sound of a page: Ogg Opus, and its peaks, out of one pass over the recording."""

import tempfile
from typing import BinaryIO, NamedTuple

import av
import numpy as np

from diarkit.audio import AudioFile, AudioOptions
from diarkit.export.envelope import envelope

RATE = 16000                       # one of those that Opus knows
# FFmpeg's libopus: at level 3 of 10 it takes half the time of 10, and speech at 24 kbps sounds the same.
EFFORT = {"compression_level": "3", "application": "voip", "frame_duration": "60"}
PEAKS_PER_S, LEAST_PEAKS, MOST_PEAKS = 50, 1000, 200000
BLOCK_S = 30.0
IN_MEMORY_B = 1 << 23  # of Opus, more goes to a temporary file


class Sound(NamedTuple):
    """What a page knows of the sound: opus, a binary file or None, peaks (M, 2) int8 lowest and highest, duration_s.

    peak_s: seconds that each row of peaks covers.
    """

    opus: BinaryIO | None
    peaks: np.ndarray
    duration_s: float
    peak_s: float


def listen(entry, channel="mix", kbps=24, embed=True):
    """Return the Sound of a recording, which is read once in blocks.

    entry: a path or `command |`; kbps: of the Opus stream; embed: False leaves the stream out.
    """
    file = AudioFile(entry, AudioOptions(sample_rate=RATE, channel=channel))
    least = int(np.clip(file.duration_s * PEAKS_PER_S, LEAST_PEAKS, MOST_PEAKS))
    target = tempfile.SpooledTemporaryFile(IN_MEMORY_B, prefix="diarkit-")
    blocks = encoded(file.blocks(BLOCK_S), target, kbps) if embed else file.blocks(BLOCK_S)
    extremes, step, total = envelope(blocks, least)
    loudest = max(float(np.abs(extremes).max(initial=0)), 1e-4)
    peaks = np.clip(np.round(extremes / loudest * 127), -127, 127).astype(np.int8)
    return Sound(target if embed else None, peaks, total / RATE, step / RATE)


def encoded(blocks, target, kbps=24):
    """Yield the blocks (n,) float32 at RATE, writing them to a binary file as Ogg Opus on the way."""
    # bitexact: the same sound gives the same bytes, else FFmpeg numbers the stream by chance
    with av.open(target, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono", options=EFFORT)
        stream.bit_rate, done = round(1000 * kbps), 0
        for block in blocks:
            samples = np.round(np.clip(block, -1, 1) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, done
            container.mux(stream.encode(frame))
            done += len(block)
            yield block
        container.mux(stream.encode(None))
