"""ResNet34 with statistics pooling, the x-vector of WeSpeaker (He et al. 2016; Wang et al. 2023, "WeSpeaker").

Its trunk has no layer that looks at the whole window: an output frame (one for every 8 input frames) depends on some
frames around it alone. So the trunk may run once over a recording, and any window of any speaker be pooled from it.
Batch normalisations are folded into the convolutions, as in the published file.
"""

import torch
from torch import nn
from torch.nn import functional as F

from diarkit.errors import DiarkitError
from diarkit.models.onnx_file import initialisers

MELS, DIM, STRIDE = 80, 256, 8
STAGES = ((32, 3, 1), (64, 4, 2), (128, 6, 2), (256, 3, 2))  # channels, blocks, stride of the first block
SMALL = ((32, 3, 1, 16), (64, 4, 2, 32), (128, 6, 2, 64), (256, 3, 2, 128))  # and channels inside a block
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
        self.linear = nn.Linear(2 * STAGES[-1][0] * MELS // STRIDE, DIM)
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
    weights = initialisers(data)
    arrays = [name for name, array in weights.items() if array.ndim]
    for stages in (STAGES, SMALL):
        model = ResNet34(stages).eval()
        targets = [getattr(m, part) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))
                   for part in ("weight", "bias")]
        if [tuple(target.shape) for target in targets] == [weights[name].shape for name in arrays]:
            for target, name in zip(targets, arrays):
                _copy(target, weights, name)
            return model
    return _published(weights)


def _published(weights):
    model = ResNet34().eval()
    for size in (3, 1):  # within one kernel size, the graph's order is the modules' order
        convs = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (size, size)]
        names = [name for name, array in weights.items() if array.ndim == 4 and array.shape[-1] == size]
        if len(names) != len(convs):
            raise DiarkitError(f"{len(names)} {size} x {size} convolutions where a ResNet34 has {len(convs)}")
        for name, conv in zip(names, convs):
            _copy(conv.weight, weights, name)
            _copy(conv.bias, weights, str(int(name) + 1) if name.isdigit() else name)
    _copy(model.linear.weight, weights, "model.seg_1.weight")
    _copy(model.linear.bias, weights, "model.seg_1.bias")
    _copy(model.mean, weights, "mean_vec")
    return model


def _copy(target, weights, name):
    found = weights[name].shape if name in weights else "nothing"
    if found != tuple(target.shape):
        raise DiarkitError(f"weights {name}: {found} where a ResNet34 has {tuple(target.shape)}")
    with torch.no_grad():
        target.copy_(torch.tensor(weights[name]))
