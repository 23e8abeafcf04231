"""Find the scales of a ResNet34's 8-bit trunk on real features, in torch, layer by layer in floats."""

import numpy as np
import torch

from diarkit.models.resnet34_int8 import has_two_signs

INPUT_CLIPPED = 1e-3  # share of the features: digital silence lies far below all speech, and would make steps coarse


def middle(feats, frames_t, centred=True):
    """Return the middle frames of a recording's features (T, D) as a batch of one; centred: less their mean."""
    x = np.array(feats[max(len(feats) - frames_t, 0) // 2:][:frames_t], np.float32)
    return torch.from_numpy(x - x.mean(0) if centred else x)[None]


def layers(network):
    """Return {name: module} of the layers of a ResNet34 whose outputs are rounded; what comes in is `input`."""
    found = {"conv1": network.conv1}
    for number, block in enumerate(network.blocks):
        found |= {f"blocks.{number}.conv1": block.conv1, f"blocks.{number}.conv2": block.conv2}
        if isinstance(block.shortcut, torch.nn.Conv2d):
            found[f"blocks.{number}.shortcut"] = block.shortcut
        found[f"blocks.{number}"] = block
    return found


def calibrate(network, batches, clipped=1e-5):
    """Return {layer name: scale} so that all but the `clipped` share of each layer's outputs fit into 8 bits.

    Of the input INPUT_CLIPPED may be too large, or more where `clipped` is more.
    batches: iterable of (B, T, 80) float32 tensors of mean-normalised features.
    """
    found, hooks = {}, []
    for name, module in layers(network).items():
        hooks.append(module.register_forward_hook(lambda _, __, y, name=name: _keep(found, name, y)))
    try:
        with torch.inference_mode():
            for x in batches:
                _keep(found, "input", x)
                network.frames(x)
    finally:
        for hook in hooks:
            hook.remove()
    shares = {"input": max(clipped, INPUT_CLIPPED)}
    return {name: _high(torch.cat(values), shares.get(name, clipped)) / (127 if has_two_signs(name) else 255)
            for name, values in found.items()}


def _keep(found, name, y):
    """Keep the largest of every eight values, of which there are enough to find the highest of all."""
    y = (y.abs() if has_two_signs(name) else y.relu()).flatten()
    found.setdefault(name, []).append(y[:len(y) // 8 * 8].view(8, -1).amax(0))


def _high(values, clipped):
    return float(values.kthvalue(max(len(values) - round(len(values) * 8 * clipped), 1)).values)
