"""Networks as ONNX files: the traced graph, operation by operation, with batch normalisations folded.

The file takes (B, T, D) `feats` and gives two outputs: `embedding` (B, dim) first, so that the file serves as
`--model` of one's own, and `frames` (B, C, T'), the frame level that one pass over a recording needs.
"""

import numpy as np
import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from diarkit.errors import DiarkitError
from diarkit.models.onnx_graph import FLOAT, Graph
from diarkit.networks.layers import fold
from diarkit.networks.pooling import Mean, Statistics, unit

EXAMPLE_T = 96  # frames of the traced example; any number goes through the file


class _Whole(nn.Module):
    """Features to embedding and frames, in operations that ONNX has."""

    def __init__(self, network):
        super().__init__()
        self.trunk, self.head = network.trunk, network.head
        self.deviation, self.unit_length = isinstance(network.pooling, Statistics), network.unit_length

    def forward(self, feats):
        frames = self.trunk(feats).transpose(1, 2)
        pooled = frames.mean(-1)
        if self.deviation:  # unbiased, as weighted_stats
            apart = frames - frames.mean(-1, keepdim=True)
            count = (frames * 0 + 1).sum(-1)
            pooled = torch.cat([pooled, torch.sqrt((apart * apart).sum(-1) / (count - 1).clamp(min=1e-8) + 1e-8)], 1)
        embedding = self.head(pooled)
        return (unit(embedding) if self.unit_length else embedding), frames


def to_onnx(network, half=False):
    """Return the bytes of an ONNX file of a SpeakerNetwork with mean or statistics pooling.

    half: weights are stored in 16-bit floats and widened when the file is loaded; arithmetic stays in 32 bits.
    Raises DiarkitError where a network holds an operation that is not known here, such as an LSTM.
    """
    return Writer(network, half).model()


def trace(network):
    """Return a SpeakerNetwork's graph of operations, a torch.fx.GraphModule of feats to (embedding, frames)."""
    if not isinstance(network.pooling, (Mean, Statistics)):
        raise DiarkitError(f"{type(network.pooling).__name__} cannot be written as ONNX yet. Take mean or statistics")
    whole = _Whole(fold(network))
    try:
        traced = fx.symbolic_trace(whole)
    except Exception as error:  # what depends on the data has no graph
        raise DiarkitError(f"{network.config['name']} has no fixed graph: {error}") from None
    ShapeProp(traced).propagate(torch.zeros(2, EXAMPLE_T, network.config["feats_dim"]))
    return traced


class Writer:
    """Goes through a network's graph and writes each operation into a Graph."""

    def __init__(self, network, half=False):
        self.network, self.half, self.graph, self.names = network, half, Graph(), {}
        self.traced = trace(network)
        self.modules = dict(self.traced.named_modules())

    def model(self):
        """Return the file's bytes."""
        for node in self.traced.graph.nodes:
            if node.op != "output":
                self.names[node] = self.value(node)
        embedding, frames = (self.graph.node("Identity", self.names[n], name=name)
                             for n, name in zip(node.args[0], ("embedding", "frames")))
        outputs = {embedding: ("B", self.network.dim), frames: ("B", self.network.trunk.channels, "frames_t")}
        return self.graph.model({"feats": ("B", "T", self.network.config["feats_dim"])}, outputs)

    def value(self, node):
        """Write what makes a value; return its name, or a list of names."""
        if node.op == "placeholder":
            return "feats"
        if node.op == "call_module":
            return self._module(self.modules[node.target], self.names[node.args[0]])
        return self._call(node)

    def weight(self, tensor):
        """Return the name of a weight."""
        array = tensor.detach().float().numpy()
        if not self.half:
            return self.graph.weight(array)
        return self.graph.node("Cast", self.graph.weight(array.astype(np.float16)), to=FLOAT)

    def weights(self, module, x):
        """Return the names of weight and bias of a convolution or linear layer of input x."""
        return self.weight(module.weight), self.weight(module.bias)

    def _module(self, module, x):
        if isinstance(module, (nn.Conv1d, nn.Conv2d)) and module.padding_mode == "zeros":
            return self.graph.node("Conv", x, *self.weights(module, x), kernel_shape=module.kernel_size,
                                   strides=module.stride, pads=module.padding * 2, dilations=module.dilation)
        if isinstance(module, nn.BatchNorm1d):
            values = (module.weight, module.bias, module.running_mean, module.running_var)
            return self.graph.node("BatchNormalization", x, *map(self.weight, values), epsilon=module.eps)
        if isinstance(module, nn.Linear):
            return self.graph.node("Gemm", x, *self.weights(module, x), transB=1)
        if isinstance(module, nn.ReLU):
            return self.graph.node("Relu", x)
        if isinstance(module, nn.Identity):
            return x
        raise DiarkitError(f"{module} cannot be written as ONNX yet")

    def _input(self, value):
        """Return the name of an operand: a value of the graph, or a number."""
        return self.names[value] if isinstance(value, fx.Node) else self.graph.weight(np.float32(value))

    def _call(self, node):
        kind = getattr(node.target, "__name__", node.target)
        if kind not in _CALLS:
            raise DiarkitError(f"the operation {kind} cannot be written as ONNX yet")
        return _CALLS[kind](self, node, *node.args, **node.kwargs)

    def shape(self, node):
        """Return the shape of a value in the traced example."""
        return list(node.meta["tensor_meta"].shape)


def _plain(op):
    return lambda w, node, *args: w.graph.node(op, *(w._input(a) for a in args))


def _axes(op):
    """Return how to write a sum or mean over one axis; in this opset ReduceSum takes its axes as an input."""
    def write(w, node, x, axis, keepdim=False):
        if op == "ReduceSum":
            return w.graph.node(op, w.names[x], w.graph.weight(np.array([axis])), keepdims=int(keepdim))
        return w.graph.node(op, w.names[x], axes=[axis], keepdims=int(keepdim))
    return write


def _transpose(w, node, x, a, b):
    order = list(range(len(w.shape(x))))
    order[a], order[b] = order[b], order[a]
    return w.graph.node("Transpose", w.names[x], perm=order)


def _flatten(w, node, x, first, last):
    assert (first, last) == (1, 2), "only channels and frequencies are flattened"
    return w.graph.node("Reshape", w.names[x], w.graph.weight(np.array([0, w.shape(node)[1], -1])))


def _clip(w, node, x, low=None, high=None, **bounds):
    low, high = (bounds.get(end, value) for end, value in (("min", low), ("max", high)))
    return w.graph.node("Clip", w.names[x], *(w._input(b) for b in (low, high) if b is not None))


def _hardtanh(w, node, x, min_val, max_val, inplace=False):
    return _clip(w, node, x, min_val, max_val)


def _unsqueeze(w, node, x, axis):
    return w.graph.node("Unsqueeze", w.names[x], w.graph.weight(np.array([axis])))


def _squeeze(w, node, x, axis):
    return w.graph.node("Squeeze", w.names[x], w.graph.weight(np.array([axis])))


def _pad(w, node, x, ends, mode="constant", value=None):
    places = len(w.shape(x))
    before, after = [0] * places, [0] * places
    for place, n in enumerate(zip(ends[::2], ends[1::2]), 1):  # torch counts from the last axis
        before[-place], after[-place] = n
    return w.graph.node("Pad", w.names[x], w.graph.weight(np.array(before + after)))


def _max_pool(w, node, x, size, stride, **defaults):
    return w.graph.node("MaxPool", w.names[x], kernel_shape=size, strides=[stride] * len(size))


def _chunk(w, node, x, count, axis):
    return w.graph.node("Split", w.names[x], outputs=count, axis=axis)


_CALLS = {
    "relu": lambda w, node, x, inplace=False: w.graph.node("Relu", w.names[x]),
    "cat": lambda w, node, parts, axis: w.graph.node("Concat", *(w.names[p] for p in parts), axis=axis),
    "getitem": lambda w, node, x, place: w.names[x][place],
    "add": _plain("Add"), "sub": _plain("Sub"), "mul": _plain("Mul"), "truediv": _plain("Div"),
    "sqrt": _plain("Sqrt"), "sigmoid": _plain("Sigmoid"), "sum": _axes("ReduceSum"), "mean": _axes("ReduceMean"),
    "transpose": _transpose, "flatten": _flatten, "clamp": _clip, "hardtanh": _hardtanh, "unsqueeze": _unsqueeze,
    "squeeze": _squeeze, "chunk": _chunk, "pad": _pad, "max_pool2d": _max_pool, "boolean_dispatch": _max_pool,
}
