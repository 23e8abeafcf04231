"""Pooling under masks for networks whose frame-level outputs depend on the whole window, such as CAM++."""

import numpy as np

from diarkit.embed.pooling import pooled, weight_matrix
from diarkit.segmentation.grid import WINDOW_S
from diarkit.segmentation.powerset import SPEAKERS

STRIDE, LEAST_T = 2, 10  # feature frames: between two outputs of CAM++, and the fewest worth a run


def window_statistics(network, features, classes, hop_s, shift_s, centre_s, min_clean_s, least_s):
    """Yield (rows, (n, 2 C) statistics) for each window in which somebody talks; the network runs once over each.

    The mean of the window is taken off its features, as in training. A window of 10 s costs the same whatever the hop,
    so a hop of 5 s runs the network twice over each second.
    """
    window_t = round(WINDOW_S / shift_s)
    for number in np.flatnonzero(np.asarray(classes).any(1)):
        x = np.asarray(features[round(number * hop_s / shift_s):][:window_t], np.float32)
        if len(x) < LEAST_T:
            continue
        weights = weight_matrix(classes[number:number + 1], 0.0, -(-len(x) // STRIDE), STRIDE * shift_s, centre_s,
                                min_clean_s, least_s)
        kept = np.flatnonzero(np.diff(weights.indptr) > 1)
        if len(kept):
            frames = network.context.frames((x - x.mean(0))[None])[0].T
            yield SPEAKERS * number + kept, pooled(weights[kept], frames)
