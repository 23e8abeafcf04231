"""What is in the audio: every sample of every recording is decoded once."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from diarkit import cli
from diarkit.audio import AudioFile
from diarkit.errors import DiarkitError

LENGTH_SLACK_S = 0.05  # two lengths that differ by less are the same


class Sound(NamedTuple):
    """One recording's duration_s, sample_rate (Hz), channels, and fault ("" when it can be used)."""

    duration_s: float
    sample_rate: int
    channels: int
    fault: str


def probe(entry):
    """Return the Sound of a wav.scp entry, opened as the pipeline opens it and read to its end."""
    try:
        audio = AudioFile(entry)
        decoded_s = sum(len(block) for block in audio.blocks()) / audio.options.sample_rate
        fault = "" if abs(decoded_s - audio.duration_s) <= LENGTH_SLACK_S else \
            f"{entry}: {decoded_s:.3f} s can be decoded, the file says {audio.duration_s:.3f} s. Make the file again"
        return Sound(audio.duration_s, audio.sample_rate, audio.channels, fault)
    except (DiarkitError, OSError) as error:
        return Sound(0.0, 0, 0, str(error))


def probe_all(entries, threads):
    """Return {key: Sound} of {key: entry}; libsndfile works outside Python's lock, so threads share the load."""
    with ThreadPoolExecutor(threads) as pool:
        sounds = pool.map(probe, entries.values())
        return dict(zip(entries, cli.progress(sounds, len(entries))))
