#!/usr/bin/env python3
"""Fit statistics of turn-taking to real conversations: pauses, overlaps and their probabilities.

Reads an RTTM; writes JSON for --turn-taking of simulate-conversations.py. Only statistics leave the RTTM: no names, no
times of its recordings. See Landini et al. 2022 and diarkit/simulate/turn_taking.py.
"""

from diarkit import cli
from diarkit.annotation import read_rttm
from diarkit.errors import data_error
from diarkit.options import opt, options
from diarkit.simulate import turn_taking


@options
class FitOptions:
    """What the statistics say of themselves."""

    source: str | None = opt(None, "where they come from, for the reader (none: the name of the RTTM)")


def main(rttm, out, options):
    recordings = read_rttm(rttm)
    if not recordings:
        raise data_error(rttm, None, "no SPEAKER lines", "Name the RTTM of real conversations")
    model = turn_taking.fit(recordings, options.source or rttm)
    if not model.other_speaker_pause_s and not model.overlap_s:
        raise data_error(rttm, None, "nobody ever follows another speaker", "Name an RTTM of conversations")
    turn_taking.write(out, model)
    same, overlap, double = (round(100 * x) for x in (model.same_speaker, model.overlap, model.overlap_share))
    cli.log(f"{model.recordings} recordings, {model.turns} turns: after {same} % the same speaker goes on, {overlap} "
            f"% of the changes overlap, {double} % of the time two talk at once")


if __name__ == "__main__":
    cli.run(main, __doc__, ("ref.rttm", "turn-taking.json"), FitOptions)
