#!/usr/bin/env python3
"""Write the turns of each recording of an RTTM in the formats that other programs read.

Writes <out-dir>/<format>/<reco>.<suffix>, for every recording of <reco2dur>, also where nobody speaks. The formats are
rttm json csv tsv srt vtt ass textgrid eaf audacity list table ctm stm, and exclusive: RTTM, one speaker at a time.
"""

import os

from diarkit import cli
from diarkit.export.recordings import read_turns
from diarkit.files import atomic
from diarkit.formats.json_turns import JsonOptions
from diarkit.formats.registry import EXCLUSIVE, FORMATS, WRITABLE, names_of, write
from diarkit.options import opt, options
from diarkit.turns import one_at_a_time


@options
class ExportOptions:
    """Formats."""

    formats: str = opt("rttm,json,csv,srt,vtt", f"with commas: {' '.join(WRITABLE)} {EXCLUSIVE}")
    exclusive: str | None = opt(None, "RTTM with one speaker at a time, for the format exclusive; made of the turns "
                                "when it is not given")

    def check(self):
        names_of(self.formats, (*WRITABLE, EXCLUSIVE))


def main(rttm, reco2dur, folder, options, json_options):
    """Write one file per recording and format; what fails costs its own recording only."""
    turns, durations = read_turns(rttm, reco2dur)
    alone = read_turns(options.exclusive, reco2dur)[0] if options.exclusive else {}
    names = names_of(options.formats, (*WRITABLE, EXCLUSIVE))
    for name in names:
        os.makedirs(os.path.join(folder, name), exist_ok=True)

    def one(reco, turns):
        for name in names:
            if name == EXCLUSIVE:
                text = write("rttm", alone[reco] if options.exclusive else one_at_a_time(turns), reco)
            elif name == "json":
                text = FORMATS[name].write(turns, reco, durations[reco], json_options)
            else:
                text = write(name, turns, reco, durations[reco])
            suffix = FORMATS["rttm" if name == EXCLUSIVE else name].suffix
            with atomic(os.path.join(folder, name, f"{reco}.{suffix}")) as file:
                file.write(text)

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("rttm", "reco2dur", "out-dir"), ExportOptions, JsonOptions)
