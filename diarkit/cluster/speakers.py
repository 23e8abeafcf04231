"""From the local speakers of overlapping windows to the speakers of a recording."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from diarkit.cluster import cluster
from diarkit.cluster.constrained import assign, fill_empty
from diarkit.cluster.join import join_alike
from diarkit.cluster.options import AUTO_MOST, ClusterOptions, CountOptions
from diarkit.cluster.vectors import by_first_appearance, check_vectors, group_means, unit_rows
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options


@options
class SpeakerOptions:
    """Local speakers."""

    min_clean: float = opt(0.1, "share of a window that a local speaker must talk alone for to help find the clusters; "
                                "where too few do, all help", low=0.0, high=1.0)
    exclusive: bool = opt(True, "two local speakers of one window are never the same speaker")
    least_windows: int | None = opt(90, "with so many short windows of speech these find the speakers, by spectral "
                                    "clustering; with fewer the local speakers do (none: always the local speakers)",
                                    low=2)
    suspect: int = opt(10, "so many clusters of short windows may be one voice cut up: those that are alike are joined",
                       low=2)
    alike: float = opt(0.8, "clusters of short windows whose means have this cosine or more are one speaker", low=-1.0,
                       high=1.0)
    unlike: float = opt(0.6, "clusters below this are two speakers; in between the recording's widest gap decides",
                        low=-1.0, high=1.0)
    temperature: float = opt(0.1, "of the share of each speaker in a short window: a softmax of cosines over this",
                             above=0.0)

    def check(self):
        if self.unlike > self.alike:
            raise UsageError(f"--unlike {self.unlike:g} must not exceed --alike {self.alike:g}")


class Speakers(NamedTuple):
    """labels: (W, L) speaker numbers, -1 where nobody; evidence: (K, 5), one row for each speaker.

    Columns of evidence: seconds of speech, local speakers, those of them (or short windows) that helped to find the
    clusters, number of the nearest other speaker (-1: none), cosine distance of the two means.
    shares: (N, K) float32 how far each short window is each speaker's, (0, K) without short windows.
    """

    labels: np.ndarray
    evidence: np.ndarray
    shares: np.ndarray


def clean_share(active):
    """Return (W, L) share of the window in which a local speaker talks alone; active: (W, T, L) bool."""
    return (active & (active.sum(2, keepdims=True) == 1)).mean(1)


def cluster_speakers(vectors, active, speaking=None, options=None, count=None, hop_s=1.0, frame_s=0.016875, seed=0,
                     short=None):
    """Return the Speakers of one recording.

    vectors: (W * L, D) embeddings, row L w + k for local speaker k of window w, zeros where that one does not speak;
    active: (W, T, L) bool, who talks in each frame of each window. speaking: SpeakerOptions; options: ClusterOptions;
    count: CountOptions, obeyed as far as there are as many local speakers. hop_s, frame_s: for the seconds. short:
    (N, D) embeddings of short windows, None for none.
    Raises DiarkitError when the two do not fit.
    """
    speaking, (windows, _, local) = speaking or SpeakerOptions(), active.shape
    x = unit_rows(check_vectors(vectors))
    if len(x) != windows * local:
        raise DiarkitError(f"{len(x)} embeddings for {windows} windows of {local} local speakers. Embed the speakers "
                           "of this very segmentation")
    here = x.any(1)
    short = np.zeros((0, x.shape[1])) if short is None or not len(short) else unit_rows(check_vectors(short))
    if speaking.least_windows and len(short) >= speaking.least_windows and here.any():
        found = replace(options or ClusterOptions(), method="spectral", min_cluster_size=0.0)
        bounds = count if count and count.given else CountOptions(max_speakers=AUTO_MOST)
        groups = cluster(short, found, bounds, seed)
        if groups.max() + 1 >= speaking.suspect:
            groups = join_alike(short, groups, speaking.alike, speaking.unlike, bounds.bounds(len(short))[0])
        means, helped = _means(short, groups)
    else:
        least = count.bounds(len(x))[0] if count else 1
        learn = _training_rows(here, clean_share(active).ravel() >= speaking.min_clean, least)
        means, helped = _means(x[learn], cluster(np.asarray(vectors)[learn], options, count, seed))
    labels, order = _assigned(x, here, means, (windows, local), speaking.exclusive)
    shares = softmax(short @ means[order].T / speaking.temperature, axis=1) if len(order) else np.zeros((len(short), 0))
    return Speakers(labels, _evidence(labels, means[order], helped[order], active, hop_s, frame_s),
                    shares.astype(np.float32))


def _means(x, groups):
    """Return ((K, D) unit means, (K,) members) of the groups 0..K-1 of unit rows."""
    if not len(groups):
        return np.zeros((0, x.shape[1])), np.zeros(0, int)
    return unit_rows(group_means(x, groups)[0]), np.bincount(groups)


def _training_rows(here, clean, least):
    """Return the indices of the rows that clusters are found from: the clean ones where there are enough, else all."""
    rows = np.flatnonzero(here & clean)
    return rows if len(rows) >= max(least, 2) else np.flatnonzero(here)


def _assigned(x, here, means, shape, exclusive):
    """Return ((W, L) labels numbered by first appearance, (K,) the clusters in that order)."""
    if not len(means):
        return np.full(shape, -1), np.zeros(0, int)
    similar = (x @ means.T).reshape(*shape, len(means))
    labels = fill_empty(assign(similar, here.reshape(shape), exclusive), similar)
    order = by_first_appearance(labels[labels >= 0])
    kept = np.full(order.max() + 1, -1)
    kept[order] = labels[labels >= 0]
    labels[labels >= 0] = order
    return labels, kept


def _evidence(labels, means, helped, active, hop_s, frame_s):
    """Return the (K, 5) evidence; speech heard in several windows counts by its share of them."""
    count = len(means)
    found, heard = labels.ravel(), active.sum(1).ravel() * frame_s
    real = found >= 0
    seconds = np.bincount(found[real], heard[real], count) * min(hop_s / (active.shape[1] * frame_s), 1)
    rows = np.bincount(found[real], minlength=count)
    far = 1 - means @ means.T
    np.fill_diagonal(far, np.inf)
    if count < 2:
        return np.column_stack([seconds, rows, helped, np.full(count, -1), np.full(count, 2.0)])
    return np.column_stack([seconds, rows, helped, far.argmin(1), far.min(1)])
