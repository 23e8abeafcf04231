"""Our own fast default: ResNet34 at half the resolution in time and in frequency, learnt from ResNet34 itself.

Why it is built so, at a quarter of ResNet34's cost:
- It has all of the teacher's layers and channels, and begins with all of its weights; its first convolution takes
  every second frame and every second bin, so each layer behind it sees a quarter of the places. With as many
  multiplications, half of the blocks with fewer channels inside at full resolution followed the teacher less well.
- What flows between the stages is as wide as the teacher's. So each stage follows one of the teacher's, averaged to
  its own resolution, number by number (Romero et al. 2015, "FitNets", without the regressors), and the embeddings come
  out in the teacher's own space.
- No layer looks at the whole window: one pass over a recording serves every window, as ResNet34's does.
- 6 million weights are 6 MB in 8-bit integers.
"""

import torch
from torch import nn

from diarkit.models.resnet34 import SMALL_STRIDE, STAGES
from diarkit.networks.resnet34 import ResNetTrunk


class SmallTrunk(ResNetTrunk):
    """(B, T, feats_dim) to (B, ceil(T / 16), 1280 of 80 mel bins)."""

    def __init__(self, feats_dim, stages=STAGES, first_stride=SMALL_STRIDE):
        super().__init__(feats_dim, stages, first_stride)


@torch.no_grad()
def take_over(network, teacher, feats):
    """Give a SpeakerNetwork of this trunk what fits of a larger one of its kind.

    teacher: diarkit.models.resnet34.ResNet34; feats: (B, T, mels) real features. On them the channels inside a block
    are chosen: those that move its output most, by mean square after the rectifier times the square of the weights
    behind it; and the batch normalisations are set so that they change nothing yet. Of each stage the first block and
    the last ones are taken.
    """
    energies, values = _energies(teacher, feats), {"conv1": (teacher.conv1.weight, teacher.conv1.bias)}
    number, place = 0, 0
    for depth, deep in zip(network.trunk.depths, teacher.depths):
        sources = [0, *range(deep - depth + 1, deep)]
        for own, source in zip(range(number, number + depth), sources):
            inner = network.trunk.blocks[own].conv1.out_channels
            shrunk = _shrunk(teacher.blocks[place + source], energies[place + source], inner)
            values.update({f"blocks.{own}.{name}": pair for name, pair in shrunk.items()})
        number, place = number + depth, place + deep
    network.head.weight.copy_(_narrowed(teacher.linear.weight, network.trunk.channels, STAGES[-1][0]))
    network.head.bias.copy_(teacher.linear.bias - teacher.mean)
    _fill(network.trunk, values, feats)


def _narrowed(weight, outputs, channels):
    """Return weights of mean and deviation (dim, 2 C) for so many outputs: neighbouring frequencies share them."""
    weight = weight.view(len(weight), 2 * channels, -1)
    rows = outputs // channels
    return weight.view(*weight.shape[:2], rows, -1).sum(-1).flatten(1)


def _energies(teacher, feats):
    """Return the mean square of each channel inside each block of the teacher."""
    found, hooks = [], []
    for block in teacher.blocks:
        hooks.append(block.conv1.register_forward_hook(
            lambda _, __, y: found.append(y.relu().square().mean((0, 2, 3)))))
    teacher.frames(feats)
    for hook in hooks:
        hook.remove()
    return found


def _shrunk(block, energy, inner):
    """Return {convolution: (weight, bias)} of a block with so many of its inner channels."""
    worth = energy * block.conv2.weight.square().sum((0, 2, 3))
    kept = worth.topk(inner).indices.sort().values
    found = {"conv1": (block.conv1.weight[kept], block.conv1.bias[kept]),
             "conv2": (block.conv2.weight[:, kept], block.conv2.bias)}
    if isinstance(block.shortcut, nn.Conv2d):
        found["shortcut"] = block.shortcut.weight, block.shortcut.bias
    return found


def _fill(trunk, values, feats):
    """Set convolutions {name: (weight, bias)}, and each normalisation behind them to the identity plus that bias."""
    hooks = []
    for name, module in trunk.named_modules():
        if name in values:
            weight, bias = values[name]
            module.weight.copy_(weight)
            hooks.append(module.norm.register_forward_pre_hook(
                lambda norm, given, bias=bias: _identity(norm, given[0], bias)))
    trunk.train().levels(feats)  # in order: what a convolution hears has passed the ones before it
    for hook in hooks:
        hook.remove()


def _identity(norm, x, bias):
    """Set a batch normalisation so that it takes x (B, C, H, W) to x + bias."""
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    norm.weight.copy_(torch.sqrt(variance + norm.eps))
    norm.bias.copy_(mean + bias)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
