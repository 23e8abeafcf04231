#!/usr/bin/env python3
"""Make one HTML page per recording to hear, see and correct who spoke when: <out-dir>/<reco>.html.

A page holds the sound as Opus, or with --audio=link its address, and needs no network. It shows the turns of <rttm>,
with a reference also the errors. [pages] lists what make-panel-index.py wants to know: `<reco> <JSON>`.
"""

import json
import os

from diarkit import cli
from diarkit.annotation import read_rttm, read_uem
from diarkit.errors import DiarkitError
from diarkit.export.cast import Casts
from diarkit.export.recordings import ReferenceOptions
from diarkit.files import atomic, write_text
from diarkit.options import opt, options
from diarkit.panel.page import data_of, page, page_name
from diarkit.panel.sound import listen
from diarkit.panel.summary import summary
from diarkit.tables import read_scp


@options
class PanelOptions:
    """Panel."""

    audio: str = opt("embed", "embed the sound in the page, or link the recording's file where it lies",
                     choices=("embed", "link"))
    kbps: float = opt(24.0, "of the embedded Opus: 24 is 11 MB an hour", low=6, high=256)
    channel: str = opt("mix", "mix (mean of all channels) or the number of one channel, counted from 1")


def main(wavs, rttm, folder, listing, given, options):
    """Make the page of every recording of the table of audio."""
    references, regions = (read(path) if path else None
                           for read, path in ((read_rttm, given.ref), (read_uem, given.uem)))
    cast_of, rows = Casts(read_rttm(rttm), references, regions), {}
    os.makedirs(folder, exist_ok=True)

    def one(reco, entry):
        if options.audio == "link" and entry.strip().endswith("|"):
            raise DiarkitError("its sound is the output of a command: use --audio=embed")
        sound, cast = listen(entry, options.channel, options.kbps, options.audio == "embed"), cast_of(reco)
        source = os.path.relpath(entry, folder) if options.audio == "link" else None
        data = data_of(reco, sound, cast, (regions or {}).get(reco), source)
        with atomic(os.path.join(folder, page_name(reco))) as file:
            file.writelines(page(data, sound.opus))
        rows[reco] = json.dumps(summary(data, cast.hypothesis))

    def finish():
        if listing:
            write_text(listing, (f"{reco} {row}" for reco, row in rows.items()))

    cli.for_each(read_scp(wavs).items(), one, finish=finish)


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "rttm", "out-dir", "[pages]"), ReferenceOptions, PanelOptions)
