#!/usr/bin/env python3
"""Cut speech segments into sliding windows, each of which gets one embedding.

A segment up to the window's length is one window; the last window of a longer one is moved back to end where the
segment ends. --window-s=0 keeps whole segments.
"""

from diarkit import cli
from diarkit.annotation import read_segments, write_segments
from diarkit.windows import WindowOptions, make_subsegments


def main(segments, subsegments, opts):
    """Write the windows of every recording, in time order."""
    write_segments(subsegments, make_subsegments(read_segments(segments), opts))


if __name__ == "__main__":
    cli.run(main, __doc__, ("segments", "subsegments"), WindowOptions)
