"""LSTM d-vectors, one way or both (Wan et al. 2018, "Generalized end-to-end loss for speaker verification")."""

from torch import nn


class LstmTrunk(nn.Module):
    """(B, T, feats_dim) to (B, T, hidden), twice hidden where it reads both ways; frames depend on all before them."""

    stride, field_t = 1, None

    def __init__(self, feats_dim, hidden=256, layers=3, both_ways=False):
        super().__init__()
        self.lstm = nn.LSTM(feats_dim, hidden, layers, batch_first=True, bidirectional=both_ways)
        self.channels, self.both_ways = hidden * (1 + both_ways), both_ways

    def forward(self, feats):
        return self.lstm(feats)[0]


def head(pooled, dim):
    """Return a linear layer and a rectifier, as in the public weights."""
    return nn.Sequential(nn.Linear(pooled, dim), nn.ReLU())
