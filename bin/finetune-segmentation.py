#!/usr/bin/env python3
"""Fine-tune the local segmentation on recordings and RTTMs of your own; may be stopped, and goes on when run again.

Writes into <out-dir>: best.pt (lowest DER on the development recordings), last.pt, metrics.csv with DER, false alarm,
miss and confusion of each round, checkpoint.pt, and the decoded audio, 115 MB an hour, which is removed at the end.
The weights are used by segment-speakers.py --segmentation-model.
"""

import os
import shutil

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.segmentation.finetune import FinetuneOptions, finetune
from diarkit.segmentation.training_data import TrainingSet


@options
class InputOptions:
    """Input"""

    train_uem: str | None = opt(None, "train on these stretches alone (none: whole recordings are annotated)")
    dev_uem: str | None = opt(None, "measure on these stretches alone")


def main(train_wavs, train_rttm, dev_wavs, dev_rttm, out, options, inputs):
    """Train, and tidy up the audio."""
    os.makedirs(f"{out}/audio", exist_ok=True)
    train = TrainingSet(train_wavs, train_rttm, f"{out}/audio/train", inputs.train_uem)
    dev = TrainingSet(dev_wavs, dev_rttm, f"{out}/audio/dev", inputs.dev_uem)
    both = sorted(set(train.recos) & set(dev.recos))
    if both:
        raise DiarkitError(f"{len(both)} recordings are in both sets, such as {both[0]}. Measure on others than "
                           "you train on")
    rows = finetune(train, dev, out, options)
    best = min(rows, key=lambda row: row["der"])
    cli.log(f"DER in windows of 10 s: {rows[0]['der']:.2f} % before, {best['der']:.2f} % after round {best['epoch']}")
    shutil.rmtree(f"{out}/audio")


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "ref.rttm", "dev-wav-rspecifier", "dev-ref.rttm", "out-dir"),
            FinetuneOptions, InputOptions)
