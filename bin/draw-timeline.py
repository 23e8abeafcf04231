#!/usr/bin/env python3
"""Draw who spoke when, one picture per recording: <out-dir>/<reco>.png or .svg.

With a reference it stands above the hypothesis; speakers that belong together share a colour (the mapping that shares
the most time), and the title names the DER without collar, overlap scored. Grey columns: two or more talk at once.
"""

import os

from diarkit import cli
from diarkit.annotation import read_uem
from diarkit.export.recordings import ReferenceOptions, read_turns
from diarkit.export.timeline import TimelineOptions, draw, save
from diarkit.files import atomic
from diarkit.scoring.report import compare


def main(rttm, reco2dur, folder, given, options):
    """Draw every recording of reco2dur, also where nobody speaks."""
    turns, durations = read_turns(rttm, reco2dur)
    references = read_turns(given.ref, reco2dur)[0] if given.ref else {}
    regions = read_uem(given.uem) if given.uem else {}
    os.makedirs(folder, exist_ok=True)

    def one(reco, hypothesis):
        ref, mapping, words = references.get(reco), {}, ""
        if ref is not None:
            mapping, words = compare(reco, ref, hypothesis, regions.get(reco, [(0, durations[reco])]))
            words = words if reco in regions or not given.uem else "not scored: the UEM does not name it"
        figure = draw(reco, hypothesis, durations[reco], ref, mapping, words, options)
        with atomic(os.path.join(folder, f"{reco}.{options.format}"), "wb") as file:
            save(figure, file, options)

    cli.for_each(turns.items(), one, len(turns))


if __name__ == "__main__":
    cli.run(main, __doc__, ("hyp.rttm", "reco2dur", "out-dir"), ReferenceOptions, TimelineOptions)
