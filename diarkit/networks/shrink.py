"""A residual network with fewer channels inside its blocks, made of a larger one without any training.

Block by block: the channels of most worth are kept, and the second convolution is fitted anew by least squares, so that
the narrower block gives what the wider one gives, from the input that the narrower blocks before it make (He et al.
2017, "Channel pruning for accelerating very deep neural networks", section 3.1, with Li et al. 2017's kind of choice
in place of the lasso).
"""

import torch
from torch import nn
from torch.nn import functional as F

PLACES = 60_000  # of a layer's output, evenly spaced, that the least squares see
RIDGE = 1e-4     # of the mean square of the inputs


@torch.no_grad()
def take_over(network, teacher, feats):
    """Give a SpeakerNetwork of the same blocks, but fewer channels inside them, the weights of a larger one.

    teacher: diarkit.models.resnet34.ResNet34; feats: (B, T, mels) real features. The batch normalisations are set so
    that on feats they change nothing yet. A pupil of the teacher's own widths becomes the teacher.
    """
    trunk, wanted = network.trunk.train(), feats.transpose(1, 2).unsqueeze(1)
    found = F.relu(_set(trunk.conv1, wanted, teacher.conv1.weight, teacher.conv1.bias))
    wanted = F.relu(teacher.conv1(wanted))
    for own, block in zip(trunk.blocks, teacher.blocks, strict=True):
        found, wanted = _take_block(own, block, found, wanted)
    network.head.weight.copy_(teacher.linear.weight)
    network.head.bias.copy_(teacher.linear.bias - teacher.mean)


def _take_block(own, block, found, wanted):
    """Fill a block; found, wanted: what comes in, (B, C, H, W), here and in the teacher. Return what leaves both."""
    inside = F.relu(block.conv1(wanted))
    kept = _of_most_worth(inside, block.conv2.weight, own.conv1.out_channels)
    wanted = block.conv2(inside) + block.shortcut(wanted)
    inside = F.relu(_set(own.conv1, found, block.conv1.weight[kept], block.conv1.bias[kept]))
    if isinstance(block.shortcut, nn.Conv2d):
        found = _set(own.shortcut, found, block.shortcut.weight, block.shortcut.bias)
    weight, bias = block.conv2.weight[:, kept], block.conv2.bias
    if len(kept) < block.conv1.out_channels:
        left = wanted - found - F.conv2d(inside, weight, bias, padding=1)
        more = least_squares(inside, left)
        weight, bias = weight + more[0], bias + more[1]
    found = found + _set(own.conv2, inside, weight, bias)
    return F.relu(found), F.relu(wanted)


def _of_most_worth(inside, weight, count):
    """Return the channels (count,) whose mean square times the square of the weights behind them is the largest."""
    worth = inside.square().mean((0, 2, 3)) * weight.square().sum((0, 2, 3))
    return worth.topk(count).indices.sort().values


def least_squares(x, y):
    """Return weights (O, C, 3, 3) and bias (O,) of the convolution, padded by 1, that takes x nearest to y.

    x: (B, C, H, W); y: (B, O, H, W). A little ridge holds weights that x says nothing about at 0.
    """
    step = max(len(x) * y[0, 0].numel() // PLACES, 1)
    inner = x.shape[1] * 9 + 1
    squares = x.new_zeros(inner, inner, dtype=torch.float64)
    products = x.new_zeros(inner, y.shape[1], dtype=torch.float64)
    for heard, wanted in zip(x, y):
        columns = F.unfold(heard[None], 3, padding=1)[0, :, ::step]
        columns = torch.cat([columns, torch.ones_like(columns[:1])]).double()
        squares += columns @ columns.T
        products += columns @ wanted.flatten(1)[:, ::step].T.double()
    squares.diagonal().add_(RIDGE * squares.diagonal().mean() + torch.finfo(torch.float64).tiny)
    solved = torch.linalg.solve(squares, products).T.to(x)
    return solved[:, :-1].reshape(-1, x.shape[1], 3, 3), solved[:, -1]


def _set(conv, x, weight, bias):
    """Give a convolution with batch normalisation these weights; return what it makes of x (B, C, H, W)."""
    conv.weight.copy_(weight)
    y = F.conv2d(x, weight, None, conv.stride, conv.padding)
    mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)
    conv.norm.weight.copy_(torch.sqrt(variance + conv.norm.eps))
    conv.norm.bias.copy_(mean + bias)
    conv.norm.running_mean.copy_(mean)
    conv.norm.running_var.copy_(variance)
    return y + bias.view(-1, 1, 1)
