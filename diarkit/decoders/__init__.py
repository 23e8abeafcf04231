"""Decoders: libsndfile for what it reads whole, FFmpeg's libraries (PyAV) for the rest.

A decoder knows `sample_rate`, `channels`, `announced_n` (samples of each channel that the file promises, None where it
does not tell) and `form`, and yields the sound with `blocks(step_n)`: (n, channels) float32, as often as wanted.
"""

from diarkit.decoders.choice import open_decoder

__all__ = ["open_decoder"]
