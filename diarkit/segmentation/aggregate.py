"""From windows to the whole recording: averages over the windows that cover a frame."""

import numpy as np

from diarkit.segmentation.grid import FRAMES, first_frames, frame_count

EDGE_WEIGHT = 1e-3  # of trimmed frames: they count where no other window reaches


def frame_weights(taper=True, trim=0.0):
    """Return (589,) float32, how much each frame of a window counts.

    Near a window's ends the network knows only what comes after, or before. taper: weights fall in a straight line from
    the middle to the ends, else they are equal. trim: share of the window at each end that hardly counts at all.
    """
    place, edge = np.arange(FRAMES, dtype=np.float32), round(trim * FRAMES)
    weights = np.minimum(place + 1, FRAMES - place) / (FRAMES // 2 + 1) if taper else np.ones(FRAMES, np.float32)
    weights[:edge] = weights[FRAMES - edge:] = EDGE_WEIGHT
    return weights


def average(values, hop_s, duration_s, weights=None):
    """Return (F, ...) float32 means over the windows that cover each global frame; 0 where none does.

    values: (W, 589, ...) numbers, row w of the window that starts at w hop_s; weights: (589,) of a window's frames.
    """
    values = np.asarray(values)
    assert values.ndim >= 2 and values.shape[1] == FRAMES, values.shape
    weights = np.ones(FRAMES, np.float32) if weights is None else np.asarray(weights, np.float32)
    frames, first = frame_count(len(values), hop_s, duration_s), first_frames(len(values), hop_s)
    total = np.zeros((first[-1] + FRAMES, *values.shape[2:]), np.float32)
    weight = np.zeros(first[-1] + FRAMES, np.float32)
    shaped = weights.reshape(-1, *[1] * (values.ndim - 2))
    for start, window in zip(first, values):
        total[start:start + FRAMES] += window * shaped
        weight[start:start + FRAMES] += weights
    return total[:frames] / np.maximum(weight[:frames], EDGE_WEIGHT / 2).reshape(-1, *[1] * (values.ndim - 2))


def speaker_count(active, hop_s, duration_s, weights=None):
    """Return (F,) int64, how many speakers talk in each global frame: the mean over its windows, rounded, halves down.

    active: (W, 589, 3) bool. duration_s: of the recording. weights: (589,) of a window's frames, None for equal ones.
    """
    mean = average(np.asarray(active).sum(axis=-1, dtype=np.int8), hop_s, duration_s, weights)
    return np.ceil(mean - 0.5 - 1e-4).astype(np.int64)
