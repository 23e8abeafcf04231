"""ResNet34 with statistics pooling, the x-vector of WeSpeaker (He et al. 2016; Wang et al. 2023, "WeSpeaker").

Its trunk has no layer that looks at the whole window: an output frame (one for every 8 input frames) depends on some
frames around it alone. So the trunk may run once over a recording, and any window of any speaker be pooled from it.
Batch normalisations are folded into the convolutions, as in the published file.
"""

import torch
from torch import nn
from torch.nn import functional as F

from diarkit.models.resnet34_form import DIM, STAGES, WIDTH, read_weights

EPS = 1e-8  # under the square root of the deviation


class Block(nn.Module):
    """Two 3 x 3 convolutions around a shortcut (He et al. 2016, figure 2).

    conv: their class; inner: channels between the two, None for as many as outputs.
    """

    def __init__(self, inputs, outputs, stride, conv=nn.Conv2d, inner=None):
        super().__init__()
        self.conv1 = conv(inputs, inner or outputs, 3, stride, 1)
        self.conv2 = conv(inner or outputs, outputs, 3, 1, 1)
        self.shortcut = conv(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else nn.Identity()

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.shortcut(x))


class Trunk(nn.Module):
    """Log mel features (B, T, mels) to frame-level outputs; conv: the class of its convolutions.

    stages: (channels, blocks, stride of the first block) of each, and channels inside its blocks where there are not
    as many; a stride is a number, or (frequency, time).
    """

    def __init__(self, stages=STAGES, conv=nn.Conv2d, first_stride=1):
        super().__init__()
        channels = stages[0][0]
        self.conv1, blocks = conv(1, channels, 3, first_stride, 1), []
        for width, depth, stride, *inner in stages:
            for place in range(depth):
                blocks.append(Block(channels, width, 1 if place else stride, conv, *inner))
                channels = width
        self.blocks, self.depths = nn.Sequential(*blocks), [stage[1] for stage in stages]

    def levels(self, x):
        """Return what each stage gives, [(B, channels, what is left of mels, what is left of T)], of x (B, T, mels)."""
        x, found, number = F.relu(self.conv1(x.transpose(1, 2).unsqueeze(1))), [], 0
        for depth in self.depths:
            for block in self.blocks[number:number + depth]:
                x = block(x)
            found.append(x)
            number += depth
        return found

    def frames(self, x):
        """Return (B, 2560, ceil(T / 8)) frame-level outputs of x (B, T, 80): channels times what is left of mels."""
        return self.levels(x)[-1].flatten(1, 2)


class ResNet34(Trunk):
    """Log mel features (B, T, 80), mean-normalised over the window, to embeddings (B, 256). stages: as Trunk's."""

    def __init__(self, stages=STAGES):
        super().__init__(stages)
        self.linear = nn.Linear(2 * WIDTH, DIM)
        self.register_buffer("mean", torch.zeros(DIM))

    def pool(self, frames, weights=None):
        """Return (B, 256) embeddings: weighted mean and deviation over time, then a linear layer.

        frames: (B, 2560, T'); weights: (B, T') from 0 to 1, how much of each frame is the speaker's; None is all.
        """
        mean, deviation = weighted_stats(frames, weights)
        return self.linear(torch.cat([mean, deviation], -1)) - self.mean

    def project(self, stats):
        """Return (N, 256) float64 embeddings of mean and deviation side by side, (N, 5120) float64."""
        return F.linear(stats, self.linear.weight.double(), self.linear.bias.double()) - self.mean

    def forward(self, x):
        return self.pool(self.frames(x))


def weighted_stats(frames, weights=None):
    """Return mean and unbiased standard deviation over time, each (B, C), of frames (B, C, T).

    With weights w: variance = sum w (x - mean)^2 / (sum w - sum w^2 / sum w), which for 0/1 weights is the unbiased
    variance of the frames kept. weights: (B, T). The deviation of fewer than two frames is next to 0.
    """
    weights = torch.ones_like(frames[:, 0]) if weights is None else weights
    w, total = weights.unsqueeze(1), weights.sum(-1, keepdim=True).clamp_min(EPS)
    mean = (frames * w).sum(-1) / total
    spread = ((frames - mean.unsqueeze(-1)) ** 2 * w).sum(-1)
    freedom = (total - (weights ** 2).sum(-1, keepdim=True) / total).clamp_min(EPS)
    return mean, torch.sqrt(spread / freedom + EPS)


def from_onnx(data):
    """Return a ResNet34 with the weights of an ONNX file: the published one, or one that diarkit.networks.export wrote.

    data: the file's bytes. Of an own file the shapes of the weights tell whether its stages are STAGES or SMALL.
    """
    stages, layers = read_weights(data)
    model = ResNet34(stages).eval()
    state = {"mean": layers.pop("mean")}
    for name, (weight, bias) in layers.items():
        state |= {f"{name}.weight": weight, f"{name}.bias": bias}
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return model
