"""The x-vector network (Snyder et al. 2018, "X-vectors: robust DNN embeddings for speaker recognition", table 1)."""

from torch import nn

from diarkit.networks.layers import Tdnn

LAYERS = ((512, 5, 1), (512, 3, 2), (512, 3, 3), (512, 1, 1), (1500, 1, 1))  # frame1-5: outputs, frames, spacing


class XvectorTrunk(nn.Module):
    """frame1 to frame5: (B, T, feats_dim) to (B, T, 1500); 15 frames of context.

    The paper drops frames at both ends; here zeros stand beyond them, so that any length goes through.
    """

    stride, field_t = 1, 15

    def __init__(self, feats_dim):
        super().__init__()
        layers, width = [], feats_dim
        for outputs, size, spacing in LAYERS:
            layers.append(Tdnn(width, outputs, size, spacing))
            width = outputs
        self.layers, self.channels = nn.Sequential(*layers), width

    def forward(self, feats):
        return self.layers(feats.transpose(1, 2)).transpose(1, 2)


def tail(dim):
    """Return what stands between the embedding (the affine part of segment6) and the classifier: up to segment7."""
    return nn.Sequential(nn.ReLU(), nn.BatchNorm1d(dim), nn.Linear(dim, dim), nn.ReLU(), nn.BatchNorm1d(dim))
