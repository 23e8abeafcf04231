"""What a training runs on: threads, seeds, the precision of products, one graphics card or several."""

import contextlib
import os

import torch
from torch import nn

from diarkit.errors import UsageError


def prepare(device, threads, seed):
    """Fix threads and seeds; refuse a device that is not there."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            raise UsageError(f"--device={device}: torch sees no graphics card here. Use --device=cpu")
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, CUDA's sums differ from run to run
        torch.backends.cudnn.deterministic = True


def narrowed(device, precision):
    """Return a context in which products are of this precision, float32 or bfloat16."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.split(":")[0], torch.bfloat16)


class _Forward(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, feats):
        return self.network.embed(feats)


def embedder(network, device):
    """Return a function, feats (B, T, D) -> (B, dim): on all graphics cards with `cuda` and more than one there."""
    forward = _Forward(network)
    if device == "cuda" and torch.cuda.device_count() > 1:
        return nn.DataParallel(forward)
    return forward
