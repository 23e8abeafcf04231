"""Networks as ONNX files whose convolutions are of 8-bit integers: every value they take and give is rounded.

The rounding stands in the graph as QuantizeLinear and DequantizeLinear; ONNX Runtime joins them and the convolution
between them to one operation on integers. Weights of linear layers are stored in 8 bits and widened when the file is
loaded. Pooling stays in floats. Processors without VNNI may clip sums of products, so the file is to be checked there.
"""

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional as F

from diarkit.models.integers import LEAST
from diarkit.models.onnx_graph import FLOAT
from diarkit.networks.export import Writer

CONVOLUTIONS = nn.Conv1d, nn.Conv2d
MOST_BIAS = 1 << 30  # of the 31 bits that sums of products have


def to_int8(network, batches):
    """Return the bytes of an ONNX file of a SpeakerNetwork in 8-bit integers.

    batches: iterable of (B, T, D) float32 tensors of real features, on which the scales are found.
    Raises DiarkitError for networks that `to_onnx` cannot write.
    """
    writer = _Writer(network)
    writer.calibrate(batches)
    return writer.model()


class _Writer(Writer):
    """Rounds what convolutions take and give; steps: {node: (scale, zero)} of all that is rounded.

    scales: {name: scale} of what has been written.
    """

    def __init__(self, network):
        super().__init__(network)
        self.steps, self.scales = {}, {}

    def calibrate(self, batches):
        """Find the steps: 255 from the lowest value to the highest, so what is rectified has its zero at 0.

        Nothing is clipped: the frames that are far from all others are those that move the deviation.
        """
        listener = _Listener(self.traced, _rounded(self.traced, self.modules))
        with torch.inference_mode():
            for x in batches:
                listener.run(x)
        for node, (low, high) in listener.ranges.items():
            scale = max((high - low) / 255, LEAST)
            self.steps[node] = scale, round(-low / scale)

    def value(self, node):
        name = super().value(node)
        if node not in self.steps:
            return name
        scale, zero = self.steps[node]
        how = self.graph.weight(np.float32(scale)), self.graph.weight(np.uint8(zero))
        name = self.graph.node("DequantizeLinear", self.graph.node("QuantizeLinear", name, *how), *how)
        self.scales[name] = scale
        return name

    def weights(self, module, x):
        scales = of_weights(module.weight)
        if isinstance(module, nn.Linear):  # a constant, so it is widened once
            wide = self.graph.node("Cast", self._integers(module.weight, scales), to=FLOAT)
            return self.graph.node("Mul", wide, self.weight(scales[:, None])), self.weight(module.bias)
        bias, into = module.bias.detach().double(), self.scales[x]
        scales = torch.maximum(scales, (bias.abs() / into / MOST_BIAS).float())  # a channel may be its bias alone
        weight, scale = self._integers(module.weight, scales), self.weight(scales)
        sums = (bias / (scales.double() * into)).round().int().numpy()
        zero = self.graph.weight(np.zeros(len(scales), np.int8))
        return (self.graph.node("DequantizeLinear", weight, scale, zero, axis=0),
                self.graph.node("DequantizeLinear", self.graph.weight(sums), self.weight(scales * into), axis=0))

    def _integers(self, weight, scales):
        whole = weight.detach() / scales.reshape(-1, *[1] * (weight.ndim - 1))
        return self.graph.weight(whole.round().to(torch.int8).numpy())


class _Listener(fx.Interpreter):
    """Runs a graph and finds the ranges {node: (lowest, highest)}, 0 included, of some nodes."""

    def __init__(self, traced, nodes):
        super().__init__(traced)
        self.ranges = dict.fromkeys(nodes, (0.0, 0.0))

    def run_node(self, n):
        y = super().run_node(n)
        if n in self.ranges:
            low, high = self.ranges[n]
            self.ranges[n] = min(low, float(y.min())), max(high, float(y.max()))
        return y


def of_weights(weight):
    """Return one scale for each output channel (C,) of weights (C, ...): the largest of its weights becomes 127."""
    return weight.detach().abs().flatten(1).amax(1).clamp(min=LEAST) / 127


def _rounded(traced, modules):
    """Return the nodes that are rounded: what convolutions take and give, and what is made of that alone."""
    found = set()

    def rectifies(node):
        return node.target in (F.relu, torch.relu) or isinstance(modules.get(node.target), nn.ReLU)

    for node in traced.graph.nodes:
        adds = getattr(node.target, "__name__", "") == "add"
        if isinstance(modules.get(node.target), CONVOLUTIONS):
            found |= {node, node.args[0]}
        elif (adds or rectifies(node)) and all(part in found for part in node.args):
            found.add(node)
    return [node for node in found if not all(rectifies(user) for user in node.users)]
