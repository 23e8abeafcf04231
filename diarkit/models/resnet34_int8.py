"""The trunk of ResNet34 in 8-bit integers: a graph for ONNX Runtime, on processors that multiply them fast.

Weights have one scale for each output channel, activations one for each layer, found once on real speech
(int8.scales beside the weights, bin/calibrate-trunk.py). What is rectified has no sign: its zero is 0. Features, what
leaves a shortcut and what is added to it have two signs: their zero is 128.
"""

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.models.integers import addition, convolution, rectified, rounded, signed, widened
from diarkit.models.onnx_graph import Graph
from diarkit.models.resnet34_form import MELS, WIDTH, convolutions, read_weights


def scale_names(stages):
    """Return the names of all values that are rounded: the features (`input`), convolutions, and blocks' outputs."""
    names = list(convolutions(stages))
    return ["input", *names, *(name.removesuffix(".conv2") for name in names if name.endswith(".conv2"))]


def has_two_signs(name):
    """Tell whether a value of `scale_names` may be below 0."""
    return name == "input" or name.endswith((".shortcut", ".conv2"))


def trunk(data, scales):
    """Return the bytes of an ONNX file that takes feats (B, T, 80) and gives frames (B, 2560, ceil(T / 8)).

    data: the bytes of the network in floats, see read_weights; scales: {name: scale} of `scale_names`.
    Raises DiarkitError where a scale is missing.
    """
    stages, layers = read_weights(data)
    missing = [name for name in scale_names(stages) if name not in scales]
    if missing:
        raise DiarkitError(f"no scale for {', '.join(missing[:3])} of a ResNet34. Run calibrate-trunk.py")
    steps = {name: (signed if has_two_signs(name) else rectified)(float(scales[name])) for name in scale_names(stages)}
    graph = Graph()
    x = graph.node("Transpose", "feats", perm=[0, 2, 1])
    x = rounded(graph, graph.node("Unsqueeze", x, graph.weight(np.array([1]))), steps["input"])
    x = _convolution(graph, layers, steps, "conv1", x, "input")
    before, shapes = "conv1", convolutions(stages)
    for block in [name.removesuffix(".conv2") for name in shapes if name.endswith(".conv2")]:
        x, before = _block(graph, layers, steps, shapes, block, x, before), block
    shape = graph.weight(np.array([0, WIDTH, -1]))
    frames = graph.node("Reshape", widened(graph, x, steps[before]), shape, name="frames")
    return graph.model({"feats": ("B", "T", MELS)}, {frames: ("B", WIDTH, "F")})


def _block(graph, layers, steps, shapes, block, x, before):
    """Add a block: two convolutions, and the shortcut from what came before it (He et al. 2016, figure 2)."""
    stride = shapes[f"{block}.conv1"][1]
    inner = _convolution(graph, layers, steps, f"{block}.conv1", x, before, stride)
    inner = _convolution(graph, layers, steps, f"{block}.conv2", inner, f"{block}.conv1")
    beside = before
    if f"{block}.shortcut" in shapes:
        x, beside = _convolution(graph, layers, steps, f"{block}.shortcut", x, before, stride), f"{block}.shortcut"
    return addition(graph, inner, steps[f"{block}.conv2"], x, steps[beside], steps[block])


def _convolution(graph, layers, steps, name, x, before, stride=1):
    weight, bias = layers[name]
    pad = weight.shape[-1] // 2
    return convolution(graph, x, steps[before], steps[name], weight, bias, strides=[stride, stride], pads=[pad] * 4)
