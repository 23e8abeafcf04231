#!/usr/bin/env python3
"""Say which inputs of a step are missing, and which step writes such files. Called by step.sh.

Usage: need.py FILE...
"""

import glob
import os
import re

import plumbing

from diarkit.errors import DiarkitError


def writers(name):
    """Return the steps and preparing scripts whose `Writes:` header names a file."""
    found = []
    for script in sorted(glob.glob("steps/*.sh") + glob.glob("local/*.sh")):
        with open(script, encoding="utf-8", errors="replace") as file:
            header = "".join(line for line in file if line.startswith("#"))
        writes = header.partition("Writes:")[2]
        if re.search(rf"(^|[\s/,{{]){re.escape(name)}($|[\s,.;}}])", writes):
            found.append(script)
    return found


def alike(path):
    """Return what may be meant by a missing file: those that differ in their last word, or configurations beside it."""
    stem, extension = os.path.splitext(path)
    words = glob.glob(f"{glob.escape(stem.rpartition('_')[0])}_*{extension}") if "_" in os.path.basename(stem) else []
    beside = glob.glob(f"{glob.escape(os.path.dirname(path))}/*.conf") if extension == ".conf" else []
    found = sorted(words or beside)
    return f"; there are {' '.join(found)}" if found else ""


def main(paths):
    """List what is missing, with its maker."""
    missing = [path for path in paths if not os.path.exists(path)]
    lines = []
    for path in missing:
        makers = writers(os.path.basename(path))
        made = f", made by {' or '.join(makers)}" if makers else alike(path)
        lines.append(f"  {path or '(a file with an empty name)'}{made}")
    if lines:
        raise DiarkitError("\n".join([f"{len(lines)} input{'s are' if len(lines) > 1 else ' is'} missing:", *lines]))


if __name__ == "__main__":
    plumbing.run(main)
