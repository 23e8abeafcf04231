"""A small set of embeddings with windows, durations and a reference, for the tests of the clustering binaries."""

import numpy as np

from diarkit.annotation import make_segment, write_rttm, write_segments
from diarkit.tables import MatrixWriter
from diarkit.turns import as_turns, labels_to_turns

DIMS, WINDOW_S = 16, 1.5
PLAN = {"two": [0] * 9 + [1] * 7 + [0] * 4, "three-x_1": [0] * 6 + [1] * 6 + [2] * 6 + [1] * 5,
        "one": [0], "silent": []}


def write_set(folder, noise=0.5, seed=0):
    """Write emb.ark emb.scp subsegments reco2dur ref.rttm below `folder`; speakers talk as PLAN says; no overlap."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.standard_normal((DIMS, DIMS)))[0] * np.sqrt(DIMS)
    segments, turns, durations = [], [], []
    with MatrixWriter(f"ark,scp:{folder}/emb.ark,{folder}/emb.scp") as writer:
        for reco, labels in PLAN.items():
            writer.write(reco, centres[labels] + noise * rng.standard_normal((len(labels), DIMS)))
            parts = [make_segment(reco, i * WINDOW_S, (i + 1) * WINDOW_S) for i in range(len(labels))]
            duration_s = len(labels) * WINDOW_S + 1
            times = [(s.start_s, s.end_s) for s in parts]
            turns += as_turns(reco, labels_to_turns(times, labels, duration_s))
            segments += parts
            durations.append(f"{reco} {duration_s}\n")
    write_segments(folder / "subsegments", segments)
    write_rttm(folder / "ref.rttm", turns)
    (folder / "reco2dur").write_text("".join(durations))
