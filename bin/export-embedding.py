#!/usr/bin/env python3
"""Write a trained embedding network as ONNX files, each checked against torch before it is written.

Writes into <out-dir> embedding.onnx; embedding_fp16.onnx, with weights of 16 bits; and, where there are --feats to find
its scales on, embedding_int8.onnx, with convolutions of 8-bit integers. Each is a --model of any step that embeds.
"""

import os

from diarkit import cli, networks
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import UsageError
from diarkit.files import atomic
from diarkit.models.network import open_network
from diarkit.networks.export import to_onnx
from diarkit.networks.export_check import LEAST, check, random_crops, real_crops
from diarkit.networks.export_int8 import to_int8
from diarkit.options import opt, options

CHECKED = 5  # one of so many utterances is for the check, the others are for the scales


@options
class ExportOptions:
    """Features"""

    feats: str | None = opt(None, "scp of features of real speech (none: random ones for the check, and no 8 bits)")
    feats_config: str | None = opt(None, "the feats.conf that they were made with (required with --feats)")
    utterances: int = opt(100, "most utterances that are used, spread over the table", low=LEAST)
    frames: int = opt(300, "most feature frames, from the middle of each", low=10)

    def check(self):
        if self.feats and not self.feats_config:
            raise UsageError("--feats-config is required with --feats: feats.conf beside feats.scp")


def main(model, out, given):
    """Write the files, the most exact one first."""
    network = networks.load(model)
    if given.feats:
        opened = open_network(model)
        frame_shift_s(given.feats_config, opened.features)
        crops = real_crops(given.feats, opened, given.utterances, given.frames)
    else:
        crops = random_crops(network.config["feats_dim"])
    makers = {"embedding.onnx": lambda: to_onnx(network), "embedding_fp16.onnx": lambda: to_onnx(network, half=True)}
    if given.feats:
        makers["embedding_int8.onnx"] = lambda: to_int8(network, [x for n, x in enumerate(crops) if n % CHECKED])
    for name, make in makers.items():
        data = make()
        cli.log(check(name, data, network, crops[::CHECKED] if given.feats else crops))
        with atomic(os.path.join(out, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    cli.run(main, __doc__, ("network", "out-dir"), ExportOptions)
