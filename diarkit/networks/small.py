"""Our own fast default: ResNet34 with half of its blocks and fewer channels inside them, learnt from ResNet34 itself.

Why it is built so, at less than a quarter of ResNet34's cost:
- What flows between blocks is as wide as the teacher's at every depth. So each stage has a stage of the teacher to
  follow, number by number (Romero et al. 2015, "FitNets", without the regressors), and the embeddings come out in the
  teacher's own space.
- What is left out lies inside: channels between the two convolutions of a block (as in Li et al. 2017, "Pruning
  filters for efficient ConvNets", section 3.3), and whole blocks, which refine what flows and can be spared.
- No layer looks at the whole window: what serves one pass of ResNet34 over a recording serves this network unchanged.
- 2.7 million weights are 5.3 MB in 16-bit floats.
"""

import torch
from torch import nn

from diarkit.models.resnet34 import SMALL
from diarkit.networks.resnet34 import ResNetTrunk


class SmallTrunk(ResNetTrunk):
    """(B, T, feats_dim) to (B, ceil(T / 8), 2560 of 80 mel bins)."""

    def __init__(self, feats_dim, stages=SMALL, first_stride=1, normed=True):
        super().__init__(feats_dim, stages, first_stride, normed)


@torch.no_grad()
def take_over(network, teacher, feats):
    """Give a SpeakerNetwork of this trunk without batch normalisations what fits of a larger one of its kind.

    teacher: diarkit.models.resnet34.ResNet34; feats: (B, T, mels) real features, on which the channels inside a block
    are chosen: those that move its output most, by mean square after the rectifier times the square of the weights
    behind it. Of each stage the first block and the last ones are taken.
    """
    energies = _energies(teacher, feats)
    trunk, number, place = network.trunk, 0, 0
    _copy(trunk.conv1, teacher.conv1.weight, teacher.conv1.bias)
    for depth, deep in zip(trunk.depths, teacher.depths):
        sources = [0, *range(deep - depth + 1, deep)]
        for own, source in zip(trunk.blocks[number:number + depth], sources):
            _shrink(own, teacher.blocks[place + source], energies[place + source])
        number, place = number + depth, place + deep
    _copy(network.head, teacher.linear.weight, teacher.linear.bias - teacher.mean)


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


def _shrink(own, block, energy):
    """Copy a block, with as many of its inner channels as the own one has."""
    worth = energy * block.conv2.weight.square().sum((0, 2, 3))
    kept = worth.topk(own.conv1.out_channels).indices.sort().values
    _copy(own.conv1, block.conv1.weight[kept], block.conv1.bias[kept])
    _copy(own.conv2, block.conv2.weight[:, kept], block.conv2.bias)
    if isinstance(own.shortcut, nn.Conv2d):
        _copy(own.shortcut, block.shortcut.weight, block.shortcut.bias)


def _copy(target, weight, bias):
    target.weight.copy_(weight)
    target.bias.copy_(bias)
