"""A speaker embedding network: trunk, pooling, and a projection to the embedding."""

import torch
from torch import nn
from torch.nn import functional as F

from diarkit.files import atomic
from diarkit.networks.pooling import unit


class SpeakerNetwork(nn.Module):
    """Features (B, T, D) to embeddings (B, dim).

    trunk: a module (B, T, D) -> (B, T', C), with `channels` C; `stride`, feature frames per output frame, output frame
    j centred at feature frame stride j; `field_t`, the feature frames that an output frame depends on, None for all of
    them (where it is a number, one pass over a recording serves every window).
    pooling: (B, T', C), weights (B, T') -> (B, pooling.dim). head: (B, pooling.dim) -> (B, dim). unit_length:
    embeddings are brought to length 1. tail: what a classifier has between it and the embedding, (B, dim) -> (B, dim);
    used in training alone.
    `frames`, `pool` and `project` are what diarkit.models.run.TorchTrunk asks for: channels before time.
    """

    def __init__(self, trunk, pooling, head, dim, unit_length=False, tail=None):
        super().__init__()
        self.trunk, self.pooling, self.head, self.tail = trunk, pooling, head, tail or nn.Identity()
        self.dim, self.unit_length, self.config = dim, unit_length, {}

    def frames(self, feats):
        """Return (B, C, T') frame-level outputs of feats (B, T, D)."""
        return self.trunk(feats).transpose(1, 2)

    def pool(self, frames, weights=None):
        """Return (B, dim) embeddings of frames (B, C, T') under weights (B, T'), or of all of them."""
        return self.project(self.pooling(frames.transpose(1, 2), weights))

    def project(self, pooled):
        """Return (N, dim) embeddings of what the pooling gave, (N, pooling.dim) of any float."""
        found = self.head(pooled.float())
        return unit(found) if self.unit_length else found

    def embed(self, feats, weights=None):
        """Return (B, dim) embeddings of feats (B, T, D); weights: (B, T) of each feature frame, None is 1."""
        assert feats.ndim == 3 and feats.shape[1] > 0, feats.shape
        assert weights is None or weights.shape == feats.shape[:2], (feats.shape, weights.shape)
        frames = self.frames(feats)
        return self.pool(frames, None if weights is None else resample(weights, self.trunk.stride, frames.shape[-1]))

    def forward(self, feats, weights=None):
        return self.embed(feats, weights)


def resample(weights, stride, frames_t):
    """Return (B, frames_t): the mean weight of the `stride` feature frames around each output frame.

    weights: (B, T) of each feature frame.
    """
    around = F.avg_pool1d(weights.float().unsqueeze(1), stride, stride, stride // 2, ceil_mode=True,
                          count_include_pad=False).squeeze(1)
    return around[:, :frames_t]


def parameters(network):
    """Return the number of trained values of a network, its tail left out: the tail serves training alone."""
    return sum(p.numel() for name, p in network.named_parameters() if not name.startswith("tail."))


def save(network, path):
    """Write a network to a file, whole or not at all: how it is built, and its weights."""
    with atomic(path, "wb") as file:
        torch.save({"network": network.config, "state_dict": network.state_dict()}, file)
