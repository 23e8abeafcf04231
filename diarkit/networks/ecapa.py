"""ECAPA-TDNN (Desplanques et al. 2020, "ECAPA-TDNN: emphasized channel attention, propagation and aggregation").

As its figure 2, without the summed residual inputs of section 3.3. Module names follow the public weights. Its
squeeze-excitation looks at the whole input, so its frames depend on the window they are computed in.
"""

import torch
from torch import nn
from torch.nn import functional as F

from diarkit.networks.layers import Tdnn

SCALE, SQUEEZED = 8, 128
DILATIONS = (2, 3, 4)


class Res2Net(nn.Module):
    """Channels in 8 groups; each but the first goes through a layer, with its neighbour's output added before."""

    def __init__(self, channels, size, dilation, padding):
        super().__init__()
        width = channels // SCALE
        self.blocks = nn.ModuleList(Tdnn(width, width, size, dilation, padding) for _ in range(SCALE - 1))

    def forward(self, x):
        groups = x.chunk(SCALE, 1)
        found = [groups[0], self.blocks[0](groups[1])]
        for place, block in enumerate(self.blocks[1:], 2):
            found.append(block(groups[place] + found[-1]))
        return torch.cat(found, 1)


class SqueezeExcitation(nn.Module):
    """Each channel scaled by what the means of all channels over time say (eq. 5-6)."""

    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(channels, SQUEEZED, 1), nn.Conv1d(SQUEEZED, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv2(F.relu(self.conv1(x.mean(-1, keepdim=True)))))


class Block(nn.Module):
    """SE-Res2Block (figure 1)."""

    def __init__(self, channels, size, dilation, padding):
        super().__init__()
        self.tdnn1 = Tdnn(channels, channels)
        self.res2net_block = Res2Net(channels, size, dilation, padding)
        self.tdnn2 = Tdnn(channels, channels)
        self.se_block = SqueezeExcitation(channels)

    def forward(self, x):
        return x + self.se_block(self.tdnn2(self.res2net_block(self.tdnn1(x))))


class EcapaTrunk(nn.Module):
    """(B, T, feats_dim) to (B, T, merged).

    channels: 512 or 1024 in the paper. merged: channels after the aggregation of layers, 1536 in the paper. padding:
    what stands beyond both ends, `zeros`, or `reflect` as in the public weights (then at least 5 frames are needed).
    """

    stride, field_t = 1, None

    def __init__(self, feats_dim, channels=512, merged=1536, padding="zeros"):
        super().__init__()
        blocks = [Block(channels, 3, dilation, padding) for dilation in DILATIONS]
        self.blocks = nn.ModuleList([Tdnn(feats_dim, channels, 5, 1, padding), *blocks])
        self.mfa = Tdnn(len(DILATIONS) * channels, merged)
        self.channels = merged

    def forward(self, feats):
        x, found = self.blocks[0](feats.transpose(1, 2)), []
        for block in self.blocks[1:]:
            x = block(x)
            found.append(x)
        return self.mfa(torch.cat(found, 1)).transpose(1, 2)


def head(pooled, dim):
    """Return batch normalisation and a linear layer."""
    return nn.Sequential(nn.BatchNorm1d(pooled), nn.Linear(pooled, dim))
