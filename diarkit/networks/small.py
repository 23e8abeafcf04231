"""Our own small network: ResNet34 with half of its blocks and fewer channels inside them, learnt from ResNet34 itself.

Why it is built so, at less than a quarter of ResNet34's cost:
- What flows between blocks is as wide as the teacher's at every depth. So each stage has a stage of the teacher to
  follow, number by number (Romero et al. 2015, "FitNets", without the regressors), and the embeddings come out in the
  teacher's own space.
- What is left out lies inside: channels between the two convolutions of a block (as in Li et al. 2017, "Pruning
  filters for efficient ConvNets", section 3.3), and whole blocks. A pupil that begins with what fits of the teacher's
  weights follows its first two stages at once better than random weights do after many steps.
- No layer looks at the whole window: what serves one pass of ResNet34 over a recording serves this network unchanged.
- 2.8 million weights are 5.5 MB in 16-bit floats.
- With first_stride=2 and the teacher's own stages it is ResNet34 at half the resolution, which costs as much.
"""

import torch
from torch import nn

from diarkit.models.resnet34 import SMALL
from diarkit.networks.resnet34 import ResNetTrunk


class SmallTrunk(ResNetTrunk):
    """(B, T, feats_dim) to (B, ceil(T / 8), 2560 of 80 mel bins)."""

    def __init__(self, feats_dim, stages=SMALL, first_stride=1):
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
    network.head.weight.copy_(_narrowed(teacher.linear.weight, network.trunk.channels, SMALL[-1][0]))
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
