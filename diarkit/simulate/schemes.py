"""Who talks when: three ways to place utterances of several speakers one after another or over one another."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.simulate.turn_taking import draw

SHORTEST_S = 0.2   # of a piece that is cut off


class Placed(NamedTuple):
    """A piece of an utterance in a conversation; start_s is where begin_s of the utterance comes to lie."""

    start_s: float
    speaker: str
    utterance: str
    begin_s: float
    end_s: float


class Deck:
    """A speaker's utterances in random order; none comes again before the others have been used."""

    def __init__(self, speakers, rng):
        self._speakers, self._rng, self._left = speakers, rng, {s: [] for s in speakers}

    def pop(self, speaker):
        """Return the speaker's next utterance."""
        if not self._left[speaker]:
            self._left[speaker] = list(self._rng.permutation(self._speakers[speaker]))
        return str(self._left[speaker].pop())


class Stretches:
    """The stretches of speech of a speaker's utterances, in their order, cut to a length where that is wanted.

    spans: function (speaker, utterance) -> [(start_s, end_s)]; cut: function (speaker, utterance, at_s) -> at_s, a
    better place to cut nearby.
    """

    def __init__(self, speakers, spans, cut, rng):
        self._speakers, self._spans, self._cut = speakers, spans, cut
        self._deck, self._queue = Deck(speakers, rng), {s: [] for s in speakers}

    def next(self, speaker, most_s=None):
        """Return (utterance, begin_s, end_s) of at most about most_s seconds; what is left over comes next time."""
        queue = self._queue[speaker]
        for _ in self._speakers[speaker]:
            if not queue:
                utterance = self._deck.pop(speaker)
                queue += [(utterance, a, b) for a, b in reversed(self._spans(speaker, utterance))]
        if not queue:
            raise DiarkitError(f"none of the {len(self._speakers[speaker])} utterances of {speaker} holds any speech")
        utterance, begin_s, end_s = queue.pop()
        if most_s is not None and end_s - begin_s > most_s + SHORTEST_S:
            cut_s = self._cut(speaker, utterance, begin_s + max(most_s, SHORTEST_S))
            if begin_s + SHORTEST_S <= cut_s <= end_s - SHORTEST_S:
                queue.append((utterance, cut_s, end_s))
                end_s = cut_s
        return utterance, begin_s, end_s


def deck(speakers, length_s, options, rng):
    """Place whole utterances with exponential pauses and overlaps; everyone gets to speak before chance decides.

    speakers: {speaker: [utterance]}; length_s: function (speaker, utterance) -> seconds. Returns [Placed] in the
    order they were placed. No speaker overlaps with himself.
    """
    cards, names = Deck(speakers, rng), sorted(speakers)
    free_s = dict.fromkeys(names, 0.0)
    placed, now_s, last, last_s = [], 0.0, None, 0.0
    waiting = list(rng.permutation(names))
    while now_s < options.duration or waiting:
        others = [n for n in names if n != last]
        stays = last is not None and (not others or rng.random() < options.same_speaker)
        speaker = last if stays else str(waiting.pop() if waiting else rng.choice(others))
        utterance = cards.pop(speaker)
        gap_s = rng.exponential(options.mean_pause)
        if not stays and placed and rng.random() < options.overlap:
            gap_s = -min(rng.exponential(options.mean_overlap), 0.8 * last_s)
        start_s, last_s = max(now_s + gap_s, free_s[speaker], 0.0), length_s(speaker, utterance)
        placed.append(Placed(start_s, speaker, utterance, 0.0, last_s))
        now_s, last = max(now_s, start_s + last_s), speaker
        free_s[speaker] = start_s + last_s
    return placed


def fujita(speakers, length_s, options, rng):
    """Place each speaker's utterances with exponential silences, knowing nothing of the others.

    Fujita et al. 2019, "End-to-end neural speaker diarization with permutation-free objectives", algorithm 1; here a
    speaker goes on until the duration is reached, there for a number of utterances.
    """
    cards, placed = Deck(speakers, rng), []
    for speaker in sorted(speakers):
        now_s = rng.exponential(options.beta)
        while now_s < options.duration:
            utterance = cards.pop(speaker)
            placed.append(Placed(now_s, speaker, utterance, 0.0, length_s(speaker, utterance)))
            now_s += placed[-1].end_s + rng.exponential(options.beta)
    if not placed:  # all of them fell silent beyond the end
        speaker = sorted(speakers)[0]
        utterance = cards.pop(speaker)
        placed.append(Placed(0.0, speaker, utterance, 0.0, length_s(speaker, utterance)))
    return placed


class Landini:
    """One conversation with the pauses and overlaps of real ones; Landini et al. 2022, algorithm 1.

    Beyond the paper: the probability that a speaker goes on is that of the statistics as well (--interleave=random has
    the paper's), long stretches may be cut to lengths of the statistics, nobody overlaps with himself, and an overlap
    is never longer than what it overlaps with.
    """

    def __init__(self, names, model, options, rng):
        self._names, self._model, self._options, self._rng = sorted(names), model, options, rng
        self._free_s = dict.fromkeys(self._names, 0.0)
        self._weight = dict(zip(self._names, np.exp(rng.normal(0, options.dominance, len(self._names)))))
        self._waiting = list(rng.permutation(self._names))
        self._holder, self._floor_s, self._start_s = None, 0.0, 0.0

    def place(self, stretches):
        """Return [Placed] until the duration is reached and everyone has spoken. stretches: Stretches of the names."""
        placed, model, rng = [], self._model, self._rng
        while self._floor_s < self._options.duration or self._waiting:
            start_s, speaker = self._next_turn()
            most_s = draw(model.turn_s, rng) if self._options.turns == "model" and model.turn_s else None
            utterance, begin_s, end_s = stretches.next(speaker, most_s)
            placed.append(Placed(start_s, speaker, utterance, begin_s, end_s))
            self._took(speaker, start_s, start_s + end_s - begin_s)
        return placed

    def _took(self, speaker, start_s, end_s):
        self._free_s[speaker], self._start_s = end_s, start_s
        self._waiting = [name for name in self._waiting if name != speaker]
        if end_s > self._floor_s:
            self._holder, self._floor_s = speaker, end_s

    def _next_turn(self):
        """Return (start_s, speaker) of the next turn."""
        model, rng = self._model, self._rng
        late = self._floor_s >= self._options.duration
        if self._holder is None:
            return 0.0, str(self._waiting[-1])
        share = model.same_speaker if self._options.interleave == "model" else 1 / len(self._names)
        if len(self._names) == 1 or not late and rng.random() < share:
            return self._floor_s + self._draw(model.same_speaker_pause_s or model.other_speaker_pause_s), self._holder
        gap_s = self._change_gap()
        others = self._waiting if late else [name for name in self._names if name != self._holder]
        free = [name for name in others if self._free_s[name] <= self._floor_s + gap_s]
        if not free:  # an overlap of three: it starts when the first of the others has finished
            free = [min(others, key=lambda name: self._free_s[name])]
        weight = np.array([self._weight[name] for name in free])
        speaker = str(rng.choice(free, p=weight / weight.sum()))
        return max(self._floor_s + gap_s, self._free_s[speaker]), speaker

    def _change_gap(self):
        most_s = self._floor_s - self._start_s  # not before the turn before it has begun
        if self._model.overlap_s and self._rng.random() < self._model.overlap:
            return -self._draw(self._model.overlap_s, 0.9 * most_s)
        return self._draw(self._model.other_speaker_pause_s or self._model.same_speaker_pause_s)

    def _draw(self, quantiles, most_s=float("inf")):
        return draw(quantiles, self._rng, most_s) if quantiles else 0.0
