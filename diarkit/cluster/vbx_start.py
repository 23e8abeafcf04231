"""VBx from embeddings: the agglomerative clustering that it starts from, the PLDA, and a count that is asked for."""

from diarkit.cluster.agglomerate import agglomerate
from diarkit.cluster.counts import partition
from diarkit.cluster.cut import choose_cut, labels_after
from diarkit.cluster.vbx import vbx
from diarkit.plda.backend import open_backend

START_MOST = 100  # most speakers to start from: bounds time and memory, where noise would give thousands


def group(vectors, points, weights, member, options, least, most, seed):
    """Return (N,) labels of embeddings in the order of time.

    vectors: (N, D) embeddings, none of zeros; points, weights, member: the same at length 1, perhaps condensed, see
    diarkit.cluster.prepare. options: ClusterOptions. VBx finds its own count; where that is not within least..most,
    k-means with the nearest count that is decides instead: better than to merge or split what VBx found, and than to
    start VBx from that count.
    """
    backend = open_backend(options.plda)
    dims = min(options.plda_dims, len(backend.plda.psi))
    tree = agglomerate(points, weights, options.linkage)
    cut = choose_cut(tree, options.threshold, least, max(least, min(START_MOST, len(points))))
    start = labels_after(tree, cut)[member]
    found = vbx(backend.latent(vectors, dims), backend.plda.psi[:dims], start, options).labels
    count = min(max(found.max() + 1, least), most)
    return found if count == found.max() + 1 else partition(points, weights, count, seed)[member]
