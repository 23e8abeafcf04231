#!/usr/bin/env python3
"""Train the change detector on features and an RTTM; may be stopped at any time, and goes on when run again.

Writes into <out-dir>: final.pt (the weights for detect-changes.py: those of the lowest dev loss, or the last ones with
--dev-share=0), best.pt, checkpoint.pt, metrics.csv, params.yaml and loss.png. Recordings are held out whole, so that no
window of a measured recording was trained on.
"""

from diarkit import cli
from diarkit.change.labels import ChangeLabelOptions
from diarkit.change.training import TrainChangeOptions, train
from diarkit.change.training_data import ChangeSet
from diarkit.options import opt, options


@options
class InputOptions:
    """Input"""

    uem: str | None = opt(None, "train and measure on these stretches alone (none: whole recordings are annotated)")


def main(feats, rttm, out, options, labels, inputs):
    """Train, and say what came of it."""
    rows = train(ChangeSet(feats, rttm, labels, inputs.uem), out, options)
    best = min(rows, key=lambda row: row["dev_loss"])
    cli.log(f"lowest dev loss {best['dev_loss']:.4g} after round {best['round']} of {len(rows)}, F1 {best['f1']:.1f} %")


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "ref.rttm", "out-dir"), TrainChangeOptions, ChangeLabelOptions,
            InputOptions)
