#!/usr/bin/env python3
"""Write one window for every utterance: all of it, or its middle so many seconds. One window is one embedding.

An utterance shorter than --length-s is taken whole. Reads nothing but how many frames the features have.
"""

from diarkit import cli
from diarkit.annotation import make_segment, write_segments
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.tables import read_matrices
from diarkit.windows import middle


@options
class CropOptions:
    """Windows."""

    length_s: float | None = opt(None, "seconds from the middle of each utterance (none: all of it)", above=0)
    feats_config: str = opt("", "the feats.conf that the features were made with (required)")

    def check(self):
        if not self.feats_config:
            raise UsageError("--feats-config is required: feats.conf beside feats.scp")


def main(feats, subsegments, options):
    """Write the windows, in the order of the features."""
    shift_s, windows = frame_shift_s(options.feats_config), []

    def work(utterance, load):
        if not len(frames := load()):
            raise DiarkitError("no frames: the sound is empty. Take it out of the data directory")
        windows.append(make_segment(utterance, *middle(len(frames) * shift_s, options.length_s)))
    cli.for_each(read_matrices(feats), work)
    write_segments(subsegments, windows)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "subsegments"), CropOptions)
