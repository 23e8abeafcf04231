#!/usr/bin/env python3
"""Write one JSON file per recording from an RTTM: <out-dir>/<reco>.json.

The content is {"diarization": [{"speaker": "SPEAKER_01", "start": 0.0, "end": 2.345}]}, seconds from the start.
"""

import os

from diarkit import cli
from diarkit.export.recordings import read_turns
from diarkit.export.text import JsonOptions, to_json
from diarkit.files import atomic


def main(rttm, reco2dur, folder, options):
    """Write one file per recording of reco2dur, also where nobody speaks."""
    turns, _ = read_turns(rttm, reco2dur)
    os.makedirs(folder, exist_ok=True)

    def one(reco, turns):
        with atomic(os.path.join(folder, f"{reco}.json")) as file:
            file.write(to_json(turns, options))

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("rttm", "reco2dur", "out-dir"), JsonOptions)
