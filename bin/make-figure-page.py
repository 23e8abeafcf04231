#!/usr/bin/env python3
"""Show the pictures of all recordings on one page: <out-dir>/index.html.

The pictures, listed as `<reco> <path>` by the tables x.scp, come to lie beside the page as <out-dir>/x/<reco>.png. All
links are relative: the folder can be moved, packed or put on a server as it is.
"""

import os

from diarkit import cli
from diarkit.annotation import read_reco2dur
from diarkit.export.page import page, publish
from diarkit.files import read_table, write_text
from diarkit.options import opt, options


@options
class PageOptions:
    """Page."""

    title: str = opt("Who spoke when", "heading of the page")


def main(reco2dur, folder, waveform, timeline, clusters, options):
    """Write the page of every recording of reco2dur."""
    tables = [path for path in (waveform, timeline, clusters) if path]
    kinds = [os.path.splitext(os.path.basename(path))[0] for path in tables]
    pictures = {kind: publish(folder, kind, read_table(path)) for kind, path in zip(kinds, tables)}
    write_text(os.path.join(folder, "index.html"), page(options.title, read_reco2dur(reco2dur), pictures))


if __name__ == "__main__":
    cli.run(main, __doc__, ("reco2dur", "out-dir", "waveform.scp", "[timeline.scp]", "[clusters.scp]"), PageOptions)
