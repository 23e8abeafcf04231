"""Join clusters that sound alike, where a recording itself shows up to which likeness they are one speaker.

Spectral clustering on short windows keeps speakers apart, but it may cut a voice that talks for long into ten and more.
Pieces of one voice are then alike beyond the voices of the same recording, though how alike differs from recording to
recording. So the most alike are joined one after another, and the widest gap between two successive likenesses says
where to stop, within bounds that hold for every recording. Where there are few clusters nothing is joined: two voices
in one room can be as alike as two pieces of one voice in another.
"""

import numpy as np

from diarkit.cluster.vectors import group_means, unit_rows


def join_alike(x, groups, high, low, least=1):
    """Return (N,) group numbers 0..K-1 after joining, at least `least` of them.

    x: (N, D) unit rows; groups: (N,) numbers 0..K-1, each of them there. high: groups whose means have this cosine or
    more are one, low: those below are not; between them the widest gap in the likenesses of successive joins decides.
    """
    assert x.ndim == 2 and groups.shape == (len(x),) and low <= high, (x.shape, groups.shape, low, high)
    steps, alike = [groups], [high]
    while len(groups) and groups.max() + 1 > least:
        means = unit_rows(group_means(x, groups)[0])
        similar = means @ means.T
        np.fill_diagonal(similar, -2)
        first, second = sorted(np.unravel_index(similar.argmax(), similar.shape))
        if similar[first, second] < low:
            break
        alike.append(min(float(similar[first, second]), alike[-1]))
        groups = np.unique(np.where(groups == second, first, groups), return_inverse=True)[1]
        steps.append(groups)
    gaps = -np.diff([*alike, low])  # before the first join, and after each
    return steps[int(gaps.argmax()) if gaps.any() else -1]
