"""Pretrained embedding networks behind one interface: arrays in, arrays out, on the CPU."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diarkit.errors import DiarkitError, UsageError
from diarkit.models import table
from diarkit.models.fetch import fetch

LONGEST_T = 3000  # 30 s: longer input is cut, so that memory is bounded


@dataclass(frozen=True)
class Network:
    """An embedding network and what it needs to know of its input.

    run: (B, T, mels) float32 -> (B, dim) float32. features: the conf file its features must be made with, None when
    unknown. centred: it wants features whose mean over the window is 0. unit: its embeddings have length 1.
    least_t, most_t: the fewest and most frames it takes at once. trunk: has `frames(x)` and `pool(frames, weights)`
    for a network whose frame-level outputs do not depend on the window, else None.
    """

    name: str
    run: Any
    mels: int
    dim: int
    features: Path | None = None
    centred: bool = True
    unit: bool = False
    least_t: int = 10
    most_t: int = LONGEST_T
    trunk: Any = None


def open_network(model, threads=1, engine="onnx"):
    """Return the Network of a name in the model table, or of a file of the user's own.

    An own file is an ONNX model that takes (B, T, mels) and gives (B, dim), or a torch state dict of one of the
    networks here, told by its keys. engine: `torch` runs the pinned ResNet34 in torch instead of ONNX Runtime.
    threads: for ONNX Runtime per network; torch knows one number for the whole process.
    """
    entries = {e.name: e for e in table.read_models().values() if e.kind == "embedding"}
    if model in entries:
        return _open_file(fetch(model), model, threads, engine)
    if not Path(model).is_file():
        raise UsageError(f"--model={model}: neither a file nor one of {', '.join(entries)}")
    return _open_file(Path(model), None, threads, engine)


def conf_of(name):
    """Return the path of the features' conf file that the model table gives for a name."""
    return table.TABLE.parents[1] / table.find(name).features


def _open_file(path, name, threads, engine):
    if Path(path).suffix != ".onnx":
        return _open_torch(path, threads)
    data = Path(path).read_bytes()
    if name != "resnet34":
        return _open_onnx(path, data, threads)
    if engine == "torch":
        from diarkit.models import resnet34
        return _resnet34(_torch_run(resnet34.from_onnx(data), threads), TorchTrunk(resnet34.from_onnx(data)))
    trunk = OnnxTrunk(data, path, threads)
    return _resnet34(trunk, trunk)


def _resnet34(run, trunk):
    return Network("resnet34", run, mels=80, dim=256, features=conf_of("resnet34"), trunk=trunk)


def _session(path, data, threads):
    import onnxruntime  # only here: torch models need not wait for it

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
    settings.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has an exception class for each of its reasons
        raise DiarkitError(f"{path}: cannot be loaded as an ONNX network: {error}") from None


def _open_onnx(path, data, threads):
    session = _session(path, data, threads)
    puts = session.get_inputs() + session.get_outputs()[:1]
    shapes = [p.shape for p in puts]
    if [len(s) for s in shapes] != [3, 2] or not all(isinstance(s[-1], int) for s in shapes):
        raise DiarkitError(f"{path}: takes and gives {shapes}; needed is one input (B, T, mels) and an output (B, dim)")
    (_, _, mels), (_, dim) = shapes
    name, out = puts[0].name, puts[1].name
    return Network(str(path), lambda x: session.run([out], {name: x})[0], mels, dim)


def _open_torch(path, threads):
    import torch

    from diarkit.models.campplus import CamPlusPlus
    from diarkit.models.ge2e import Ge2e
    from diarkit.models.resnet34 import ResNet34

    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling fails in as many ways as there are broken files
        raise DiarkitError(f"{path}: cannot be loaded as torch weights: {str(error).splitlines()[0]}") from None
    weights = weights.get("model_state", weights) if isinstance(weights, dict) else {}
    weights = {k: v for k, v in weights.items() if not str(k).startswith("similarity_")}  # GE2E's loss
    for network in (CamPlusPlus(), Ge2e(), ResNet34()):
        if {k for k in network.state_dict() if not k.endswith("num_batches_tracked")} <= set(weights):
            network.load_state_dict(weights)
            return _describe(network.eval(), threads)
    raise DiarkitError(f"{path}: no weights of CAM++, GE2E or ResNet34 as diarkit names them")


def _describe(network, threads):
    run = _torch_run(network, threads)
    kind = type(network).__name__
    if kind == "CamPlusPlus":
        return Network("campplus", run, mels=80, dim=192, features=conf_of("campplus"))
    if kind == "Ge2e":
        return Network("ge2e", run, mels=40, dim=256, features=conf_of("ge2e"), centred=False, unit=True, most_t=160)
    return _resnet34(run, TorchTrunk(network))


def _torch_run(network, threads):
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


class OnnxTrunk:
    """The pinned ResNet34 on ONNX Runtime, whole or up to its frame level; pooling with masks is torch's."""

    def __init__(self, data, path, threads):
        from diarkit.models import onnx_file, resnet34

        self.data = data
        self.session = _session(path, onnx_file.with_output(data, resnet34.FRAMES), threads)

    def __call__(self, x):
        return self.session.run(["last_hidden_state"], {"input_features": x})[0]

    def frames(self, x):
        """Return (B, 2560, ceil(T / 8)) float32 frame-level outputs of x (B, T, 80)."""
        from diarkit.models import resnet34

        found = self.session.run([resnet34.FRAMES], {"input_features": x})[0]
        return found.reshape(len(found), -1, found.shape[-1])

    @functools.cached_property
    def pool(self):
        """The function (frames (B, 2560, T'), weights (B, T') or None) -> (B, 256)."""
        from diarkit.models import resnet34

        return TorchTrunk(resnet34.from_onnx(self.data)).pool
