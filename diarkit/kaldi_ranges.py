"""Kaldi's ranges of rows and columns behind an scp entry: `feats.ark:6[3:5]`."""

import os
import re

from diarkit.errors import DiarkitError

RANGES = re.compile(r"(.+?)\[((?::|\d+:\d+)(?:,(?::|\d+:\d+))?)\]")
RANGE_SLACK = 3  # so many rows past the end may be asked for, as in Kaldi


def split_ranges(entry):
    """Return (entry without its ranges, [(first, last) or None for all] of rows and columns) of an scp entry.

    Ranges are Kaldi's: `[3:5]` rows 3 to 5, both of them; `[3:5,0:9]` and `[:,0:9]` name columns too.
    """
    found = RANGES.fullmatch(entry)
    if not found or os.path.exists(entry):
        return entry, []
    words = found[2].split(",")
    return found[1], [tuple(int(end) for end in word.split(":")) if len(word) > 1 else None for word in words]


def part_of(array, ranges):
    """Return the rows and columns of an array that Kaldi's ranges name; raises DiarkitError for those it has not.

    As in Kaldi a last row may be up to RANGE_SLACK past the end: lengths of features differ by a frame or two.
    """
    if len(ranges) > array.ndim:
        raise DiarkitError(f"{len(ranges)} ranges for {array.ndim} dimension")
    for axis, span in enumerate(ranges):
        if span is None:
            continue
        (first, last), size, word = span, array.shape[axis], ("rows", "columns")[axis]
        if first > last or first >= size or last >= size + (0 if axis else RANGE_SLACK):
            raise DiarkitError(f"{word} {first} to {last} are asked for, it has {size}, 0 to {size - 1}")
        array = array[(slice(None),) * axis + (slice(first, min(last, size - 1) + 1),)]
    return array
