#!/usr/bin/env python3
"""Turn every window of speech into an embedding: one matrix per recording, row i for its i-th line of subsegments.

Models: resnet34, campplus and ge2e, fetched once, small, or a file of your own (ONNX, or torch weights of one of
these). Features made with another configuration than the model was trained on are refused. Every recording of the
features gets a matrix, an empty one where nobody speaks.
"""

from diarkit import cli
from diarkit.annotation import read_segments
from diarkit.embed import EmbedOptions, Extractor
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import DiarkitError, UsageError
from diarkit.models.network import open_network
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices, read_scp


@options
class ModelOptions:
    """Model"""

    model: str = opt("resnet34", "a name of diarkit/weights/models.tsv, or a file")
    feats_config: str = opt("", "the feats.conf that the features were made with (required)")
    all_feats: str | None = opt(None, "an scp: a window of a recording that it has not is an error")

    def check(self):
        if not self.feats_config:
            raise UsageError("--feats-config is required: feats.conf beside feats.scp")


def main(feats, subsegments, embeddings, model, embed):
    """Write the embeddings of every recording."""
    windows = read_segments(subsegments)
    strange = set(windows) - set(read_scp(model.all_feats)) if model.all_feats else ()
    if strange:
        raise DiarkitError(f"{subsegments}: windows of {len(strange)} recordings that {model.all_feats} has not, "
                           f"such as {', '.join(sorted(strange)[:3])}. Make both from the same data directory")
    network = open_network(model.model, embed.threads)
    extractor = Extractor(network, embed, frame_shift_s(model.feats_config, network.features))

    def work(reco, load):
        spans = [(s.start_s, s.end_s) for s in windows.get(reco, [])]
        writer.write(reco, extractor(load(), spans))

    with MatrixWriter(embeddings) as writer:
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "subsegments", "emb-wspecifier"), ModelOptions, EmbedOptions)
