"""Thin ResNet34 on spectrograms (Xie et al. 2019, "Utterance-level aggregation for speaker recognition", table 1)."""

from torch import nn
from torch.nn import functional as F

from diarkit.networks.layers import NormedConv2d

STAGES = (((48, 96), 2, 1), ((96, 128), 3, 2), ((128, 256), 3, 2), ((256, 512), 3, 2))  # channels, blocks, stride


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions around a shortcut."""

    def __init__(self, inputs, inner, outputs, stride):
        super().__init__()
        self.conv1 = NormedConv2d(inputs, inner, 1, stride)
        self.conv2 = NormedConv2d(inner, inner, 3, 1, 1)
        self.conv3 = NormedConv2d(inner, outputs, 1)
        self.shortcut = NormedConv2d(inputs, outputs, 1, stride) if inputs != outputs or stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.conv3(F.relu(self.conv2(F.relu(self.conv1(x))))) + self.shortcut(x))


class ThinResNetTrunk(nn.Module):
    """(B, T, feats_dim) to (B, ceil(T / 32), 512); feats_dim: 257 in the paper.

    The last convolution spans all that is left of the frequencies: 7 places of 257.
    """

    stride, field_t, channels = 32, 200, 512

    def __init__(self, feats_dim):
        super().__init__()
        self.conv1 = NormedConv2d(1, 64, 7, 1, 3)
        blocks, width = [], 64
        for (inner, outputs), depth, stride in STAGES:
            for place in range(depth):
                blocks.append(Bottleneck(width, inner, outputs, 1 if place else stride))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        left = -(-(feats_dim // 2) // 8)  # of the frequencies, after all blocks
        self.top = min(left, 3)
        self.last = NormedConv2d(width, self.channels, ((left - self.top) // 2 + 1, 1))

    def forward(self, feats):
        x = F.relu(self.conv1(feats.transpose(1, 2).unsqueeze(1)))
        x = self.blocks(_max(x, (2, 2)))
        return F.relu(self.last(_max(x, (self.top, 2)))).squeeze(2).transpose(1, 2)


def _max(x, size):
    """Return the maxima of x (B, C, F, T) over size (frequencies, frames), every other place; all frames count."""
    return F.max_pool2d(F.pad(x, (0, 1)), size, 2)  # x is rectified: a frame of zeros more changes no maximum
