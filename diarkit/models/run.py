"""Run networks on the CPU by ONNX Runtime or torch: numpy in, numpy out."""

import functools
from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.models.onnx_file import initialisers, with_output

RESNET34_EXIT = "model.seg_1.weight", "model.seg_1.bias", "mean_vec"


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


class OnnxTrunk:
    """A network of ResNet34's form on ONNX Runtime, whole or up to its frame level; pooling with masks is torch's."""

    def __init__(self, data, threads, names=PUBLISHED):
        self.data, self.names = data, names
        self.session = onnx_session(with_output(data, names.frames) if names is PUBLISHED else data, threads)

    def __call__(self, x):
        return self.session.run([self.names.embedding], {self.names.feats: x})[0]

    def frames(self, x):
        """Return (B, 2560, ceil(T / 8)) float32 frame-level outputs of x (B, T, 80)."""
        found = self.session.run([self.names.frames], {self.names.feats: x})[0]
        return found.reshape(len(found), -1, found.shape[-1])

    @functools.cached_property
    def _exit(self):
        found = initialisers(self.data)
        if self.names is PUBLISHED:
            return tuple(found[name].astype(np.float64) for name in RESNET34_EXIT)
        weight, bias = [array.astype(np.float64) for array in found.values() if array.ndim][-2:]
        return weight, bias, 0.0

    def project(self, stats):
        """Return (N, 256) float32 embeddings of pooled mean and deviation (N, 5120) float64."""
        weight, bias, mean = self._exit
        return (stats @ weight.T + bias - mean).astype(np.float32)

    @functools.cached_property
    def pool(self):
        """The function (frames (B, 2560, T'), weights (B, T') or None) -> (B, 256)."""
        from diarkit.models import resnet34

        return TorchTrunk(resnet34.from_onnx(self.data)).pool
