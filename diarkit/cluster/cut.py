"""Where to cut a dendrogram, and the labels below the cut."""

import numpy as np

from diarkit.cluster.vectors import by_first_appearance

SLACK = 1e-6  # equal vectors lie this far apart in float32


def labels_after(tree, merges):
    """Return the (N,) labels after the first `merges` merges: exactly N - merges clusters, inversions or not."""
    parent = np.arange(len(tree.weights))
    parent[tree.gone[:merges]] = tree.into[:merges]
    while not np.array_equal(parent, parent[parent]):
        parent = parent[parent]
    return by_first_appearance(parent)


def merges_below(tree, threshold):
    """Return how many merges come before the first one above the threshold.

    With inversions a later merge may be lower again; it rests on the one above the threshold, so it does not count.
    """
    above = np.flatnonzero(tree.height > threshold + SLACK)
    return int(above[0]) if len(above) else len(tree.height)


def large_clusters(tree, size):
    """Return (N,) how many clusters weigh at least `size` after 0, 1, ... N-1 merges."""
    if size <= tree.weights.min():
        return np.arange(len(tree.weights), 0, -1)
    weight, change = tree.weights.copy(), np.zeros(len(tree.height), int)
    for step, (a, b) in enumerate(zip(tree.into, tree.gone)):
        change[step] = (weight[a] + weight[b] >= size) - int(weight[a] >= size) - int(weight[b] >= size)
        weight[a] += weight[b]
    return int((tree.weights >= size).sum()) + np.concatenate(([0], change.cumsum()))


def choose_cut(tree, threshold, least, most, size=0.0):
    """Return the number of merges nearest to the threshold's that leaves `least` to `most` large clusters.

    Where no cut has that many clusters of at least `size`, small ones count as well.
    """
    wanted = merges_below(tree, threshold)
    for smallest in (size, 0.0):
        large = large_clusters(tree, smallest)
        fits = np.flatnonzero((large >= least) & (large <= most))
        if len(fits):
            return int(fits[np.abs(fits - wanted).argmin()])
    raise AssertionError(f"no cut of {len(tree.weights)} points leaves {least} to {most} clusters")
