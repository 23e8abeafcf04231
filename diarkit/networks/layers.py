"""Layers that the networks share: convolutions with their batch normalisation, and the fold of one into the other."""

import copy

import torch
from torch import nn
from torch.nn import functional as F


class _Normed:
    """A convolution without bias, then batch normalisation: as one module, so that it can be folded."""

    def __init__(self, inputs, outputs, size, stride=1, padding=0, dilation=1):
        super().__init__(inputs, outputs, size, stride, padding, dilation, bias=False)
        self.norm = self.norm_class(outputs)

    def forward(self, x):
        return self.norm(super().forward(x))

    def folded(self):
        """Return the plain convolution with bias that gives the same in evaluation (Jacob et al. 2018, eq. 14)."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        plain = self.plain_class(self.in_channels, self.out_channels, self.kernel_size, self.stride, self.padding,
                                 self.dilation)
        with torch.no_grad():
            plain.weight.copy_(self.weight * scale.reshape(-1, *[1] * (self.weight.ndim - 1)))
            plain.bias.copy_(self.norm.bias - self.norm.running_mean * scale)
        return plain.to(self.weight.device)


class NormedConv1d(_Normed, nn.Conv1d):
    """A 1-D convolution and its batch normalisation."""

    norm_class, plain_class = nn.BatchNorm1d, nn.Conv1d


class NormedConv2d(_Normed, nn.Conv2d):
    """A 2-D convolution and its batch normalisation."""

    norm_class, plain_class = nn.BatchNorm2d, nn.Conv2d


def fold(network):
    """Return a copy of a network for evaluation, with every batch normalisation folded into its convolution."""
    network = copy.deepcopy(network).eval()
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, _Normed):
                setattr(module, name, child.folded())
    return network


class Tdnn(nn.Module):
    """A time-delay layer: convolution over time, ReLU, batch normalisation, (B, C, T) to (B, C', T).

    size: frames it sees, `dilation` apart; padding: what stands beyond both ends, zeros or the frames reflected.
    Source: Peddinti et al. 2015, "A time delay neural network architecture", section 3.
    """

    def __init__(self, inputs, outputs, size=1, dilation=1, padding="zeros"):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, size, padding=size // 2 * dilation, dilation=dilation,
                              padding_mode=padding)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return self.norm(F.relu(self.conv(x)))
