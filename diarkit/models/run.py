"""Run networks on the CPU by ONNX Runtime or torch: numpy in, numpy out."""

import functools
from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.models import resnet34_int8
from diarkit.models.onnx_file import with_output
from diarkit.models.resnet34_form import read_weights


def onnx_session(model, threads):
    """Return an ONNX Runtime session on the CPU; model: a path, or the bytes of a file."""
    import onnxruntime  # only here: torch models need not wait for it

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
    settings.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has an exception class for each of its reasons
        name = model if isinstance(model, str) else "the ONNX file"
        raise DiarkitError(f"{name}: cannot be loaded as a network: {error}") from None


def torch_run(network, threads):
    """Return the function (B, T, mels) -> (B, dim), numpy in and out, of a torch network."""
    import torch

    torch.set_num_threads(threads)

    def run(x):
        with torch.inference_mode():
            return network(torch.from_numpy(x)).numpy()
    return run


class TorchTrunk:
    """A torch network's frame level and pooling, numpy in and out."""

    def __init__(self, network):
        self.network = network

    def frames(self, x):
        """Return (B, C, T') float32 frame-level outputs of x (B, T, mels)."""
        import torch

        with torch.inference_mode():
            return self.network.frames(torch.from_numpy(x)).numpy()

    def pool(self, frames, weights=None):
        """Return (B, dim) embeddings of frames (B, C, T') under weights (B, T'), or of all of them."""
        import torch

        with torch.inference_mode():
            weights = None if weights is None else torch.from_numpy(np.asarray(weights, np.float32))
            return self.network.pool(torch.from_numpy(frames), weights).numpy()

    def project(self, stats):
        """Return (N, dim) float32 embeddings of mean and deviation side by side, (N, 2 C) float64."""
        import torch

        with torch.inference_mode():
            return self.network.project(torch.from_numpy(stats)).numpy().astype(np.float32)


class Names(NamedTuple):
    """What a file calls its input, its embedding and its frame level."""

    feats: str
    embedding: str
    frames: str


PUBLISHED = Names("input_features", "last_hidden_state", "343")  # WeSpeaker's ResNet34
OWN = Names("feats", "embedding", "frames")                      # diarkit.networks.export
EPS = 1e-8  # under the square root of the deviation


class OnnxTrunk:
    """A network of ResNet34's form on ONNX Runtime: its frame level, and pooling under weights.

    data: the bytes of the file; names: how it calls things; scales: {layer: scale} for a frame level of 8-bit
    integers, None for floats.
    """

    def __init__(self, data, threads, names=PUBLISHED, scales=None):
        self.data, self.names = data, OWN if scales else names
        graph = with_output(data, names.frames) if names is PUBLISHED else data
        self.session = onnx_session(resnet34_int8.trunk(data, scales) if scales else graph, threads)

    def __call__(self, x):
        """Return (B, 256) float32 embeddings of x (B, T, 80)."""
        return self.pool(self.frames(x))

    def frames(self, x):
        """Return (B, 2560, ceil(T / 8)) float32 frame-level outputs of x (B, T, 80)."""
        found = self.session.run([self.names.frames], {self.names.feats: x})[0]
        return found.reshape(len(found), -1, found.shape[-1])

    @functools.cached_property
    def _exit(self):
        layers = read_weights(self.data)[1]
        return (*(array.astype(np.float64) for array in layers["linear"]), layers["mean"].astype(np.float64))

    def project(self, stats):
        """Return (N, 256) float32 embeddings of pooled mean and deviation (N, 5120) float64."""
        weight, bias, mean = self._exit
        return (stats @ weight.T + bias - mean).astype(np.float32)

    def pool(self, frames, weights=None):
        """Return (B, 256) float32 embeddings of frames (B, 2560, T') under weights (B, T'), None for all alike."""
        weights = np.ones((len(frames), frames.shape[-1])) if weights is None else np.asarray(weights, np.float64)
        return self.project(np.concatenate(weighted_stats(frames.astype(np.float64), weights), -1))


def weighted_stats(frames, weights):
    """Return mean and unbiased deviation over time, each (B, C), of frames (B, C, T) under weights (B, T).

    As resnet34.weighted_stats: variance = sum w (x - mean)^2 / (sum w - sum w^2 / sum w).
    """
    total = np.maximum(weights.sum(-1, keepdims=True), EPS)
    mean = np.einsum("bct,bt->bc", frames, weights) / total
    spread = np.einsum("bct,bt->bc", (frames - mean[..., None]) ** 2, weights)
    freedom = np.maximum(total - (weights ** 2).sum(-1, keepdims=True) / total, EPS)
    return mean, np.sqrt(spread / freedom + EPS)
