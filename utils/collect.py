#!/usr/bin/env python3
"""Make one scp out of the parts that the jobs of a step left in <out>/parts, in the order of a file of keys.

Refuses a key that is missing, that comes from two parts, or that is not asked for. Called by step.sh.

Usage: collect.py <out> <file> --keys <keys>
"""

import contextlib
import os
import tempfile
import time

import plumbing
import split_data
from state import some

from diarkit.errors import DiarkitError, UsageError
from diarkit.files import write_text


def read_parts(out, table):
    """Return {key: (line, part)} of all parts of a table."""
    found = {}
    for part, lines in split_data.read_parts([part for part in plumbing.find_parts(out) if part.table == table]):
        for key, line in lines:
            if key in found:
                raise DiarkitError(f"{key} comes from two parts, {found[key][1]} and {part.path}: "
                                   "remove one of them and run the same command again")
            found[key] = line, part.path
    return found


def read_late_parts(out, table, keys, patience_s):
    """Return read_parts, waiting for parts that another machine has written and this one does not see yet."""
    deadline = time.monotonic() + patience_s
    while True:
        found = read_parts(out, table)
        if time.monotonic() >= deadline or all(key in found for key in keys):
            return found
        with contextlib.suppress(OSError):  # a change makes a shared disk read the folder anew
            tempfile.TemporaryFile(dir=os.path.join(out, "parts")).close()
        time.sleep(0.5)


def merge(out, table, keys, source):
    """Return the lines of a whole table, one for each key, in their order. source: where the keys stand."""
    found = read_late_parts(out, table, keys, float(os.environ.get("DIARKIT_GRACE_S", 0)))
    stale = [key for key in found if key not in keys]
    if stale:
        raise DiarkitError(f"{found[stale[0]][1]}: holds recordings that are not in {source} ({some(stale)}), so it is "
                           "of another run: remove it and run the same command again")
    missing = [key for key in keys if key not in found]
    if missing:
        raise DiarkitError(f"{table}: {len(missing)} of {len(keys)} recordings are missing ({some(missing)}). See "
                           f"{os.path.join(out, 'log')}, then run the same command again: only they are done again")
    return [found[key][0] for key in keys]


def main(words):
    """Collect one table."""
    if len(words) != 4 or words[2] != "--keys" or not words[1].endswith(".scp"):
        raise UsageError(f"collect: expected FILE.scp --keys FILE, got {' '.join(words[1:])}")
    out, name, _, source = words
    keys = dict.fromkeys(key for key, _ in split_data.keyed_lines(source))
    write_text(os.path.join(out, name), merge(out, name.removesuffix(".scp"), keys, source))


if __name__ == "__main__":
    plumbing.run(main)
