#!/usr/bin/env python3
"""Find the scales of the 8-bit trunk of ResNet34 on the features of real speech: a table `<layer> <scale>`.

Of the features themselves a thousandth may be too large: digital silence lies far below all speech.
The shipped scales of small were made of every 20th utterance that its PLDA was trained on, those of resnet34 of 26
composed conversations, which have no digital silence, and where features had the share of all layers.
"""

import os

from diarkit import cli, models
from diarkit.errors import DiarkitError
from diarkit.files import write_text
from diarkit.models import resnet34
from diarkit.models.calibration import calibrate, middle
from diarkit.options import opt, options
from diarkit.tables import read_matrices


@options
class CalibrateOptions:
    """Calibration"""

    model: str = opt("resnet34", "resnet34, small, or an ONNX file of one of them")
    clipped: float = opt(1e-5, "share of a layer's outputs that may be too large for its scale", low=0, below=1)
    frames: int = opt(1000, "feature frames from the middle of each recording", low=100)


def middles(feats, frames):
    """Yield the middle of each recording, less its mean, as a batch of one."""
    for _, load in cli.progress(read_matrices(feats)):
        yield middle(load(), frames)


def main(feats, scales, options):
    """Write the table of scales."""
    path = options.model if os.path.exists(options.model) else models.fetch(options.model)
    with open(path, "rb") as file:
        network = resnet34.from_onnx(file.read())
    found = calibrate(network, middles(feats, options.frames), options.clipped)
    if not found:
        raise DiarkitError(f"{feats}: no recordings")
    write_text(scales, (f"{layer} {scale:.6g}" for layer, scale in found.items()))


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "scales"), CalibrateOptions)
