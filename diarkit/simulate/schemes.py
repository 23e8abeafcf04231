"""Who talks when: three ways to place utterances of several speakers one after another or over one another."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.simulate.turn_taking import draw

SHORTEST_S = 0.2      # of a stretch of speech; what is shorter is a click, not a word
JOINED_S = 0.05, 0.3  # between stretches that make one turn: below the pause that divides speech


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
    """The stretches of speech of a speaker's utterances, in their order, cut or joined to a length if that is wanted.

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
                spans = self._spans(speaker, utterance)
                queue += [(utterance, a, b) for a, b in reversed(spans) if b - a >= SHORTEST_S]
        if not queue:
            raise DiarkitError(f"none of the {len(self._speakers[speaker])} utterances of {speaker} holds any speech")
        utterance, begin_s, end_s = queue.pop()
        if most_s is not None and end_s - begin_s > most_s + SHORTEST_S:
            cut_s = self._cut(speaker, utterance, begin_s + max(most_s, SHORTEST_S))
            if begin_s + SHORTEST_S <= cut_s <= end_s - SHORTEST_S:
                queue.append((utterance, cut_s, end_s))
                end_s = cut_s
        return utterance, begin_s, end_s

    def turn(self, speaker, start_s, length_s, rng):
        """Return [Placed] of about length_s seconds that start at start_s."""
        placed, now_s = [], start_s
        while not placed or start_s + length_s - now_s >= SHORTEST_S:
            now_s += rng.uniform(*JOINED_S) if placed else 0.0
            piece = self.next(speaker, start_s + length_s - now_s)
            placed.append(Placed(now_s, speaker, *piece))
            now_s += piece[2] - piece[1]
        return placed


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
    the paper's), the turns have the lengths of the statistics too (--turns=source has those of the source, as in the
    paper), and nobody overlaps with himself. A drawn overlap that is longer than the talk before it waits for talk that
    is long enough; the paper lets the turn start before that talk.
    """

    def __init__(self, names, model, options, rng):
        self._names, self._model, self._options, self._rng = sorted(names), model, options, rng
        self._free_s = dict.fromkeys(self._names, 0.0)
        self._weight = dict(zip(self._names, np.exp(rng.normal(0, options.dominance, len(self._names)))))
        self._waiting = list(rng.permutation(self._names))
        self._holder, self._floor_s, self._start_s, self._overlaps_s = None, 0.0, 0.0, []

    def place(self, stretches):
        """Return [Placed] until the duration is reached and everyone has spoken. stretches: Stretches of the names."""
        placed, model, rng = [], self._model, self._rng
        while self._floor_s < self._options.duration or self._waiting:
            start_s, speaker = self._next_turn()
            if self._options.turns == "model" and model.turn_s:
                placed += stretches.turn(speaker, start_s, draw(model.turn_s, rng), rng)
            else:
                placed.append(Placed(start_s, speaker, *stretches.next(speaker)))
            last = placed[-1]
            self._took(speaker, start_s, last.start_s + last.end_s - last.begin_s)
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
        others = self._waiting if late else [name for name in self._names if name != self._holder]
        gap_s = self._change_gap(min(self._free_s[name] for name in others))
        free = [name for name in others if self._free_s[name] <= self._floor_s + gap_s]
        weight = np.array([self._weight[name] for name in free])
        return self._floor_s + gap_s, str(rng.choice(free, p=weight / weight.sum()))

    def _change_gap(self, free_s):
        """Return the seconds from the floor's end to the next turn. free_s: when the first of the others can talk."""
        if self._model.overlap_s and self._rng.random() < self._model.overlap:
            self._overlaps_s.append(self._draw(self._model.overlap_s))
        most_s = self._floor_s - max(self._start_s, free_s)
        fitting = [length_s for length_s in self._overlaps_s if length_s < most_s]
        if fitting:
            self._overlaps_s.remove(max(fitting))
            return -max(fitting)
        return self._draw(self._model.other_speaker_pause_s or self._model.same_speaker_pause_s)

    def _draw(self, quantiles):
        return draw(quantiles, self._rng) if quantiles else 0.0
