"""The segmentation network as graphs for ONNX Runtime: filters over a stretch of audio, then each of its windows.

The filters are linear, so windows share them: the normalisation of a window comes after them (its scale and shift).
The LSTMs, two thirds of the rest, may run in 8-bit integers: their weights are rounded once, for each output by
itself, what they take at every call (DynamicQuantizeLSTM of ONNX Runtime).
"""

import numpy as np

from diarkit.models.integers import rounded_weights
from diarkit.models.onnx_graph import MICROSOFT, Graph
from diarkit.models.pyannet_weights import CLASSES, HIDDEN, LAYERS, taps
from diarkit.models.run import onnx_session

STRIDE, POOL, SLOPE, EPS = 10, 3, 0.01, 1e-5
GATES = 0, 3, 1, 2  # torch's order of the gates (input, forget, cell, output) in ONNX's (input, output, forget, cell)


class PyanNetOnnx:
    """The network with its weights; each call runs on the calling thread alone.

    weights: {name: array} of pyannet_weights.read; integers: whether the LSTMs run in 8-bit integers.
    """

    def __init__(self, weights, integers):
        self.weights, self.sums = weights, taps(weights).sum(-1)
        self.filters = onnx_session(_filters(weights), 1)
        self.front, self.back = onnx_session(_front(weights), 1), onnx_session(_back(weights, integers), 1)

    def __call__(self, samples, windows, hop_n):
        """Return (windows, T, 7) float32 log probabilities.

        samples: (N,) float32; `windows` windows of N - (windows - 1) hop_n samples, one every hop_n.
        """
        samples = samples - samples.mean(dtype=np.float64).astype(np.float32)
        length = len(samples) - (windows - 1) * hop_n
        filtered = self.filters.run(None, {"samples": samples[None, None]})[0]
        every = filtered.shape[-1] - (windows - 1) * hop_n // STRIDE
        found = [self._window(samples[w * hop_n:w * hop_n + length],
                              filtered[..., w * hop_n // STRIDE:w * hop_n // STRIDE + every]) for w in range(windows)]
        return self.back.run(None, {"front": np.concatenate(found, 1)})[0].transpose(1, 0, 2)

    def _window(self, samples, filtered):
        """Return (T, 1, 60) of what the filters (1, 80, T') give for a window of samples (N,)."""
        scale = self.weights["sincnet.wav_norm1d.weight"] / np.sqrt(samples.var(dtype=np.float64) + EPS)
        shift = self.weights["sincnet.wav_norm1d.bias"] - scale * samples.mean(dtype=np.float64)
        values = {"filtered": filtered, "scale": scale.reshape(1, 1, 1), "shift": (shift * self.sums)[None]}
        return self.front.run(None, {name: np.ascontiguousarray(v, np.float32) for name, v in values.items()})[0]


def _filters(weights):
    graph = Graph()
    out = graph.node("Conv", "samples", graph.weight(taps(weights)), strides=[STRIDE])
    return graph.model({"samples": (1, 1, "N")}, {out: (1, 80, "F")})


def _front(weights):
    """SincNet after its filters (Ravanelli & Bengio 2018): each layer pooled by 3 and normalised over the window."""
    graph = Graph()
    x = graph.node("Abs", graph.node("Add", graph.node("Mul", "filtered", "scale"), "shift"))
    for place in range(3):
        if place:
            parts = (graph.weight(weights[f"sincnet.conv1d.{place}.{part}"]) for part in ("weight", "bias"))
            x = graph.node("Conv", x, *parts)
        x = graph.node("MaxPool", x, kernel_shape=[POOL], strides=[POOL])
        parts = (graph.weight(weights[f"sincnet.norm1d.{place}.{part}"]) for part in ("weight", "bias"))
        x = graph.node("LeakyRelu", graph.node("InstanceNormalization", x, *parts, epsilon=EPS), alpha=SLOPE)
    x = graph.node("Transpose", x, perm=[2, 0, 1])
    return graph.model({"filtered": (1, 80, "F"), "scale": (1, 1, 1), "shift": (1, 80, 1)}, {x: ("T", 1, 60)})


def _back(weights, integers):
    graph, x = Graph(), "front"
    for layer in range(LAYERS):
        x = (_lstm_of_integers if integers else _lstm)(graph, x, *_gates(weights, layer))
        x = graph.node("Transpose", x, perm=[0, 2, 1, 3])
        x = graph.node("Reshape", x, graph.weight(np.array([0, 0, 2 * HIDDEN])))
    for name in ("linear.0", "linear.1", "classifier"):
        x = graph.node("MatMul", x, graph.weight(np.ascontiguousarray(weights[f"{name}.weight"].T)))
        x = graph.node("Add", x, graph.weight(weights[f"{name}.bias"]))
        x = x if name == "classifier" else graph.node("LeakyRelu", x, alpha=SLOPE)
    return graph.model({"front": ("T", "B", 60)}, {graph.node("LogSoftmax", x, axis=-1): ("T", "B", CLASSES)})


def _gates(weights, layer):
    """Return W (2, 512, inputs), R (2, 512, 128) and the biases (2, 1024) of both directions, gates in ONNX's order."""
    def both(name):
        return np.stack([weights[f"lstm.{name}_l{layer}{way}"].reshape(4, HIDDEN, -1)[list(GATES)].reshape(
            4 * HIDDEN, -1) for way in ("", "_reverse")])

    return both("weight_ih"), both("weight_hh"), np.concatenate([both("bias_ih"), both("bias_hh")], 1)[..., 0]


def _lstm(graph, x, w, r, bias):
    return graph.node("LSTM", x, *(graph.weight(part) for part in (w, r, bias)), direction="bidirectional",
                      hidden_size=HIDDEN)


def _lstm_of_integers(graph, x, w, r, bias):
    wide, scales = [], []
    for part in (w, r):
        whole, scale = rounded_weights(part.reshape(-1, part.shape[-1]))
        wide.append(graph.weight(np.ascontiguousarray(whole.reshape(part.shape).transpose(0, 2, 1))))
        scale = scale.reshape(part.shape[:2])
        scales += [graph.weight(scale), graph.weight(np.zeros(scale.shape, np.int8))]
    return graph.node("DynamicQuantizeLSTM", x, *wide, graph.weight(bias), "", "", "", "", *scales, domain=MICROSOFT,
                      direction="bidirectional", hidden_size=HIDDEN)
