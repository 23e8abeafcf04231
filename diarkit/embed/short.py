"""Short windows over the speech, pooled from the same pass of the trunk as the local speakers.

A local speaker of ten seconds may be two people; a window of a second and a half hardly is. So the short windows tell
which voices there are, and the local speakers who talks over whom.
"""

import numpy as np
from scipy import sparse

from diarkit.segmentation.aggregate import average
from diarkit.segmentation.grid import FIRST_S, FRAME_S
from diarkit.segmentation.powerset import to_multilabel

LENGTH_S, HOP_S = 1.5, 0.5
LEAST_SPEECH = 0.5  # share of a window
LEAST_WEIGHT = 0.05  # of an output frame without speech: pauses say little about a voice
GROUP = 512  # windows of ten seconds whose speech is looked at together


def short_windows(classes, hop_s, total, step_s, centre_s):
    """Return (times (N, 2) float64 seconds, weights (N, total) sparse csr) of the windows that lie in speech.

    classes: (W, 589) powerset classes of windows of ten seconds, one every hop_s. total: output frames of the trunk;
    output frame j stands for step_s seconds around centre_s + j step_s.
    """
    length, hop = max(round(LENGTH_S / step_s), 1), max(round(HOP_S / step_s), 1)
    starts = np.arange(0, max(total - length, 0) + 1, hop) if total else np.zeros(0, np.int64)
    ends = np.minimum(starts + length, total)
    times = centre_s - step_s / 2 + step_s * np.column_stack([starts, ends])
    kept = speech_share(classes, hop_s, times) >= LEAST_SPEECH
    edges = centre_s - step_s / 2 + step_s * np.arange(total + 1)
    talk = speech_share(classes, hop_s, np.column_stack([edges[:-1], edges[1:]]))
    starts, ends = starts[kept], ends[kept]
    counts = ends - starts
    columns = np.repeat(starts - np.r_[0, np.cumsum(counts)[:-1]], counts) + np.arange(counts.sum())
    weights = np.maximum(talk[columns], LEAST_WEIGHT)
    rows = sparse.csr_matrix((weights, columns, np.r_[0, np.cumsum(counts)]), shape=(len(starts), total))
    return np.maximum(times[kept], 0.0), rows


def speech_share(classes, hop_s, times):
    """Return (N,) the share of each stretch of times (N, 2) in which most windows of ten seconds hear speech."""
    if not len(classes) or not len(times):
        return np.zeros(len(times))
    active = np.concatenate([to_multilabel(classes[at:at + GROUP]).any(-1) for at in range(0, len(classes), GROUP)])
    speech = average(active, hop_s, times[-1, 1] + 1.0) >= 0.5
    so_far = np.r_[0, np.cumsum(speech)]
    place = np.clip(np.rint((times - FIRST_S) / FRAME_S).astype(np.int64), 0, len(speech))
    return np.diff(so_far[place], axis=1)[:, 0] / np.maximum(np.diff(place, axis=1)[:, 0], 1)
