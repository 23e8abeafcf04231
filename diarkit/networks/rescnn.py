"""The residual network of Deep Speaker (Li et al. 2017, "Deep Speaker: an end-to-end neural embedding system")."""

from torch import nn
from torch.nn import functional as F

from diarkit.networks.layers import NormedConv2d

WIDTHS, DEPTH, CEILING = (64, 128, 256, 512), 3, 20.0


def clipped(x):
    """Return min(max(x, 0), 20), the paper's rectifier (section 3.1); its slope at 0 is 0, so silence moves nothing."""
    return F.hardtanh(x, 0.0, CEILING)


class Block(nn.Module):
    """Two 3 x 3 convolutions around an identity shortcut (figure 2)."""

    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = (NormedConv2d(channels, channels, 3, 1, 1) for _ in range(2))

    def forward(self, x):
        return clipped(self.conv2(clipped(self.conv1(x))) + x)


class Entrance(nn.Module):
    """A 5 x 5 convolution that halves frequencies and time where the number of channels grows."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = NormedConv2d(inputs, outputs, 5, 2, 2)

    def forward(self, x):
        return clipped(self.conv(x))


class ResCnnTrunk(nn.Module):
    """(B, T, feats_dim) to (B, ceil(T / 16), 512 times what is left of feats_dim): 2048 of 64 (table 1)."""

    stride, field_t = 16, 421

    def __init__(self, feats_dim):
        super().__init__()
        layers, before, left = [], 1, feats_dim
        for width in WIDTHS:
            layers += [Entrance(before, width), *(Block(width) for _ in range(DEPTH))]
            before, left = width, -(-left // 2)
        self.layers, self.channels = nn.Sequential(*layers), WIDTHS[-1] * left

    def forward(self, feats):
        return self.layers(feats.transpose(1, 2).unsqueeze(1)).flatten(1, 2).transpose(1, 2)
