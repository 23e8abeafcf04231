#!/usr/bin/env python3
"""Write one RTTM per recording from an RTTM of many: <out-dir>/<reco>.rttm."""

import os

from diarkit import cli
from diarkit.annotation import write_rttm
from diarkit.export.recordings import read_turns


def main(rttm, reco2dur, folder):
    """Write one file per recording of reco2dur, also where nobody speaks."""
    turns, _ = read_turns(rttm, reco2dur)
    os.makedirs(folder, exist_ok=True)

    def one(reco, turns):
        write_rttm(os.path.join(folder, f"{reco}.rttm"), turns)

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("rttm", "reco2dur", "out-dir"))
