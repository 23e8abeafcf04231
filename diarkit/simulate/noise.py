"""Background noise of unit power: pink, white, babble of speakers who do not take part, or out of files."""

import os

import numpy as np

from diarkit.audio import AudioFile, AudioOptions
from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_table

BABBLE_VOICES = (3, 7)
BABBLE_S = 30.0   # of each voice; then it comes again, each at a time of its own


def pink_noise(count_n, rng):
    """Return (N,) float32 noise of unit power whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(count_n).astype(np.float32))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, count_n)
    return (noise / np.sqrt(np.mean(noise ** 2))).astype(np.float32)


def white_noise(count_n, rng):
    """Return (N,) float32 noise of unit power, as much in every band."""
    return rng.standard_normal(count_n, dtype=np.float32)


def babble(count_n, rng, pool, absent):
    """Return (N,) float32 of several voices of a Pool at once, unit power. absent: speakers that may be heard."""
    voices = min(int(rng.integers(*BABBLE_VOICES, endpoint=True)), len(absent))
    heard = rng.choice(sorted(absent), voices, replace=False)
    mixed = np.zeros(count_n, np.float32)
    for speaker in heard:
        parts, length_n = [], 0
        for utterance in rng.permutation(absent[speaker]):
            found = pool.load(str(utterance))
            if found.spans:
                parts.append(found.samples / found.rms)
                length_n += len(found.samples)
            if length_n >= BABBLE_S * pool.sample_rate:
                break
        if parts:
            mixed += looped(np.concatenate(parts), count_n, rng)
    return unit_power(mixed)


def looped(samples, count_n, rng):
    """Return `count_n` samples that start anywhere in `samples`, which come again and again where they are too few."""
    start_n = int(rng.integers(len(samples)))
    return np.resize(np.roll(samples, -start_n), count_n)


def unit_power(samples):
    """Return the samples at a power of 1; silence stays what it is."""
    return (samples / (np.sqrt(np.mean(samples ** 2)) + 1e-9)).astype(np.float32)


class NoiseFiles:
    """Noises out of a wav.scp; a longer one is read from a random place on, a shorter one comes again and again."""

    def __init__(self, scp, sample_rate):
        self._scp, self._entries, self._audio = scp, read_table(scp), AudioOptions(sample_rate=sample_rate)
        if not self._entries:
            raise data_error(scp, None, "no noises", "Write `<noise> <path>` lines")

    def __call__(self, count_n, rng):
        """Return ((N,) float32 of unit power, name of the noise)."""
        name = str(rng.choice(sorted(self._entries)))
        try:
            file = AudioFile(self._entries[name], self._audio)
            spare_n = max(int(file.duration_s * self._audio.sample_rate) - count_n, 0)
            found = _read(file, int(rng.integers(spare_n + 1)), count_n)
        except DiarkitError as error:
            raise DiarkitError(f"{os.fspath(self._scp)}: {name}: {error}") from None
        return unit_power(found if len(found) == count_n else looped(found, count_n, rng)), name


def _read(file, first_n, count_n):
    """Return `count_n` samples from `first_n` on, in memory bounded by them."""
    blocks, at_n = [], 0
    for block in file.blocks():
        blocks.append(block[max(first_n - at_n, 0):max(first_n + count_n - at_n, 0)])
        at_n += len(block)
        if at_n >= first_n + count_n:
            break
    return np.concatenate(blocks)
