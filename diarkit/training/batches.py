"""Which crops are heard when: batches of as many crops of each speaker, each named by numbers alone.

Nothing is kept between two batches: what is in batch b of round r follows from the seed, r and b, so that a training
goes on anywhere.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.simulate.options import read_speeds

ORDER, LENGTH, CROP, AUGMENT, HALF = range(10, 15)  # random streams
LENGTHS = 5                                         # of crops: torch prepares itself anew for each


@options
class BatchOptions:
    """Batches."""

    batch_speakers: int = opt(64, "speakers of a batch", low=2)
    crops: int = opt(2, "crops of each of them", low=1)
    min_crop_s: float = opt(1.5, "shortest crop, seconds; all crops of a batch have one length", above=0)
    max_crop_s: float = opt(3.0, "longest crop, seconds", above=0)
    balance: float = opt(1.0, "1: every speaker comes as often; 0: as often as there is speech of him", low=0, high=1)
    speeds: str = opt("0.9,1,1.1", "speeds with commas; a speaker at another speed is another speaker")

    def check(self):
        """Refuse an empty range of lengths and speeds that are none."""
        if self.max_crop_s < self.min_crop_s:
            raise UsageError(f"--max-crop-s {self.max_crop_s:g} is below --min-crop-s {self.min_crop_s:g}")
        read_speeds(self.speeds)

    @property
    def speed_list(self):
        """The speeds as numbers."""
        return read_speeds(self.speeds)


class Batch(NamedTuple):
    """voices: (S,) class numbers; draws: (S, M, 3) round, row and place that name each crop; length_s: of the crops."""

    voices: np.ndarray
    draws: np.ndarray
    length_s: float


class Plan:
    """The batches of every round. names: speakers to train on; seconds: (K,) of each; count: batches of a round.

    A voice is a speaker at one speed: voice v is speaker v // speeds at speed v % speeds.
    """

    def __init__(self, names, seconds, count, options, seed):
        self.options, self.seed, self.count, self.names = options, seed, count, names
        self.speeds = options.speed_list
        self.classes = len(names) * len(self.speeds)
        self.size = min(options.batch_speakers, self.classes)
        if self.size < 2:
            raise DiarkitError(f"{len(names)} speakers to train on, two at least are needed")
        self._weights = np.repeat(np.maximum(seconds, 1e-3) ** (1 - options.balance), len(self.speeds))
        shares = self._weights / self._weights.sum()
        self.per_epoch = max(int(1 / np.square(shares).sum() + 1e-6) // self.size, 1)

    def voices(self, number):
        """Return (S,) voices of the training's batch `number`, from 0; none comes twice in an epoch.

        With weights an epoch is shorter: as many speakers as count (the inverse of the sum of squared shares).
        """
        epoch, part = divmod(number, self.per_epoch)
        random = np.random.default_rng((self.seed, ORDER, epoch))
        first = random.exponential(size=self.classes) / self._weights  # drawn by weight, without replacement
        chosen = random.permutation(np.argsort(first)[:self.per_epoch * self.size])
        return chosen[part * self.size:(part + 1) * self.size]

    def batch(self, round_number, b):
        """Return the Batch b of a round (from 1)."""
        voices = self.voices((round_number - 1) * self.count + b)
        rows = np.arange(b * self.size, (b + 1) * self.size)
        return Batch(voices, draws(round_number, rows, self.options.crops), self.length_s(round_number, b))

    def length_s(self, round_number, b):
        """Return the length of a batch's crops in seconds."""
        lengths = np.linspace(self.options.min_crop_s, self.options.max_crop_s, LENGTHS)
        return float(np.random.default_rng((self.seed, LENGTH, round_number, b)).choice(lengths))


def draws(round_number, rows, crops):
    """Return (S, M, 3) int64: the numbers that name the crops of a batch's rows."""
    named = np.empty((len(rows), crops, 3), np.int64)
    named[..., 0], named[..., 1], named[..., 2] = round_number, rows[:, None], np.arange(crops)
    return named


def pieces(lengths, draw, crops, needed, seed):
    """Return [(utterance, start, count)] that make one crop of `needed` samples out of a speaker's utterances.

    lengths: (U,) of the utterances. The crops of one row begin in different utterances, longer ones more often; an
    utterance that is too short is heard whole and goes on with others.
    """
    round_number, row, place = (int(x) for x in draw)
    random = np.random.default_rng((seed, CROP, round_number, row))
    order = np.argsort(random.exponential(size=len(lengths)) / lengths)
    own = order[place::crops]  # the other crops of the row take theirs first
    sequence = np.concatenate([own, order[~np.isin(order, own)]])
    where, found, left = random.random(crops)[place], [], needed
    while left > 0:
        utterance = int(sequence[len(found) % len(sequence)])
        spare = max(int(lengths[utterance]) - left, 0)
        start = int(where * (spare + 1)) if not found else 0
        count = min(left, int(lengths[utterance]))
        found.append((utterance, start, count))
        left -= count
    return found
