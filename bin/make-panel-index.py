#!/usr/bin/env python3
"""Make <out-dir>/index.html, which leads to the pages that make-panel.py made; pages of others are removed."""

import json
import os

from diarkit import cli
from diarkit.files import read_table, write_text
from diarkit.options import opt, options
from diarkit.panel.index import index, remove_strangers


@options
class IndexOptions:
    """Index."""

    title: str = opt("Who spoke when", "heading of the index")


def main(pages, folder, options):
    """Write the index of the pages listed in `<reco> <JSON>`."""
    rows = {reco: json.loads(text) for reco, text in read_table(pages).items()}
    write_text(os.path.join(folder, "index.html"), index(options.title, rows))
    remove_strangers(folder, {"index.html", *(row["page"] for row in rows.values())})


if __name__ == "__main__":
    cli.run(main, __doc__, ("pages", "out-dir"), IndexOptions)
