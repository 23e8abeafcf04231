#!/usr/bin/env python3
"""Score speaker change points against a reference RTTM.

Purity and coverage of the segments that the changes make, and precision, recall and F1 of the changes at several
tolerances, one to one. Every recording of <durations> (a reco2dur or a wav.scp) is scored; one that the changes do
not have has all its changes missed. Writes changes.txt to read and changes.tsv for programs to <out-dir>.
"""

import os

from diarkit import cli
from diarkit.change import report
from diarkit.change.score import ChangeScoreOptions
from diarkit.files import write_text


def main(ref, durations, changes, out, options):
    """Score one set of recordings."""
    scores, notes = report.score_files(ref, durations, changes, options)
    head, table = [f"Reference {ref}, changes {changes}"] + report.head(options), report.table(scores, options)
    os.makedirs(out, exist_ok=True)
    write_text(os.path.join(out, "changes.txt"), head + [""] + table + (["", "Notes"] + notes if notes else []))
    report.write_tsv(os.path.join(out, "changes.tsv"), scores, options)
    cli.log("\n".join(head + notes + [table[0], table[-1], f"See {out}/changes.txt"]))


if __name__ == "__main__":
    cli.run(main, __doc__, ("ref.rttm", "durations", "changes-rspecifier", "out-dir"), ChangeScoreOptions)
