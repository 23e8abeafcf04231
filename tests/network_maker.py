"""Networks for tests: light ones, with normalisations that do something, and made-up features."""

import torch
from torch import nn

from diarkit.networks import NETWORKS

LIGHT = {"ecapa": {"channels": 64, "merged": 96}, "ecapa1024": {"channels": 128, "merged": 96},
         "lstm": {"hidden": 24}, "bilstm": {"hidden": 24}}  # the same layers, narrower


def lively(network):
    """Return the network, for evaluation, with normalisations that do something."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return network.eval()


def feats(name, batch=2, length_t=40):
    """Return made-up features of a network's width."""
    return torch.randn(batch, length_t, NETWORKS[name].feats_dim)
