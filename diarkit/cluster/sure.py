"""Speakers out of the vectors of long pieces alone: those of short ones are too unsure to found a speaker."""

import numpy as np

from diarkit.cluster import cluster
from diarkit.cluster.options import ClusterOptions, CountOptions
from diarkit.cluster.vectors import by_first_appearance, group_means, nearest, unit_rows


def cluster_sure(vectors, lengths_s, least_s, options=None, count=None, seed=0):
    """Return (N,) int speaker numbers as `cluster` does, of which pieces shorter than least_s found none.

    vectors: (N, D), in the order of time; lengths_s: (N,) seconds of the pieces. A short piece gets the speaker whose
    mean direction is nearest to it, a vector of zeros that of the piece before it. Where there are fewer long pieces
    than speakers are asked for, the longest of the others count as long.
    """
    options, count = options or ClusterOptions(), count or CountOptions()
    vectors, lengths_s = np.asarray(vectors), np.asarray(lengths_s, np.float64)
    assert len(vectors) == len(lengths_s), (vectors.shape, lengths_s.shape)
    least = count.bounds(len(vectors))[0] if len(vectors) else 0
    sure = lengths_s >= min(least_s, np.sort(lengths_s)[-least] if least else 0)
    labels = np.zeros(len(vectors), int)
    labels[sure] = cluster(vectors[sure], options, count, seed)
    if sure.all():
        return labels
    x = unit_rows(vectors.astype(np.float32))
    labels[~sure] = nearest(x[~sure], group_means(x[sure], labels[sure])[0])
    silent = np.flatnonzero(~sure & ~x.any(1))
    for row in silent[silent > 0]:
        labels[row] = labels[row - 1]
    return by_first_appearance(labels)
