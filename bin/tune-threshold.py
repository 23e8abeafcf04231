#!/usr/bin/env python3
"""Find the clustering threshold with the least DER on a development set.

Writes one line `--threshold=0.80  # best on data/dev, DER 19.7 %, collar 0`, to be given to cluster-embeddings.py
with --config after the method's own, and beside it FILE.recos: the recordings that the threshold was tuned on, which
must not be scored with it. Give the options of clustering and of making turns that will be used later.
"""

import os
from pathlib import Path

from diarkit import cli
from diarkit.annotation import read_rttm, read_segments
from diarkit.cluster import ClusterOptions, CountOptions
from diarkit.cluster.tune import TuneOptions, best_value, labels_by_value, scores_by_value, sweep_of
from diarkit.errors import DiarkitError
from diarkit.files import read_number_table, write_text
from diarkit.options import flag
from diarkit.scoring.protocols import PROTOCOLS
from diarkit.tables import read_matrices
from diarkit.turns import TurnOptions


def main(embeddings, subsegments, reco2dur, reference, tuned, tune, options, count, turn_options):
    name, values = sweep_of(options.method, tune)
    count.check_method(options.method)
    windows, durations, turns = read_segments(subsegments), read_number_table(reco2dur), read_rttm(reference)
    protocol = next(p for p in PROTOCOLS if p.name == tune.protocol)
    if not set(turns) & set(durations):
        raise DiarkitError(f"{reference}: no speech in any recording of {reco2dur}. Check that they are of one set")
    scores = {}

    def work(reco, load):
        if reco not in durations:
            raise DiarkitError(f"not in {reco2dur}. Tune on embeddings of that set only")
        vectors, parts = load(), windows.get(reco, [])
        labels = labels_by_value(vectors, options, count, name, values, tune.seed)
        scores[reco] = scores_by_value(reco, parts, vectors, labels, durations[reco], turns.get(reco, []), protocol,
                                       turn_options)
    cli.for_each(read_matrices(embeddings), work)
    missing = sorted(set(durations) - set(scores))
    if missing:
        raise DiarkitError(f"{embeddings}: {len(missing)} recordings of {reco2dur} have no embeddings: "
                           f"{' '.join(missing[:3])}. Extract them, or tune on a smaller set")
    value, der, edge = best_value(values, scores)
    if edge:
        cli.log(f"{flag(name)} {value:g} lies at an end of the sweep: try --sweep-from and --sweep-to further out")
    note = f"best on {os.path.dirname(reco2dur) or '.'}, DER {der:.1f} %, collar {protocol.collar_s:g}"
    note += ", overlap skipped" if protocol.skip_overlap else ""
    write_text(Path(tuned).with_suffix(".recos"), sorted(scores))
    write_text(tuned, [f"{flag(name)}={value:g}  # {note}"])


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "subsegments", "reco2dur", "ref.rttm", "tuned.conf"),
            TuneOptions, ClusterOptions, CountOptions, TurnOptions)
