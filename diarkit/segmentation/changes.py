"""Speaker changes: where windows agree that the set of their active speakers becomes another."""

import numpy as np

from diarkit.segmentation.aggregate import average
from diarkit.segmentation.grid import FRAME_S
from diarkit.vad.smoothing import runs

NEAR_T = 6  # frames: changes that windows see within 0.1 s are one


def change_votes(classes, hop_s, duration_s, weights=None):
    """Return (F,) float32, the share of the windows over each frame that see a change within NEAR_T frames of it.

    classes: (W, 589) powerset classes; a frame changes when its class is not that of the frame before.
    """
    changed = np.zeros(classes.shape, np.int8)
    changed[:, 1:] = classes[:, 1:] != classes[:, :-1]
    near = np.cumsum(np.pad(changed, ((0, 0), (NEAR_T + 1, NEAR_T))), axis=1, dtype=np.int16)
    return average(near[:, 2 * NEAR_T + 1:] > near[:, :-2 * NEAR_T - 1], hop_s, duration_s, weights)


def change_times(votes, onset, duration_s):
    """Return (P,) seconds of the changes: the middle of each stretch of frames whose votes reach `onset`."""
    found = runs(votes >= onset)
    times = found.mean(axis=1) * FRAME_S + 0.0309375 - FRAME_S / 2
    return np.round(times[times < duration_s], 3)
