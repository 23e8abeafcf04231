#!/usr/bin/env python3
"""Write an RTTM of the turns that diarize-recordings.py found: SPEAKER_00, SPEAKER_01, ...; column 9 is the confidence.

With [talk-time] each speaker's seconds are written too: `<reco> <speaker> <seconds>`.
"""

from diarkit import cli
from diarkit.hypothesis import write_hypothesis
from diarkit.tables import read_matrices
from diarkit.turns import as_turns


def main(turns_rspecifier, rttm, seconds_path):
    """Convert every recording, in the order of their names."""
    turns = {}

    def one(reco, load):
        turns[reco] = as_turns(reco, load().tolist())

    cli.for_each(read_matrices(turns_rspecifier), one)
    write_hypothesis(rttm, seconds_path, turns)


if __name__ == "__main__":
    cli.run(main, __doc__, ("turns-rspecifier", "rttm", "[talk-time]"))
