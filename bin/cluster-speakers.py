#!/usr/bin/env python3
"""Find out which local speakers of overlapping windows are the same person.

Reads one matrix (3 W, D) of embeddings per recording (row 3 w + k: local speaker k of window w, zeros where that one
does not speak) and the (W, T) powerset classes of the same windows; writes one matrix (W, 3) of speaker numbers 0, 1,
... by first appearance, -1 where there is no local speaker. With [evidence-wspecifier] also one matrix (K, 5) per
recording, a row for each speaker: seconds, local speakers, those of them that helped to find the clusters, number of
the nearest other speaker (-1: none), cosine distance to that one.
"""

import contextlib

from diarkit import cli
from diarkit.cluster import ClusterOptions, CountOptions
from diarkit.cluster.options import counts_of
from diarkit.cluster.speakers import SpeakerOptions, cluster_speakers
from diarkit.options import from_conf, opt, options
from diarkit.segmentation.options import SegmentOptions
from diarkit.segmentation.powerset import to_multilabel
from diarkit.tables import MatrixWriter, beside, read_matrices


@options
class RunOptions:
    """Running."""

    seg_config: str | None = opt(None, "seg.conf that the segmentation was made with; none: the defaults")
    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: exactly this many in each recording")
    windows: str | None = opt(None, "rspecifier of the short windows of embed-speakers.py (none: there are none)")
    shares: str | None = opt(None, "wspecifier of matrices (N, K): how far each short window is each speaker's")
    seed: int = opt(0, "of the random starts of k-means", low=0, high=2 ** 32 - 1)


def main(embeddings, segmentation, labels, evidence, speaking, options, count, running):
    """Write the speakers of every recording of the embeddings."""
    count_of = counts_of(running.reco2num_spk, count, options.method)
    made = from_conf(SegmentOptions, running.seg_config) if running.seg_config else SegmentOptions()
    tables = beside(segmentation, running.windows)

    def work(key, load):
        classes, short = tables(key)
        wanted = count_of(key)
        found = cluster_speakers(load(), to_multilabel(classes), speaking, options, wanted, made.hop_s,
                                 seed=running.seed, short=short)
        if len(found.evidence) < wanted.bounds(len(found.labels) * 3)[0]:
            cli.log(f"{key}: {len(found.evidence)} speakers, though more were asked for: there are no more local ones")
        for table, array in ((writer, found.labels), (more, found.evidence), (shares, found.shares)):
            if table:
                table.write(key, array)

    def opened(name):
        return MatrixWriter(name) if name else contextlib.nullcontext()

    with MatrixWriter(labels) as writer, opened(evidence) as more, opened(running.shares) as shares:
        cli.for_each(read_matrices(embeddings), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "seg-rspecifier", "labels-wspecifier", "[evidence-wspecifier]"),
            SpeakerOptions, ClusterOptions, CountOptions, RunOptions)
