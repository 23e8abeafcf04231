#!/usr/bin/env python3
"""Merge data directories into a new one: combine_data.py <target-dir> <source-dir> <source-dir>...

A recording in two of them is an error, and so is a file that only some of them have.
"""

import sys

from diarkit import cli
from diarkit.datadir import combine


def main(target, *sources):
    """Write the union."""
    combine(target, sources)


if __name__ == "__main__":
    count = max(sum(not word.startswith("-") for word in sys.argv[1:]), 3)
    cli.run(main, __doc__, ("target-dir", *(f"source-dir-{n}" for n in range(1, count))))
