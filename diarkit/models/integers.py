"""8-bit integers in ONNX Runtime: scales of weights, and the operations of a graph that take and give integers.

A value x is stored as q with x = scale (q - zero). Products of integers are summed exactly in 32 bits, so neither the
number of threads nor the place of a block changes a bit.
Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference".
"""

from typing import NamedTuple

import numpy as np

from diarkit.models.onnx_graph import MICROSOFT

LEAST = 1e-8   # no scale is 0: some channels are dead
MIDDLE = 128   # the zero of what has two signs


class Steps(NamedTuple):
    """How a value is rounded: its scale, and the integer that stands for 0."""

    scale: float
    zero: int

    def names(self, graph):
        """Return the names of both as constants of a graph."""
        return graph.weight(np.float32(self.scale)), graph.weight(np.uint8(self.zero))


def signed(scale):
    """Return the Steps of a value that has two signs."""
    return Steps(scale, MIDDLE)


def rectified(scale):
    """Return the Steps of a value that is never below 0: rounding to uint8 is then the rectifier too."""
    return Steps(scale, 0)


def rounded_weights(weight):
    """Return (int8 weights, float32 scale (C,) of each output channel) of weights (C, ...)."""
    scale = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), LEAST).astype(np.float32) / np.float32(127)
    return np.rint(weight / scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8), scale


def convolution(graph, x, taken, given, weight, bias, **shape):
    """Add a convolution of integers; taken, given: Steps of x and of the result; shape: strides and pads."""
    whole, scale = rounded_weights(weight)
    sums = np.rint(bias / (scale.astype(np.float64) * taken.scale)).clip(-2 ** 30, 2 ** 30).astype(np.int32)
    weights = graph.weight(whole), graph.weight(scale), graph.weight(np.zeros(len(scale), np.int8))
    return graph.node("QLinearConv", x, *taken.names(graph), *weights, *given.names(graph), graph.weight(sums), **shape)


def addition(graph, a, a_steps, b, b_steps, given):
    """Add the sum of two values of integers."""
    return graph.node("QLinearAdd", a, *a_steps.names(graph), b, *b_steps.names(graph), *given.names(graph),
                      domain=MICROSOFT)


def rounded(graph, x, steps):
    """Add the step from floats to integers."""
    return graph.node("QuantizeLinear", x, *steps.names(graph))


def widened(graph, x, steps):
    """Add the step from integers to floats."""
    return graph.node("DequantizeLinear", x, *steps.names(graph))
