"""From the local speakers of overlapping windows to the speakers of a recording."""

from typing import NamedTuple

import numpy as np

from diarkit.cluster import cluster
from diarkit.cluster.constrained import assign, fill_empty
from diarkit.cluster.vectors import by_first_appearance, check_vectors, group_means, unit_rows
from diarkit.errors import DiarkitError
from diarkit.options import opt, options


@options
class SpeakerOptions:
    """Local speakers."""

    min_clean: float = opt(0.1, "share of a window that a local speaker must talk alone for to help find the clusters; "
                                "where too few do, all help", low=0.0, high=1.0)
    exclusive: bool = opt(True, "two local speakers of one window are never the same speaker")


class Speakers(NamedTuple):
    """labels: (W, L) speaker numbers, -1 where nobody; evidence: (K, 5), one row for each speaker.

    Columns of evidence: seconds of speech, local speakers, those of them that helped to find the clusters, number of
    the nearest other speaker (-1: none), cosine distance of the two means.
    """

    labels: np.ndarray
    evidence: np.ndarray


def clean_share(active):
    """Return (W, L) share of the window in which a local speaker talks alone; active: (W, T, L) bool."""
    return (active & (active.sum(2, keepdims=True) == 1)).mean(1)


def cluster_speakers(vectors, active, speaking=None, options=None, count=None, hop_s=1.0, frame_s=0.016875, seed=0):
    """Return the Speakers of one recording.

    vectors: (W * L, D) embeddings, row L w + k for local speaker k of window w, zeros where that one does not speak;
    active: (W, T, L) bool, who talks in each frame of each window. speaking: SpeakerOptions; options: ClusterOptions;
    count: CountOptions, obeyed as far as there are as many local speakers. hop_s, frame_s: for the seconds.
    Raises DiarkitError when the two do not fit.
    """
    speaking, (windows, _, local) = speaking or SpeakerOptions(), active.shape
    x = unit_rows(check_vectors(vectors))
    if len(x) != windows * local:
        raise DiarkitError(f"{len(x)} embeddings for {windows} windows of {local} local speakers. Embed the speakers "
                           "of this very segmentation")
    here = x.any(1)
    least = count.bounds(len(x))[0] if count else 1
    learn = _training_rows(here, clean_share(active).ravel() >= speaking.min_clean, least)
    groups = cluster(np.asarray(vectors)[learn], options, count, seed)
    labels, means = _assigned(x, here, learn, groups, (windows, local), speaking.exclusive)
    return Speakers(labels, _evidence(labels, means, learn, active, hop_s, frame_s))


def _training_rows(here, clean, least):
    """Return the indices of the rows that clusters are found from: the clean ones where there are enough, else all."""
    rows = np.flatnonzero(here & clean)
    return rows if len(rows) >= max(least, 2) else np.flatnonzero(here)


def _assigned(x, here, learn, groups, shape, exclusive):
    """Return ((W, L) labels numbered by first appearance, (K, D) unit means in that order)."""
    if not len(groups):
        return np.full(shape, -1), np.zeros((0, x.shape[1]))
    means = unit_rows(group_means(x[learn], groups)[0])
    similar = (x @ means.T).reshape(*shape, len(means))
    labels = fill_empty(assign(similar, here.reshape(shape), exclusive), similar)
    order = by_first_appearance(labels[labels >= 0])
    kept = np.full(order.max() + 1, -1)
    kept[order] = labels[labels >= 0]
    labels[labels >= 0] = order
    return labels, means[kept]


def _evidence(labels, means, learn, active, hop_s, frame_s):
    """Return the (K, 5) evidence; speech heard in several windows counts by its share of them."""
    count = len(means)
    found, heard = labels.ravel(), active.sum(1).ravel() * frame_s
    real = found >= 0
    seconds = np.bincount(found[real], heard[real], count) * min(hop_s / (active.shape[1] * frame_s), 1)
    rows, helped = np.bincount(found[real], minlength=count), np.bincount(found[learn], minlength=count)
    far = 1 - means @ means.T
    np.fill_diagonal(far, np.inf)
    if count < 2:
        return np.column_stack([seconds, rows, helped, np.full(count, -1), np.full(count, 2.0)])
    return np.column_stack([seconds, rows, helped, far.argmin(1), far.min(1)])
