#!/usr/bin/env python3
"""Turn every local speaker of a segmentation into an embedding: one matrix (3 W, dim) per recording.

Row 3 w + k is local speaker k of window w, pooled over the frames where that speaker talks alone, or over all where
there are too few of them; a row of zeros stands for a speaker who does not talk enough. resnet34 runs once over a
recording, wherever anybody talks, and every speaker of every window is pooled from that; campplus runs on each window.

With [windows-wspecifier] and [times-wspecifier] also one matrix (N, dim) per recording, a row for each short window of
1.5 s that lies in speech, and one (N, 2) of their starts and ends in seconds; all of it comes from the same pass.
"""

import contextlib

from diarkit import cli
from diarkit.embed.feats import frame_shift_s
from diarkit.embed.speakers import SpeakerEmbedder, SpeakerEmbedOptions
from diarkit.errors import DiarkitError, UsageError
from diarkit.models.network import NetworkOptions, open_network
from diarkit.options import from_conf, opt, options
from diarkit.segmentation import SegmentOptions
from diarkit.tables import MatrixWriter, load_matrix, read_matrices, read_scp


@options
class ModelOptions(NetworkOptions):
    """Model and inputs"""

    feats_config: str = opt("", "the feats.conf that the features were made with (required)")
    seg_config: str = opt("", "the seg.conf that the segmentation was made with, for its hop (required)")

    def check(self):
        for name in ("feats_config", "seg_config"):
            if not getattr(self, name):
                raise UsageError(f"--{name.replace('_', '-')} is required: it stands beside the table it describes")


def main(feats, segmentations, embeddings, windows, times, model, embed):
    """Write the embeddings of every recording."""
    hop_s, found = from_conf(SegmentOptions, model.seg_config).hop_s, read_scp(segmentations)
    network = open_network(model.model, engine=model.engine)
    embedder = SpeakerEmbedder(network, embed, frame_shift_s(model.feats_config, network.features))

    def work(reco, load):
        if reco not in found:
            raise DiarkitError(f"not in {segmentations}. Make both from the same data directory")
        grains = embedder.both(load(), load_matrix(found[reco]), hop_s)
        for writer, array in zip(writers, grains):
            writer.write(reco, array)

    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(MatrixWriter(name)) for name in (embeddings, windows, times) if name]
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "seg-rspecifier", "emb-wspecifier", "[windows-wspecifier]",
                          "[times-wspecifier]"), ModelOptions, SpeakerEmbedOptions)
