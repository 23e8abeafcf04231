#!/usr/bin/env python3
"""Write one CSV file per recording from an RTTM: <out-dir>/<reco>.csv with start,end,duration,speaker."""

import os

from diarkit import cli
from diarkit.export.recordings import read_turns
from diarkit.export.text import to_csv
from diarkit.files import atomic


def main(rttm, reco2dur, folder):
    """Write one file per recording of reco2dur, also where nobody speaks."""
    turns, _ = read_turns(rttm, reco2dur)
    os.makedirs(folder, exist_ok=True)

    def one(reco, turns):
        with atomic(os.path.join(folder, f"{reco}.csv")) as file:
            file.write(to_csv(turns))

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("rttm", "reco2dur", "out-dir"))
