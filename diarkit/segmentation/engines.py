"""Run the segmentation network over a stretch of audio that holds many windows: torch or ONNX Runtime."""

import functools

import numpy as np

from diarkit import models
from diarkit.errors import DiarkitError
from diarkit.models.run import onnx_session
from diarkit.segmentation.grid import FRAMES, WINDOW_N
from diarkit.segmentation.powerset import CLASSES


def open_engine(model=None, engine="torch", precision="float32"):
    """Return the function (samples (N,) float32, windows W, hop_n) -> (W, 589, 7) float32 log probabilities.

    samples: W windows of 160 000 at 16 kHz, one every hop_n. model: a file of the user's own, None for the pinned one.
    precision: of torch's recurrent layers, float32, bfloat16 or auto: they are two thirds of the work.
    Either runs on the calling thread alone, so that one batch gives the same on any machine's number of threads.
    """
    if str(model or "").endswith(".onnx") or engine == "onnx":
        return _onnx(model or models.fetch("segmentation-onnx"))
    return _torch(model or models.fetch("segmentation"), precision)


def _onnx(path):
    session = onnx_session(str(path), 1)
    taken, given = session.get_inputs(), session.get_outputs()
    if [len(p.shape) for p in (*taken, *given)] != [3, 3] or given[0].shape[-1] != CLASSES:
        raise DiarkitError(f"{path}: takes {[p.shape for p in taken]} and gives {[p.shape for p in given]}; needed is "
                           f"(B, 1, {WINDOW_N}) -> (B, {FRAMES}, {CLASSES})")

    def run(samples, windows, hop_n):
        cut = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_N)[::hop_n][:windows]
        return session.run(None, {taken[0].name: np.ascontiguousarray(cut[:, None])})[0]
    return run


def load_torch(path):
    """Return the PyanNet of a torch file: a state dict, alone or under the key `state_dict`.

    Raises DiarkitError for a file that holds no such weights.
    """
    import torch

    from diarkit.models.pyannet import PyanNet

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        network = PyanNet()
        network.load_state_dict(found.get("state_dict", found))
    except Exception as error:  # unpickling fails in as many ways as there are broken files
        raise DiarkitError(f"{path}: no weights of the segmentation network: {str(error).splitlines()[0]}") from None
    return network.eval()


def _torch(path, precision):
    import torch

    network = load_torch(path)
    abilities = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch cannot tell
    native = abilities.get("avx512_bf16") or abilities.get("amx_bf16")
    if precision == "bfloat16" or precision == "auto" and native:
        network.lstm.bfloat16()
    return functools.partial(_run_torch, network, torch)


def _run_torch(network, torch, samples, windows, hop_n):
    """Share the filters between windows: they are linear, so each window's normalisation may come after them."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    with torch.inference_mode():
        sinc, x = network.sincnet, torch.from_numpy(samples)
        x = x - x.mean()
        filtered, sums = sinc.conv1d[0](x[None, None]), sinc.conv1d[0].filterbank.taps().sum(-1)
        every = filtered.shape[-1] - (windows - 1) * hop_n // sinc.conv1d[0].stride
        found = []
        for w in range(windows):
            scale, shift = sinc.normalisation(x[w * hop_n:w * hop_n + WINDOW_N])
            start = w * hop_n // sinc.conv1d[0].stride
            found.append(sinc.after_filters(filtered[..., start:start + every] * scale + sums * shift))
        return network.classify(torch.cat(found)).numpy()
