"""Give the local speakers of every window to clusters, no two of one window to the same."""

import numpy as np
from scipy.optimize import linear_sum_assignment

NOBODY = -1


def assign(similar, here, exclusive=True):
    """Return (W, L) cluster numbers, NOBODY where there is no local speaker, with the greatest total similarity.

    similar: (W, L, K) similarity of local speakers to clusters; here: (W, L) bool, which local speakers there are.
    exclusive: two local speakers of one window get two clusters, unless there are fewer clusters than speakers: then
    the least similar ones share their best, as speech that is heard should not be lost.
    """
    windows, local, clusters = similar.shape
    assert here.shape == (windows, local), (here.shape, similar.shape)
    found = np.where(here, similar.argmax(2) if clusters else NOBODY, NOBODY)
    if exclusive and clusters:
        for w in np.flatnonzero(_clash(found, here)):
            rows = np.flatnonzero(here[w])
            picked, columns = linear_sum_assignment(similar[w, rows], maximize=True)
            found[w, rows[picked]] = columns
    return found


def _clash(found, here):
    """Return (W,) whether two local speakers of the window chose one cluster; all others are at their best already."""
    clash = np.zeros(len(found), bool)
    for a in range(found.shape[1]):
        for b in range(a):
            clash |= here[:, a] & here[:, b] & (found[:, a] == found[:, b])
    return clash


def fill_empty(found, similar):
    """Return the assignment with at least one local speaker for every cluster, as far as there are enough.

    An empty cluster takes the local speaker that loses least by it, from a cluster that keeps another.
    """
    found = found.copy()
    sizes = np.bincount(found[found >= 0], minlength=similar.shape[2])
    for empty in np.flatnonzero(sizes == 0):
        free = (found >= 0) & (sizes[np.maximum(found, 0)] > 1)
        if not free.any():
            break
        held = np.take_along_axis(similar, np.maximum(found, 0)[..., None], 2)[..., 0]
        place = np.unravel_index(np.where(free, similar[..., empty] - held, -np.inf).argmax(), found.shape)
        sizes[found[place]] -= 1
        sizes[empty] += 1
        found[place] = empty
    return found
