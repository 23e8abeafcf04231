"""Spectral clustering that tunes its graph and finds the count itself (NME-SC, Park et al. 2019)."""

import numpy as np
from scipy.linalg import eigh, eigvalsh

from diarkit.cluster.counts import partition
from diarkit.cluster.options import AUTO_MOST
from diarkit.cluster.vectors import unit_rows

TUNE_ROWS, TUNE_STEPS = 512, 30  # size of the graph that p is tuned on, and how many values of p are tried
TIES = 1e-6  # similarities this close count as equal, so that equal vectors are neighbours of the same


def group(points, weights, options, least, most, seed):
    """Return (N,) labels: k-means on the first eigenvectors of the graph's Laplacian.

    The count is found freely and then brought within least..most: bounding the search instead tunes a worse graph.
    See diarkit.cluster.cluster for the arguments. Memory: some 30 N^2 bytes.
    """
    n = len(points)
    if n < 3 or least >= n:
        return np.arange(n) if least >= n else np.zeros(n, int)
    # The graph joins each row to log n others at least, so no cluster that shows in it is smaller than that and itself.
    widest = min(max(AUTO_MOST, most if most < n else 0), int(n / (np.log(n) + 1)))
    widest = min(max(widest, least, 1), n - 1)
    similar = similarities(points)
    graph = neighbour_graph(similar, round(tune(similar, options, widest) * n))
    values, vectors = eigh(laplacian(graph, options.laplacian), subset_by_index=(0, widest), overwrite_a=True)
    count = min(max(1 + int(np.diff(values).argmax()), least), most)
    rows = vectors[:, :count]
    return partition(unit_rows(rows) if options.laplacian == "normalised" else rows, weights, count, seed)


def similarities(points):
    """Return the (N, N) cosine similarities; nobody is a neighbour of itself: the diagonal is below all others."""
    x = unit_rows(points)
    similar = x @ x.T
    np.fill_diagonal(similar, -2)
    return similar


def neighbour_graph(similar, neighbours):
    """Return the (N, N) symmetric graph: 1 where two rows are among each other's p nearest, 1/2 where one is."""
    p = min(max(neighbours, 1), len(similar) - 1)
    least = np.partition(similar, -p, axis=1)[:, -p]
    near = (similar >= least[:, None] - TIES).astype(float)
    np.fill_diagonal(near, 0)
    return (near + near.T) / 2


def laplacian(graph, kind):
    """Return D - A, or D^-1/2 (D - A) D^-1/2 where kind is `normalised` (Ng, Jordan and Weiss 2001)."""
    degree = graph.sum(1)
    out = np.diag(degree) - graph
    if kind == "normalised":
        root = 1 / np.sqrt(degree)
        out *= root[:, None] * root
    return out


def tune(similar, options, most):
    """Return the share of the rows to keep as neighbours: the one with the least p / g_p.

    g_p is the largest gap between successive eigenvalues over the largest eigenvalue, p the number of neighbours
    (Park et al. 2019: normalised maximum eigengap, and its ratio r(p)). Only gaps after 1 to `most` eigenvalues
    count. Tried are log N neighbours, below which the graph of a single speaker falls apart (von Luxburg
    2007, section 8.2), up to max_neighbours. Long recordings are tuned on evenly spread rows.
    """
    n = len(similar)
    pick = np.unique(np.linspace(0, n - 1, min(n, TUNE_ROWS)).round().astype(int))
    similar = similar[np.ix_(pick, pick)]
    n, most = len(pick), min(most, len(pick) - 1)
    largest = max(options.max_neighbours * n, 1)
    tried = np.unique(np.linspace(min(np.log(n), largest), largest, TUNE_STEPS).round().astype(int))
    ratio = []
    for p in tried:
        values = eigvalsh(laplacian(neighbour_graph(similar, p), options.laplacian))
        gap = np.diff(values[:most + 1]).max()
        ratio.append(p * (values[-1] + 1e-10) / max(gap, 1e-10))
    return tried[int(np.argmin(ratio))] / n
