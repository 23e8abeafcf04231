"""Statistics pooling under the masks of local speakers, from frame-level outputs of a whole recording.

The mask of local speaker k of window w becomes a row of weights over the recording's output frames: the share of each
frame's time during which that speaker talks. Most rows are mostly zeros, so all of them are one sparse matrix, and the
sums of frames and of their squares are its products: no window goes through the network.
"""

import numpy as np
from scipy import sparse

from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES
from diarkit.segmentation.powerset import SPEAKERS, to_multilabel

EPS = 1e-8  # under the square root of the deviation, as in ResNet34
GROUP = 256  # windows whose masks are worked on at once


def speaker_masks(classes, min_clean_s, least_s):
    """Return (W, 589, 3) bool: the frames over which each local speaker is pooled.

    classes: (W, 589) powerset classes. Frames where others talk too are left out of the mask of a speaker who has
    min_clean_s seconds alone; a speaker with less than least_s seconds in all has an empty mask.
    """
    active = to_multilabel(classes)
    clean = active & (active.sum(-1, keepdims=True) == 1)
    seconds = FRAME_S * np.stack([clean.sum(1), active.sum(1)])
    mask = np.where((seconds[0] >= min_clean_s)[:, None], clean, active)
    return mask & (mask.sum(1, keepdims=True) * FRAME_S >= least_s)


def weight_matrix(classes, hop_s, total, step_s, centre_s, min_clean_s=0.5, least_s=0.2):
    """Return the (3 W, total) sparse float64 weights of output frames; row 3 w + k is speaker k of window w.

    classes: (W, 589), window w starts at w hop_s. Output frame j stands for step_s seconds around centre_s + j step_s.
    """
    parts = []
    for at in range(0, len(classes), GROUP):
        mask = speaker_masks(classes[at:at + GROUP], min_clean_s, least_s)
        starts_s = (at + np.arange(len(mask))) * hop_s - (centre_s - step_s / 2)
        parts.append(_rows(*_shares(mask, starts_s, step_s), total))
    return sparse.vstack(parts or [sparse.csr_matrix((0, total))], format="csr")


def _shares(mask, starts_s, step_s):
    """Return (first (W,), shares (W, J, 3)): speaker's share of the time of output frames first, first + 1, ...

    starts_s: (W,) starts of the windows, counted from the start of output frame 0.
    """
    first = np.floor((starts_s + FIRST_S) / step_s).astype(np.int64)
    count = int(np.ceil(FRAMES * FRAME_S / step_s)) + 1
    edges_s = (first[:, None] + np.arange(count + 1)) * step_s - starts_s[:, None] - FIRST_S
    place = np.clip(edges_s / FRAME_S, 0, FRAMES)  # in frames of the segmentation
    sums = np.concatenate([np.zeros((len(mask), 1, SPEAKERS)), np.cumsum(mask, 1)], 1)
    low = np.minimum(place.astype(np.int64), FRAMES - 1)
    left, right = (np.take_along_axis(sums, i[..., None], 1) for i in (low, low + 1))
    talk = left + (right - left) * (place - low)[..., None]
    return first, np.diff(talk, axis=1) * (FRAME_S / step_s)


def _rows(first, shares, total):
    window, frame, speaker = np.nonzero(shares > 1e-9)
    column = first[window] + frame
    inside = (column >= 0) & (column < total)
    rows = (window * SPEAKERS + speaker)[inside]
    return sparse.csr_matrix((shares[window, frame, speaker][inside], (rows, column[inside])),
                             shape=(len(first) * SPEAKERS, total))


def pooled(weights, frames):
    """Return (R, 2 C) float64: weighted mean and unbiased deviation of frames; rows without two frames are zeros.

    weights: (R, N) sparse; frames: (N, C). With weights w: variance = sum w (x - mean)^2 / (sum w - sum w^2 / sum w),
    as diarkit.models.resnet34.weighted_stats.
    """
    assert weights.shape[1] == len(frames), (weights.shape, frames.shape)
    x = np.asarray(frames, np.float64)
    total, squares = weights.sum(1), weights.multiply(weights).sum(1)
    total, squares = (np.asarray(v).reshape(-1, 1) for v in (total, squares))
    kept = (np.diff(weights.indptr) > 1)[:, None]
    total = np.where(kept, total, 1.0)
    mean = weights @ x / total
    spread = np.maximum(weights @ (x * x) - total * mean ** 2, 0)
    deviation = np.sqrt(spread / np.where(kept, total - squares / total, 1.0) + EPS)
    return np.where(kept, np.concatenate([mean, deviation], 1), 0.0)


def row_statistics(weights, blocks):
    """Yield (rows, (n, 2 C) statistics) as soon as the blocks (n, C) that a row needs are there; drop what is done.

    weights: (R, N) sparse csr with sorted columns, N frames in all blocks together.
    """
    lengths = np.diff(weights.indptr)
    waiting = np.flatnonzero(lengths > 1)
    first, last = weights.indices[weights.indptr[waiting]], weights.indices[weights.indptr[waiting + 1] - 1]
    held, start = None, 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        ready = last < start + len(held)
        if ready.any():
            yield waiting[ready], pooled(weights[waiting[ready], start:start + len(held)], held)
            waiting, first, last = waiting[~ready], first[~ready], last[~ready]
        done = min(first.min(initial=start + len(held)), start + len(held)) - start
        held, start = held[done:], start + done
    assert not len(waiting), "rows without their frames"
