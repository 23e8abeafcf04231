#!/usr/bin/env python3
"""Draw who spoke when, one picture per recording: <out-dir>/<reco>.png or .svg; [pictures.scp] lists them.

With a reference it stands above the hypothesis; speakers that belong together share a colour (the mapping that shares
the most time), and the title names the DER without collar, overlap scored. Grey columns: two or more talk at once.
"""

from diarkit import cli
from diarkit.annotation import read_uem
from diarkit.export.cast import Casts
from diarkit.export.picture import Gallery, PictureOptions
from diarkit.export.recordings import ReferenceOptions, read_turns
from diarkit.export.timeline import draw


def main(rttm, reco2dur, folder, table, given, options):
    """Draw every recording of reco2dur, also where nobody speaks."""
    turns, durations = read_turns(rttm, reco2dur)
    references = read_turns(given.ref, reco2dur)[0] if given.ref else None
    cast_of = Casts(turns, references, read_uem(given.uem) if given.uem else None)

    def one(reco, duration_s):
        gallery.add(reco, draw(reco, cast_of(reco), duration_s, options))

    with Gallery(folder, options, table) as gallery:
        cli.for_each(durations.items(), one, len(durations))


if __name__ == "__main__":
    cli.run(main, __doc__, ("hyp.rttm", "reco2dur", "out-dir", "[pictures.scp]"), ReferenceOptions, PictureOptions)
