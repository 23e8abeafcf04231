"""The form of ResNet34 and of small, and their weights out of an ONNX file, without torch."""

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.models.onnx_file import initialisers

MELS, DIM, STRIDE = 80, 256, 8
STAGES = ((32, 3, 1), (64, 4, 2), (128, 6, 2), (256, 3, 2))  # channels, blocks, stride of the first block
WIDTH = STAGES[-1][0] * MELS // STRIDE  # values of an output frame: channels times what is left of the mel bins
SMALL = ((32, 3, 1, 16), (64, 4, 2, 32), (128, 6, 2, 64), (256, 3, 2, 128))  # and channels inside a block


def convolutions(stages):
    """Return {name: (shape of the weights, stride)} of all convolutions, in the order in which they run."""
    channels = stages[0][0]
    found, number = {"conv1": ((channels, 1, 3, 3), 1)}, 0
    for width, depth, stride, *inner in stages:
        inside = inner[0] if inner else width
        for place in range(depth):
            step, name = 1 if place else stride, f"blocks.{number}"
            found[f"{name}.conv1"] = (inside, channels, 3, 3), step
            found[f"{name}.conv2"] = (width, inside, 3, 3), 1
            if step != 1 or channels != width:
                found[f"{name}.shortcut"] = (width, channels, 1, 1), step
            channels, number = width, number + 1
    return found


def read_weights(data):
    """Return (stages, {name: (weight, bias)}) of an ONNX file, the linear layer and the mean among them.

    data: the bytes of the published ResNet34, or of a file that diarkit.networks.export wrote.
    Raises DiarkitError for another network.
    """
    weights = initialisers(data)
    arrays = [array for array in weights.values() if array.ndim]
    for stages in (STAGES, SMALL):
        shapes = [shape for shape, _ in convolutions(stages).values()] + [(DIM, 2 * WIDTH)]
        if [array.shape for array in arrays[::2]] == shapes and len(arrays) == 2 * len(shapes):
            layers = dict(zip([*convolutions(stages), "linear"], zip(arrays[::2], arrays[1::2])))
            return stages, layers | {"mean": np.zeros(DIM, np.float32)}
    return STAGES, _published(weights)


def _published(weights):
    """Return the layers of the published file: within one kernel size, the graph's order is the layers' order."""
    wanted, found = convolutions(STAGES), {}
    for size in (3, 1):
        layers = [(name, shape) for name, (shape, _) in wanted.items() if shape[-1] == size]
        names = [name for name, array in weights.items() if array.ndim == 4 and array.shape[-1] == size]
        if len(names) != len(layers):
            raise DiarkitError(f"{len(names)} {size} x {size} convolutions where a ResNet34 has {len(layers)}")
        for name, (layer, shape) in zip(names, layers):
            bias = str(int(name) + 1) if name.isdigit() else name
            found[layer] = _array(weights, name, shape), _array(weights, bias, shape[:1])
    found["linear"] = (_array(weights, "model.seg_1.weight", (DIM, 2 * WIDTH)),
                       _array(weights, "model.seg_1.bias", (DIM,)))
    return found | {"mean": _array(weights, "mean_vec", (DIM,))}


def _array(weights, name, shape):
    found = weights[name].shape if name in weights else "nothing"
    if found != tuple(shape):
        raise DiarkitError(f"weights {name}: {found} where a ResNet34 has {tuple(shape)}")
    return weights[name]
