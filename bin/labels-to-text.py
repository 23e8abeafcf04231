#!/usr/bin/env python3
"""Write a table of labels as text, one line `<subsegment id> <speaker number>` per window.

The lines stand in the order of the recordings in the table; every recording of the subsegments must be in it.
"""

from diarkit import cli
from diarkit.annotation import read_segments
from diarkit.cluster.text import label_lines
from diarkit.errors import DiarkitError
from diarkit.files import write_text
from diarkit.tables import read_matrices


def main(labels, subsegments, text):
    segments, lines, seen = read_segments(subsegments), [], set()

    def work(key, load):
        seen.add(key)
        lines.extend(label_lines(segments.get(key, []), load()))
    cli.for_each(read_matrices(labels), work)
    missing = sorted(set(segments) - seen)
    if missing:
        raise DiarkitError(f"{labels}: {len(missing)} recordings of {subsegments} have no labels: "
                           f"{' '.join(missing[:3])}. Cluster them too")
    write_text(text, lines)


if __name__ == "__main__":
    cli.run(main, __doc__, ("labels-rspecifier", "subsegments", "labels"))
