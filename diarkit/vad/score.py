"""How well speech was found: missed speech and false alarms against a reference, in seconds and % of speech."""

from typing import NamedTuple

import numpy as np

from diarkit.annotation import read_rttm, read_segments, read_uem
from diarkit.errors import DiarkitError
from diarkit.files import read_number_table
from diarkit.options import opt, options
from diarkit.vad.spans import intersect, length_s, subtract, union


@options
class ScoreVadOptions:
    """Scoring"""

    uem: str | None = opt(None, "score only these stretches, a UEM file (none: whole recordings)")
    collar_s: float = opt(0.0, "leave this out on each side of every boundary of the reference, seconds", low=0)


class Score(NamedTuple):
    """Seconds of one recording: speech in the reference, missed, falsely alarmed."""

    speech_s: float
    miss_s: float
    alarm_s: float


def score_spans(reference, found, scored, collar_s=0.0):
    """Return the Score of one recording.

    reference, found: (S, 2) seconds of speech, in any order; scored: (U, 2) seconds that count.
    """
    reference = union(reference)
    if collar_s and len(reference):
        edges = reference.reshape(-1, 1)
        scored = subtract(scored, edges + np.array([-collar_s, collar_s]))
    reference, found = intersect(reference, scored), intersect(found, scored)
    return Score(length_s(reference), length_s(subtract(reference, found)), length_s(subtract(found, reference)))


def score_files(rttm, reco2dur, segments, opts=None):
    """Return {reco: Score} of every recording in reco2dur; one without a line in `segments` is missed speech.

    Raises DiarkitError for a recording in `segments` that reco2dur does not have, and for one that the UEM lacks.
    """
    opts = opts or ScoreVadOptions()
    durations, turns, found = read_number_table(reco2dur), read_rttm(rttm), read_segments(segments)
    unknown = sorted(set(found) - set(durations))
    if unknown:
        raise DiarkitError(f"{segments}: {len(unknown)} recordings are not in {reco2dur}, such as {unknown[0]}")
    scored = read_uem(opts.uem) if opts.uem else {reco: [(0.0, end_s)] for reco, end_s in durations.items()}
    lacking = sorted(set(durations) - set(scored))
    if lacking:
        raise DiarkitError(f"{opts.uem}: no line for {len(lacking)} recordings of {reco2dur}, such as {lacking[0]}. "
                           "Add them, or leave --uem out")
    return {reco: score_spans([(t.start_s, t.end_s) for t in turns.get(reco, [])],
                              [(s.start_s, s.end_s) for s in found.get(reco, [])], scored[reco], opts.collar_s)
            for reco in durations}


def report(scores, opts):
    """Yield the lines of a table: one per recording, then ALL; `-` where the reference has no speech."""
    yield f"# collar {opts.collar_s:g} s on each side, scored: {opts.uem or 'whole recordings'}; % of reference speech"
    yield "reco\tspeech_s\tmiss_s\talarm_s\tmiss_%\talarm_%"
    total = Score(*np.sum(list(scores.values()), axis=0)) if scores else Score(0, 0, 0)
    for reco, score in [*scores.items(), ("ALL", total)]:
        shares = (f"{100 * part / score.speech_s:.2f}" if score.speech_s else "-" for part in score[1:])
        yield "\t".join([reco, *(f"{value:.2f}" for value in score), *shares])
