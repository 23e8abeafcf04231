"""Pretrained embedding networks behind one interface: arrays in, arrays out, on the CPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_number_table
from diarkit.models import table
from diarkit.models.fetch import fetch
from diarkit.models.processor import has_fast_integers
from diarkit.models.run import OWN, PUBLISHED, OnnxTrunk, TorchTrunk, onnx_session, torch_run
from diarkit.options import opt, options
from diarkit.places import CONF, WEIGHTS

SCALES = {name: WEIGHTS / name / "int8.scales" for name in ("resnet34", "small")}  # of the trunks that run in 8 bits
LONGEST_T = 3000  # 30 s: longer input is cut, so that memory is bounded


@dataclass(frozen=True)
class Network:
    """An embedding network and what it needs to know of its input.

    run: (B, T, mels) float32 -> (B, dim) float32. features: the conf file its features must be made with, None when
    unknown. centred: it wants features whose mean over the window is 0. unit: its embeddings have length 1.
    least_t, most_t: the fewest and most frames it takes at once. trunk: has `frames(x)` and `pool(frames, weights)`
    for a network whose frame-level outputs do not depend on the window, else None; there is one for every `stride`
    features. context: the same for a network whose frame-level outputs do depend on it, one for every two features.
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
    stride: int = 8
    context: Any = None


@options
class NetworkOptions:
    """Speaker embedding network"""

    model: str = opt("small", "small, resnet34, campplus, or a file of torch weights of one of these")
    engine: str = opt("fastest", "what runs small or resnet34: onnx is ONNX Runtime in floats, int8 the same with "
                      "8-bit integers, fastest is int8 on processors made for it, else onnx",
                      choices=("fastest", "int8", "onnx", "torch"))


def open_network(model, threads=1, engine="onnx"):
    """Return the Network of a name in the model table, or of a file of the user's own.

    An own file is an ONNX model that takes (B, T, mels) and gives (B, dim), a torch state dict of one of the networks
    here, told by its keys, or what train-embedding.py wrote. engine, for resnet34 and small: `onnx` is ONNX Runtime,
    `int8` the same with a trunk of 8-bit integers, `fastest` is int8 where the processor is made for it and else onnx,
    `torch` is torch. threads: for ONNX Runtime per network; torch knows one number for the whole process.
    """
    entries = {e.name: e for e in table.read_models().values() if e.kind == "embedding"}
    if model in entries:
        return _open_file(fetch(model), model, threads, engine)
    if not Path(model).is_file():
        raise UsageError(f"--model={model}: neither a file nor one of {', '.join(entries)}")
    return _open_file(Path(model), None, threads, engine)


def conf_of(name):
    """Return the path of the features' conf file that the model table gives for a name."""
    return CONF / table.find(name).features


def _open_file(path, name, threads, engine):
    if engine == "int8" and name not in SCALES:
        raise UsageError(f"--engine=int8: there are scales for {' and '.join(SCALES)} alone, not for {path}")
    if Path(path).suffix != ".onnx":
        return _open_torch(path, threads)
    if name not in SCALES:
        return _open_onnx(path, threads)
    data = Path(path).read_bytes()
    if engine == "torch":
        from diarkit.models import resnet34  # torch is imported only where it runs: it takes a second

        network = resnet34.from_onnx(data)
        return _resnet34(name, torch_run(network, threads), TorchTrunk(network))
    integers = engine == "int8" or engine == "fastest" and has_fast_integers()
    trunk = OnnxTrunk(data, threads, PUBLISHED if name == "resnet34" else OWN,
                      read_number_table(SCALES[name]) if integers else None)
    return _resnet34(name, trunk, trunk)


def _resnet34(name, run, trunk):
    return Network(name, run, mels=80, dim=256, features=conf_of(name), trunk=trunk)


def _open_onnx(path, threads):
    session = onnx_session(str(path), threads)
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
    if "network" in weights:
        return _trained(path, weights, threads)
    if "blocks.0.conv.conv.weight" in weights:
        from diarkit.networks.public import ecapa_from_public

        network = ecapa_from_public(weights)
        return Network("ecapa", torch_run(network, threads), mels=80, dim=network.dim, features=conf_of("ecapa"))
    weights = {k: v for k, v in weights.items() if not str(k).startswith("similarity_")}  # GE2E's loss
    for kind, key in ((CamPlusPlus, "xvector.dense.linear.weight"), (Ge2e, "lstm.weight_ih_l0"),
                      (ResNet34, "blocks.0.conv1.weight")):
        if key in weights:
            return _describe(_filled(kind(), weights, path), threads)
    raise DiarkitError(f"{path}: no weights of CAM++, ECAPA-TDNN, GE2E or ResNet34 as diarkit names them")


def _trained(path, about, threads):
    """Return the Network of a file of diarkit.networks; with a trunk where the passes over recordings can use it."""
    from diarkit import networks
    from diarkit.embed.trunk import fits

    network = networks.fold(networks.load(path))
    conf = CONF / "features" / str(about.get("features"))
    pooled = network.config["pooling"] == "statistics" and not network.unit_length
    one_pass = pooled and fits(network.trunk.stride, network.trunk.field_t)
    return Network(network.config["name"], torch_run(network, threads), mels=network.config["feats_dim"],
                   dim=network.dim, features=conf if conf.is_file() else None, centred=about.get("centred", True),
                   unit=network.unit_length, most_t=networks.NETWORKS[network.config["name"]].most_t or LONGEST_T,
                   trunk=TorchTrunk(network) if one_pass else None, stride=network.trunk.stride)


def _filled(network, weights, path):
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:  # torch lists every missing, unexpected and misshapen weight
        raise DiarkitError(f"{path}: {error}") from None
    return network.eval()


def _describe(network, threads):
    run = torch_run(network, threads)
    kind = type(network).__name__
    if kind == "CamPlusPlus":
        return Network("campplus", run, mels=80, dim=192, features=conf_of("campplus"), context=TorchTrunk(network))
    if kind == "Ge2e":
        return Network("ge2e", run, mels=40, dim=256, features=conf_of("ge2e"), centred=False, unit=True, most_t=160)
    return _resnet34("resnet34", run, TorchTrunk(network))
