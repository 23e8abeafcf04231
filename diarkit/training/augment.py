"""Augmentation of crops: rooms, noise, other voices, level, codecs, a narrow band; and masks on features (SpecAugment).

Every crop has a random stream of its own, so that it sounds the same whoever makes it and whenever.
"""

import numpy as np
import soxr

from diarkit.audio import AudioOptions, read_audio
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_table
from diarkit.options import opt, options
from diarkit.simulate.codecs import transmit
from diarkit.simulate.noise import looped, pink_noise, unit_power, white_noise
from diarkit.simulate.options import CODECS, words
from diarkit.training.rooms import RoomBank, RoomOptions


@options
class AugmentOptions(RoomOptions):
    """Augmentation; each share is the share of the crops it befalls."""

    noise_share: float = opt(0.4, "with noise", low=0, high=1)
    noises: str | None = opt(None, "wav.scp of noises (none: pink and white noise is made)")
    noise_snr_db: str = opt("0,20", "least and greatest level of the speech over the noise, dB")
    babble_share: float = opt(0.2, "with other speakers, among those without noise", low=0, high=1)
    babble_voices: str = opt("1,6", "fewest and most of them")
    babble_snr_db: str = opt("8,20", "least and greatest level over them together, dB")
    room_share: float = opt(0.3, "in a room", low=0, high=1)
    codec_share: float = opt(0.15, "through a codec", low=0, high=1)
    train_codecs: str = opt("ulaw,alaw,gsm,mp3", "codecs with commas (opus costs as much as all else): "
                            + " ".join(CODECS))
    narrow_share: float = opt(0.1, "without anything above 4 kHz", low=0, high=1)
    gain_db: float = opt(10.0, "largest change of the level either way, dB; what gets too loud is clipped", low=0)
    mask_share: float = opt(0.5, "with masks on their features", low=0, high=1)
    time_masks: str = opt("1,10", "how many masks of time, and their greatest length in frames")
    band_masks: str = opt("1,8", "how many masks of columns, and the greatest number of columns of one")

    def check(self):
        """Refuse pairs that are none and codecs that are not known."""
        super().check()
        for name in ("noise_snr_db", "babble_voices", "babble_snr_db", "time_masks", "band_masks"):
            pair(getattr(self, name), name)
        words(self.train_codecs, CODECS, "train-codecs")


def pair(text, name):
    """Return the two numbers of a text `a,b`."""
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise UsageError(f"--{name.replace('_', '-')} must be two numbers with a comma, not {text!r}") from None
    return low, high


class Augment:
    """Changes samples (N,) float32 as AugmentOptions say. rate: samples a second; seed: of the rooms; sound: False
    where features alone are changed, which needs neither noises nor rooms."""

    def __init__(self, options, rate, seed=0, sound=True):
        self.options, self.rate, o = options, rate, options
        self._codecs = words(o.train_codecs, CODECS, "train-codecs")
        self._noises = _load_all(o.noises, rate) if sound and o.noises and o.noise_share else None
        self._rooms = RoomBank(o, rate, seed) if sound and o.room_share else None

    def __call__(self, samples, rng, voice=None):
        """Return samples of the same length. voice(count_n, rng): some other speaker's samples; None: no babble."""
        o = self.options
        drawn = rng.random(6)  # always as many draws: one share changes nothing about another
        if drawn[0] < o.room_share:
            samples = self._rooms(samples, rng)
        if drawn[1] < o.noise_share:
            samples = _add(samples, self._noise(len(samples), rng), _between(o.noise_snr_db, rng))
        elif voice and drawn[2] < o.babble_share / max(1 - o.noise_share, 1e-9):
            samples = _add(samples, self._babble(len(samples), rng, voice), _between(o.babble_snr_db, rng))
        samples = np.clip(samples * np.float32(10 ** (rng.uniform(-o.gain_db, o.gain_db) / 20)), -1, 1)
        narrow = drawn[4] < o.narrow_share
        if drawn[3] < o.codec_share or narrow:
            codec = str(rng.choice(self._codecs)) if drawn[3] < o.codec_share else "pcm"
            samples = transmit(samples, self.rate, codec, narrow)
        return samples.astype(np.float32)

    def _noise(self, count_n, rng):
        if self._noises:
            noise = self._noises[int(rng.integers(len(self._noises)))]
            start = int(rng.integers(max(len(noise) - count_n, 0) + 1))
            return noise[start:start + count_n] if len(noise) >= count_n else looped(noise, count_n, rng)
        return (white_noise if rng.random() < 0.2 else pink_noise)(count_n, rng)

    def _babble(self, count_n, rng, voice):
        low, high = pair(self.options.babble_voices, "babble_voices")
        return sum(unit_power(voice(count_n, rng)) for _ in range(int(rng.integers(low, high, endpoint=True))))

    def mask(self, feats, rng):
        """Return feats (T, D) with masked rows and columns, which hold the mean of each column.

        Source: Park et al. 2019, "SpecAugment", section 2, without the warping of time.
        """
        o = self.options
        if rng.random() >= o.mask_share:
            return feats
        feats, mean = feats.copy(), feats.mean(0)
        for axis, text in enumerate((o.time_masks, o.band_masks)):
            count, longest = (int(x) for x in pair(text, "masks"))
            for _ in range(count):
                size = min(int(rng.integers(longest + 1)), feats.shape[axis] // 2)
                start = int(rng.integers(feats.shape[axis] - size + 1))
                if axis:
                    feats[:, start:start + size] = mean[start:start + size]
                else:
                    feats[start:start + size] = mean
        return feats


def _between(text, rng):
    return rng.uniform(*pair(text, "snr"))


def _add(samples, noise, snr_db):
    """Return samples with noise at a level of the samples' power over the noise's, in dB."""
    power, noise_power = np.mean(samples ** 2), np.mean(noise ** 2)
    return samples + noise * np.float32(np.sqrt(power / max(noise_power, 1e-12)) * 10 ** (-snr_db / 20))


def _load_all(scp, rate):
    """Return [(N,) float16 samples] of all noises: they are held in memory."""
    found = []
    for name, entry in read_table(scp).items():
        try:
            samples = read_audio(entry, AudioOptions(sample_rate=rate))
        except DiarkitError as error:
            raise DiarkitError(f"{scp}: {name}: {error}") from None
        if np.any(samples):
            found.append(samples.astype(np.float16))
    if not found:
        raise DiarkitError(f"{scp}: no noises. Write `<noise> <path>` lines")
    return found


def resampled(samples, count_n):
    """Return (count_n,) float32: samples (N,) heard N / count_n times as fast."""
    heard = soxr.resample(samples, len(samples), count_n, "MQ")[:count_n]
    return np.pad(heard, (0, count_n - len(heard)))
