"""One conversation: its speakers, its schedule, its sound and its reference, all fixed by the seed and its number."""

import hashlib
from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.simulate import schemes, turn_taking
from diarkit.simulate.acoustics import SPEED, Acoustics
from diarkit.simulate.spans import quiet_point


class Conversation(NamedTuple):
    """samples (N,) float32; turns [(start_s, end_s, speaker)] in order; conditions {what: text}."""

    samples: np.ndarray
    turns: list
    conditions: dict


class Simulator:
    """Make conversations out of a Pool.

    talk: ConversationOptions; sound: AcousticOptions.
    """

    def __init__(self, pool, talk, sound):
        self._pool, self._talk = pool, talk
        self._model = turn_taking.read(talk.turn_taking) if talk.scheme == "landini" else None
        self._acoustics = Acoustics(pool, sound, exact=talk.scheme == "deck")
        pool.usable(talk.max_speakers)
        made_of = [talk, sound, self._model, pool.groups, pool.entries]
        self._fingerprint = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]

    def __call__(self, number):
        """Return the Conversation of a number; which others are made, where and when, changes nothing of it."""
        seed = self._talk.seed
        streams = [np.random.default_rng([seed, number, *([kind] if kind else [])]) for kind in range(SPEED + 1)]
        group, speakers = choose(self._pool, number, self._talk, streams[0])
        voices, utterances = self._voices(speakers, streams[SPEED])
        placed = self._schedule(voices, utterances, streams[0])
        samples, conditions = self._acoustics(placed, voices, streams)
        return Conversation(samples, self._turns(placed, voices, len(samples) / self._pool.sample_rate),
                            {"group": group, "speakers": str(len(voices)), **conditions})

    def fingerprint(self, number):
        """Return a text that no other conversation has, nor this one out of other options or utterances."""
        return f"{self._fingerprint}-{number}"

    def _voices(self, speakers, rng):
        """Return ({speaker: (name in the pool, speed)}, {speaker: [utterance]})."""
        voices, utterances = {}, {}
        for name, found in speakers.items():
            speed = float(rng.choice(self._talk.speed_list))
            speaker = str(name) if speed == 1 else f"{name}-sp{speed:g}"
            voices[speaker], utterances[speaker] = (str(name), speed), found
        return voices, utterances

    def _schedule(self, voices, utterances, rng):
        def load(speaker, utterance):
            return self._pool.load(utterance, voices[speaker][1])

        talk, rate = self._talk, self._pool.sample_rate
        if talk.scheme == "landini":
            stretches = schemes.Stretches(utterances, lambda s, u: load(s, u).spans,
                                          lambda s, u, at_s: quiet_point(load(s, u).samples, rate, at_s), rng)
            return schemes.Landini(utterances, self._model, talk, rng).place(stretches)
        place = schemes.deck if talk.scheme == "deck" else schemes.fujita
        return place(utterances, lambda s, u: len(load(s, u).samples) / rate, talk, rng)

    def _turns(self, placed, voices, length_s):
        """Return the speech within what was placed, where it came to lie."""
        turns, rate = [], self._pool.sample_rate
        for place in placed:
            start_s = round(place.start_s * rate) / rate
            for a, b in self._pool.load(place.utterance, voices[place.speaker][1]).spans:
                a, b = max(a, place.begin_s), min(b, place.end_s)
                if b > a:
                    turns.append((start_s + (a - place.begin_s), start_s + (b - place.begin_s), place.speaker))
        if not turns:
            raise DiarkitError("no speech was found in any utterance of this conversation. Are the utterances silent?")
        turns = sorted((a, min(b, length_s), speaker) for a, b, speaker in turns)
        return joined(turns) if self._talk.scheme == "landini" else turns


def joined(turns):
    """Return the turns with pauses of a speaker that were put in to join stretches of speech as part of the turn.

    speech_spans does so with the pauses of an utterance.
    """
    found, last = [], {}
    for start_s, end_s, speaker in turns:
        at = last.get(speaker)
        if at is not None and start_s - found[at][1] <= schemes.JOINED_S[1] + 1e-3:
            found[at] = (found[at][0], max(found[at][1], end_s), speaker)
        else:
            last[speaker] = len(found)
            found.append((start_s, end_s, speaker))
    return found


def choose(pool, number, talk, rng):
    """Return (group, {speaker: [utterance]}) of a conversation."""
    count = int(rng.integers(talk.min_speakers, talk.max_speakers + 1))
    if talk.balance == "groups":
        usable = pool.usable(talk.max_speakers)
        group = usable[number % len(usable)]
    else:
        usable = pool.usable(count)
        sizes = np.array([len(pool.groups[name]) for name in usable])
        group = str(rng.choice(usable, p=sizes / sizes.sum()))
    speakers = pool.groups[group]
    return group, {str(name): speakers[name] for name in rng.choice(sorted(speakers), count, replace=False)}


def simulate(pool, number, talk, sound):
    """Return the Conversation of a number; for many of them make one Simulator."""
    return Simulator(pool, talk, sound)(number)
