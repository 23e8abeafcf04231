#!/usr/bin/env python3
"""Write one subtitle file per recording from an RTTM: <out-dir>/<reco>.srt or .vtt, one cue per turn."""

import os

from diarkit import cli
from diarkit.export.recordings import read_turns
from diarkit.export.text import SUBTITLES, SubtitleOptions
from diarkit.files import atomic


def main(rttm, reco2dur, folder, options):
    """Write one file per recording of reco2dur, also where nobody speaks."""
    turns, _ = read_turns(rttm, reco2dur)
    os.makedirs(folder, exist_ok=True)

    def one(reco, turns):
        with atomic(os.path.join(folder, f"{reco}.{options.format}")) as file:
            file.write(SUBTITLES[options.format](turns))

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("rttm", "reco2dur", "out-dir"), SubtitleOptions)
