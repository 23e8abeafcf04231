"""Parts that pool frames over time; each goes with any trunk.

A part takes frames (B, T, C) and weights (B, T) from 0 to 1, how much of each frame is the speaker's (None is all of
it), and gives (B, dim). A frame of weight 0 is as good as cut out. Whatever the weights, even none above 0, and
whatever the frames, even all zeros, values and gradients are finite. Sums are taken in float32.
"""

import torch
from torch import nn
from torch.nn import functional as F

from diarkit.models.resnet34 import weighted_stats

TINY = 1e-8


def unit(x):
    """Return vectors (..., C) at length 1; a vector of zeros stays zeros, with a finite gradient."""
    return x / torch.sqrt((x * x).sum(-1, keepdim=True) + TINY)


def soft_weights(scores, weights):
    """Return the softmax over time of scores (B, T, K), each frame's share multiplied by its weight (B, T)."""
    if weights is None:
        return scores.softmax(1)
    weights = weights.unsqueeze(-1)
    return (scores + weights.clamp_min(TINY).log()).masked_fill(weights <= 0, -1e30).softmax(1)


class _Pooling(nn.Module):
    """What pooling parts share: float32, and the shapes at the door."""

    def __init__(self, channels, dim):
        super().__init__()
        self.channels, self.dim = channels, dim

    def forward(self, frames, weights=None):
        assert frames.ndim == 3 and frames.shape[2] == self.channels, (frames.shape, self.channels)
        assert weights is None or weights.shape == frames.shape[:2], (frames.shape, weights.shape)
        return self.pooled(frames.float(), None if weights is None else weights.float())


class Mean(_Pooling):
    """The mean over time."""

    def __init__(self, channels):
        super().__init__(channels, channels)

    def pooled(self, frames, weights):
        """Return (B, C) means of frames (B, T, C)."""
        if weights is None:
            return frames.mean(1)
        return (frames * weights.unsqueeze(-1)).sum(1) / weights.sum(1, keepdim=True).clamp_min(TINY)


class Statistics(_Pooling):
    """Mean and standard deviation over time (Snyder et al. 2018, section 3)."""

    def __init__(self, channels):
        super().__init__(channels, 2 * channels)

    def pooled(self, frames, weights):
        """Return (B, 2 C), all means before all deviations."""
        return torch.cat(weighted_stats(frames.transpose(1, 2), weights), -1)


class AttentiveStatistics(_Pooling):
    """Mean and deviation over time under weights that the frames themselves give.

    per_channel false: one weight a frame (Okabe et al. 2018, eq. 1-6). per_channel with context: one for each frame
    and channel, told from the frame and from the whole input's statistics (Desplanques et al. 2020, eq. 1-4).
    """

    def __init__(self, channels, per_channel=False, context=False, inner=128):
        super().__init__(channels, 2 * channels)
        self.context = context
        self.tdnn = _Score(channels * (3 if context else 1), inner)
        self.conv = nn.Conv1d(inner, channels if per_channel else 1, 1)

    def pooled(self, frames, weights):
        """Return (B, 2 C), all means before all deviations."""
        around = None
        if self.context:
            even = torch.ones_like(frames[..., 0]) if weights is None else weights
            even = even / even.sum(1, keepdim=True).clamp_min(TINY)
            around = torch.cat(_statistics(frames, even.unsqueeze(-1)), -1)
        scores = self.conv(torch.tanh(self.tdnn(frames.transpose(1, 2), around)))
        return torch.cat(_statistics(frames, soft_weights(scores.transpose(1, 2).float(), weights)), -1)


class _Score(nn.Module):
    """Linear layer, ReLU and batch normalisation of frames, (B, C, T), and of vectors they all share, (B, C')."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(inputs, outputs, 1), nn.BatchNorm1d(outputs)

    def forward(self, x, around):
        own, weight = x.shape[1], self.conv.weight
        y = F.conv1d(x, weight[:, :own], self.conv.bias)
        if around is not None:
            y = y + F.linear(around, weight[:, own:, 0]).unsqueeze(-1)
        return self.norm(F.relu(y))


def _statistics(frames, weights):
    """Return mean and deviation (B, C) of frames (B, T, C) under weights (B, T, C or 1) that sum to 1."""
    mean = (frames * weights).sum(1)
    return mean, torch.sqrt(((frames - mean.unsqueeze(1)) ** 2 * weights).sum(1) + TINY)


class MultiHead(_Pooling):
    """Means under several heads' attention, side by side (Zhu et al. 2018, "Self-attentive speaker embeddings")."""

    def __init__(self, channels, heads=4, inner=128):
        super().__init__(channels, heads * channels)
        self.inner, self.heads = nn.Linear(channels, inner), nn.Linear(inner, heads, bias=False)

    def pooled(self, frames, weights):
        """Return (B, heads C): A = softmax(g(H W1) W2) over time, then H^T A (eq. 1-2)."""
        shares = soft_weights(self.heads(F.relu(self.inner(frames))).float(), weights)
        return torch.einsum("btk,btc->bkc", shares, frames).flatten(1)


class NetVlad(_Pooling):
    """Residuals of frames to learned centres, each centre's at length 1 (Arandjelovic et al. 2016, eq. 4).

    ghosts: further clusters that take frames of little use away and give nothing (Zhong et al. 2018, "GhostVLAD").
    """

    def __init__(self, channels, clusters=8, ghosts=0):
        super().__init__(channels, clusters * channels)
        self.clusters = clusters
        self.assign = nn.Linear(channels, clusters + ghosts)
        self.centres = nn.Parameter(torch.randn(clusters, channels) / channels ** 0.5)

    def pooled(self, frames, weights):
        """Return (B, clusters C)."""
        shares = self.assign(frames).float().softmax(-1)[..., :self.clusters]
        if weights is not None:
            shares = shares * weights.unsqueeze(-1)
        total = shares.sum(1).unsqueeze(-1)
        return unit(torch.einsum("btk,btc->bkc", shares, frames) - total * self.centres).flatten(1)


class Last(_Pooling):
    """The last frame with a weight above 0; of a trunk that also reads backwards, its second half's first frame."""

    def __init__(self, channels, both_ways=False):
        super().__init__(channels, channels)
        self.forward_channels = channels // 2 if both_ways else channels

    def pooled(self, frames, weights):
        """Return (B, C)."""
        kept = torch.ones_like(frames[..., 0], dtype=torch.long) if weights is None else (weights > 0).long()
        last = kept.shape[1] - 1 - kept.flip(1).argmax(1)  # argmax: the first of all that are largest
        row = torch.arange(len(frames), device=frames.device)
        ends = frames[row, last], frames[row, kept.argmax(1)]
        return torch.cat([ends[0][:, :self.forward_channels], ends[1][:, self.forward_channels:]], -1)


POOLINGS = {
    "mean": Mean,
    "statistics": Statistics,
    "attentive": AttentiveStatistics,
    "channel_attentive": lambda channels: AttentiveStatistics(channels, per_channel=True, context=True),
    "self_attentive": MultiHead,
    "netvlad": NetVlad,
    "ghostvlad": lambda channels: NetVlad(channels, clusters=8, ghosts=2),
    "last": Last,
}
