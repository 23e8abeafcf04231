"""Run the segmentation network over a stretch of audio that holds many windows: ONNX Runtime or torch."""

import functools

import numpy as np

from diarkit import models
from diarkit.errors import DiarkitError
from diarkit.models import pyannet_weights
from diarkit.models.processor import has_fast_integers
from diarkit.models.pyannet_graph import PyanNetOnnx
from diarkit.models.run import onnx_session
from diarkit.segmentation.grid import FRAMES, WINDOW_N
from diarkit.segmentation.powerset import CLASSES


def open_engine(model=None, engine="fastest"):
    """Return the function (samples (N,) float32, windows W, hop_n) -> (W, 589, 7) float32 log probabilities.

    samples: W windows of 160 000 at 16 kHz, one every hop_n. model: a file of the user's own, None for the shipped one.
    engine: as SegmentOptions has it. All run on the calling thread alone, so that one batch gives the same on any
    machine's number of threads.
    """
    if str(model or "").endswith(".onnx"):
        return _onnx(model)
    path = model or models.fetch("segmentation")
    if engine == "torch":
        return _torch(path)
    return PyanNetOnnx(pyannet_weights.read(path), engine == "int8" or engine == "fastest" and has_fast_integers())


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
    """Return the PyanNet of a file of weights, as pyannet_weights.read takes it."""
    import torch

    from diarkit.models.pyannet import PyanNet

    network = PyanNet()
    state = {name: torch.from_numpy(array) for name, array in pyannet_weights.read(path).items()}
    network.load_state_dict(network.state_dict() | state)
    return network.eval()


def _torch(path):
    import torch

    return functools.partial(_run_torch, load_torch(path), torch)


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
