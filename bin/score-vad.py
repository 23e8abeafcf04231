#!/usr/bin/env python3
"""Score speech segments against a reference: missed speech and false alarms, per recording and over all.

Every recording of reco2dur is scored; one that has no segments is missed speech. The report is a tab-separated table.
"""

from diarkit import cli
from diarkit.files import write_text
from diarkit.vad.score import ScoreVadOptions, report, score_files


def main(rttm, reco2dur, segments, out, opts):
    """Write the report to `out`."""
    write_text(out, report(score_files(rttm, reco2dur, segments, opts), opts))


if __name__ == "__main__":
    cli.run(main, __doc__, ("ref.rttm", "reco2dur", "segments", "report"), ScoreVadOptions)
