#!/usr/bin/env python3
"""Write an RTTM of the turns that diarize-recordings.py found: SPEAKER_00, SPEAKER_01, ...; column 9 is the confidence.

With [talk-time] each speaker's seconds are written too: `<reco> <speaker> <seconds>`.
"""

from diarkit import cli
from diarkit.annotation import write_rttm
from diarkit.files import write_text
from diarkit.tables import read_matrices
from diarkit.turns import as_turns, talk_time


def main(turns_rspecifier, rttm, seconds_path):
    """Convert every recording, in the order of their names."""
    turns = {}

    def one(reco, load):
        turns[reco] = as_turns(reco, load().tolist())

    cli.for_each(read_matrices(turns_rspecifier), one)
    write_rttm(rttm, [turn for reco in sorted(turns) for turn in turns[reco]])
    if seconds_path:
        write_text(seconds_path, (f"{reco} {speaker} {seconds:.3f}" for reco in sorted(turns)
                                  for speaker, seconds in talk_time(turns[reco]).items()))


if __name__ == "__main__":
    cli.run(main, __doc__, ("turns-rspecifier", "rttm", "[talk-time]"))
