"""What 8-bit integers of any network are made with: scales of weights, and crops of real features to find the others.

Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference".
"""

import numpy as np
import torch

LEAST = 1e-8  # no scale is 0: some channels are dead


def of_weights(weight):
    """Return one scale for each output channel (C,) of weights (C, ...): the largest of its weights becomes 127."""
    return weight.detach().abs().flatten(1).amax(1).clamp(min=LEAST) / 127


def middle(feats, frames_t, centred=True):
    """Return the middle frames of a recording's features (T, D) as a batch of one; centred: less their mean."""
    x = np.array(feats[max(len(feats) - frames_t, 0) // 2:][:frames_t], np.float32)
    return torch.from_numpy(x - x.mean(0) if centred else x)[None]
