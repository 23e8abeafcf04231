#!/usr/bin/env python3
"""Score a hypothesis RTTM against a reference RTTM: DER, JER, purity, coverage and speaker counts.

Three protocols are always scored, and named in the tables: full (no collar, overlap scored), fair (0.25 s removed on
each side of a reference boundary, overlap scored) and forgiving (the same collar, overlap skipped). Without --uem
whole recordings are scored. A recording that the hypothesis does not have is missed speech; one that <durations>
(a reco2dur or a wav.scp) does not have is an error. Writes der.txt to read and der.tsv for programs to <out-dir>.
"""

import os

from diarkit import cli
from diarkit.scoring import report
from diarkit.scoring.trial import ScoreOptions, load_trial


def main(ref, durations, hyp, out, options):
    """Score one set of recordings."""
    trial = load_trial(ref, durations, hyp, options)
    scores, notes = {}, list(trial.notes)
    for reco, row, said in cli.progress(report.score_recordings(trial, options.protocols), len(trial.regions)):
        scores[reco] = row
        notes += said
    os.makedirs(out, exist_ok=True)
    report.write_table(os.path.join(out, "der.txt"), scores, trial.head + report.summary(scores), notes)
    report.write_tsv(os.path.join(out, "der.tsv"), scores)
    cli.log("\n".join(trial.head + notes + report.summary(scores) + [f"See {out}/der.txt"]))


if __name__ == "__main__":
    cli.run(main, __doc__, ("ref.rttm", "durations", "hyp.rttm", "out-dir"), ScoreOptions)
