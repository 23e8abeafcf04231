"""CAM++: a densely connected TDNN with context-aware masking (Wang et al. 2023, "CAM++", Interspeech).

Every masked layer looks at the mean over the *whole* input (and over 100-frame segments of it), so the output of one
frame depends on the window it is computed in: this trunk cannot be run once over a recording and pooled afterwards.
Module names are those of the published state dict (3D-Speaker), so that it loads strictly.
"""

import torch
from torch import nn
from torch.nn import functional as F

MELS, DIM = 80, 192
GROWTH, BOTTLENECK, SEGMENT_T = 32, 128, 100
BLOCKS = ((12, 3, 1), (24, 3, 2), (16, 3, 2))  # layers, kernel, dilation of each dense block (table 1)


class ResBlock(nn.Module):
    """Two 3 x 3 convolutions around a shortcut; the first may halve the frequency axis, never time."""

    def __init__(self, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, (stride, 1), 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, channels, 1, (stride, 1), bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class FrontEnd(nn.Module):
    """The 2-D convolutional module in front of the TDNN: (B, 80, T) -> (B, 320, T)."""

    def __init__(self, channels=32):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(ResBlock(channels, 2), ResBlock(channels, 1))
        self.layer2 = nn.Sequential(ResBlock(channels, 2), ResBlock(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, (2, 1), 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x.unsqueeze(1))))
        x = F.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class Norm(nn.Module):
    """Batch normalisation, then ReLU where asked."""

    def __init__(self, channels, relu=True, affine=True):
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(channels, affine=affine)
        self.relu = relu

    def forward(self, x):
        x = self.batchnorm(x)
        return F.relu(x) if self.relu else x


class MaskedLayer(nn.Module):
    """A TDNN layer whose output is masked by what it sees around it (section 2.2).

    Source: eq. 1-4, with the mask from the sum of the whole window's mean and each 100-frame segment's mean.
    """

    def __init__(self, inputs, outputs, kernel, dilation):
        super().__init__()
        self.linear_local = nn.Conv1d(inputs, outputs, kernel, padding=(kernel - 1) // 2 * dilation,
                                      dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(inputs, inputs // 2, 1)
        self.linear2 = nn.Conv1d(inputs // 2, outputs, 1)

    def forward(self, x):
        # The context is constant over each segment: the mask is computed once a segment, then spread over its frames.
        parts = F.avg_pool1d(x, SEGMENT_T, SEGMENT_T, ceil_mode=True) + x.mean(-1, keepdim=True)
        mask = torch.sigmoid(self.linear2(F.relu(self.linear1(parts))))
        return self.linear_local(x) * mask.repeat_interleave(SEGMENT_T, -1)[..., :x.shape[-1]]


class DenseLayer(nn.Module):
    """Bottleneck and masked layer; its output is appended to its input (section 2.1)."""

    def __init__(self, inputs, kernel, dilation):
        super().__init__()
        self.nonlinear1 = Norm(inputs)
        self.linear1 = nn.Conv1d(inputs, BOTTLENECK, 1, bias=False)
        self.nonlinear2 = Norm(BOTTLENECK)
        self.cam_layer = MaskedLayer(BOTTLENECK, GROWTH, kernel, dilation)

    def forward(self, x):
        y = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return torch.cat([x, y], 1)


class Change(nn.Module):
    """A 1 x 1 convolution to another width, behind or before its normalisation."""

    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=False)


class Entrance(Change):
    """The first TDNN layer: five frames wide, and every other frame is dropped."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs, kernel=5, stride=2)
        self.nonlinear = Norm(outputs)

    def forward(self, x):
        return self.nonlinear(self.linear(x))


class Transit(Change):
    """Normalise, then halve the channels a dense block has gathered."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.nonlinear = Norm(inputs)

    def forward(self, x):
        return self.linear(self.nonlinear(x))


class Exit(Change):
    """Statistics to embedding: a linear layer and a batch normalisation without gain."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.nonlinear = Norm(outputs, relu=False, affine=False)

    def forward(self, x):
        return self.nonlinear(self.linear(x)).squeeze(-1)


def _trunk(channels=128):
    """Return the 1-D part as a module, with names as in the state dict, and its number of output channels."""
    layers = nn.Module()
    layers.tdnn = Entrance(MELS // 8 * 32, channels)
    for number, (depth, kernel, dilation) in enumerate(BLOCKS, 1):
        block = nn.Sequential()
        for place in range(1, depth + 1):
            block.add_module(f"tdnnd{place}", DenseLayer(channels, kernel, dilation))
            channels += GROWTH
        layers.add_module(f"block{number}", block)
        layers.add_module(f"transit{number}", Transit(channels, channels // 2))
        channels //= 2
    layers.out_nonlinear = Norm(channels)
    layers.dense = Exit(2 * channels, DIM)
    return layers


class CamPlusPlus(nn.Module):
    """The whole network: log mel features (B, T, 80), mean-normalised over the window, to embeddings (B, 192)."""

    def __init__(self):
        super().__init__()
        self.head = FrontEnd()
        self.xvector = _trunk()

    def frames(self, x):
        """Return (B, 512, ceil(T / 2)) frame-level outputs of x (B, T, 80); they depend on the whole window."""
        t = self.xvector
        x = t.tdnn(self.head(x.transpose(1, 2)))
        x = t.transit3(t.block3(t.transit2(t.block2(t.transit1(t.block1(x))))))
        return t.out_nonlinear(x)

    def pool(self, frames):
        """Return (B, 192) embeddings of frame-level outputs: mean and deviation over time, then a linear layer."""
        stats = torch.cat([frames.mean(-1), frames.std(-1)], -1)
        return self.project(stats)

    def project(self, stats):
        """Return (N, 192) embeddings of mean and deviation side by side, (N, 1024) of any float."""
        return self.xvector.dense(stats.float().unsqueeze(-1))

    def forward(self, x):
        return self.pool(self.frames(x))
