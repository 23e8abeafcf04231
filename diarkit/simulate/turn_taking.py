"""Statistics of turn-taking: how long people pause, how often and how long they overlap; fitted, kept, drawn from.

Landini et al. 2022, "From simulated mixtures to simulated conversations as training data for end-to-end neural
diarization", section 2.2. Each turn is compared with the floor: the talk before it that ends last. So a backchannel
inside a long turn is an overlap, and the long turn goes on holding the floor.
"""

import json
from typing import NamedTuple

import numpy as np

from diarkit.errors import data_error
from diarkit.files import write_text

LEVELS = (*np.arange(0, 100, 5) / 100, 0.99, 1.0)
LENGTHS = ("same_speaker_pause_s", "other_speaker_pause_s", "overlap_s", "turn_s")
SHARES = ("same_speaker", "overlap", "silence_share", "overlap_share")


class TurnTaking(NamedTuple):
    """Turn-taking of some recordings.

    same_speaker: probability that who held the floor takes the next turn; overlap: probability that a change of
    speaker overlaps; silence_share, overlap_share: of the time from the first word to the last; the lengths are
    quantiles in seconds at LEVELS, None where there were none.
    """

    source: str
    recordings: int
    speakers: float
    turns: int
    same_speaker: float
    overlap: float
    silence_share: float
    overlap_share: float
    same_speaker_pause_s: tuple
    other_speaker_pause_s: tuple
    overlap_s: tuple
    turn_s: tuple


def merge_turns(turns):
    """Return [(start_s, end_s, speaker)] in order of start; touching or overlapping turns of a speaker are one."""
    merged, last = [], {}
    for turn in sorted(turns, key=lambda t: (t.start_s, t.end_s)):
        at = last.get(turn.speaker)
        if at is not None and turn.start_s <= merged[at][1]:
            merged[at][1] = max(merged[at][1], turn.end_s)
        else:
            last[turn.speaker] = len(merged)
            merged.append([turn.start_s, turn.end_s, turn.speaker])
    return merged


def gaps(turns):
    """Return [(gap_s, same speaker)] of each turn but the first to the floor; a negative gap is an overlap.

    turns: merged turns of one recording.
    """
    found, floor_s, holder = [], turns[0][1], turns[0][2]
    for start_s, end_s, speaker in turns[1:]:
        found.append((start_s - floor_s, speaker == holder))
        if end_s > floor_s:
            floor_s, holder = end_s, speaker
    return found


def time_shares(turns):
    """Return (seconds in all, of silence, of two or more at once) from the first word to the last."""
    edges = sorted([(t[0], 1) for t in turns] + [(t[1], -1) for t in turns])
    times, counts = np.array([e[0] for e in edges]), np.cumsum([e[1] for e in edges])
    lengths = np.diff(times)
    return times[-1] - times[0], lengths[counts[:-1] == 0].sum(), lengths[counts[:-1] > 1].sum()


def fit(recordings, source):
    """Return the TurnTaking of {reco: [Turn]}; `source` names where it comes from."""
    merged = [merge_turns(turns) for turns in recordings.values() if turns]
    found = [gap for turns in merged for gap in gaps(turns)]
    same, pauses, overlaps = ([abs(g) for g, own in found if keep(g, own)] for keep in (
        lambda g, own: own, lambda g, own: not own and g >= 0, lambda g, own: not own and g < 0))
    total, silent, double = np.sum([time_shares(turns) for turns in merged], axis=0) if merged else (0, 0, 0)
    lengths = [end - start for turns in merged for start, end, _ in turns]
    return TurnTaking(source, len(merged), _ratio(sum(len({t[2] for t in turns}) for turns in merged), len(merged)),
                      len(lengths), _ratio(len(same), len(found)), _ratio(len(overlaps), len(overlaps) + len(pauses)),
                      _ratio(silent, total), _ratio(double, total), *map(_quantiles, (same, pauses, overlaps, lengths)))


def _ratio(part, whole):
    return round(float(part / whole), 4) if whole else 0.0


def _quantiles(values):
    return tuple(np.quantile(values, LEVELS).round(3).tolist()) if values else None


def draw(quantiles, rng):
    """Return a length drawn from a distribution given by its quantiles."""
    return float(np.interp(rng.random(), LEVELS, quantiles))


def write(path, model):
    """Write a TurnTaking as JSON for people to read, one line a value."""
    fields = {**model._asdict(), "levels": [round(float(level), 2) for level in LEVELS]}
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    write_text(path, ["{", ",\n".join(lines), "}"])


def read(path):
    """Return the TurnTaking of a JSON file; anything missing or out of range is a DiarkitError that names it."""
    mend = "Make it with fit-turn-taking.py"
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        model = TurnTaking(**{key: value for key, value in found.items() if key != "levels"})
        for name in LENGTHS:
            values = getattr(model, name)
            if values and not (len(values) == len(LEVELS) and values[0] >= 0 and np.all(np.diff(values) >= 0)):
                raise data_error(path, None, f"{name} is no list of {len(LEVELS)} rising lengths", mend)
        if not all(0 <= getattr(model, name) <= 1 for name in SHARES):
            raise data_error(path, None, f"{', '.join(SHARES)} must lie between 0 and 1", mend)
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}", mend) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise data_error(path, None, f"no statistics of turn-taking: {error}", mend) from None
    return model
