"""GE2E d-vectors: three LSTM layers and a projection (Wan et al. 2018, "Generalized end-to-end loss", section 2.1)."""

import torch
from torch import nn
from torch.nn import functional as F

MELS, DIM, WINDOW_T = 40, 256, 160


class Ge2e(nn.Module):
    """Mel power features (B, T, 40) of at most 160 frames to d-vectors (B, 256) of length 1 (eq. 4).

    It was trained on windows of 160 frames (1.6 s); a longer stretch is cut into such windows whose d-vectors are
    averaged (section 3.2). Module names are those of the published state dict.
    """

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(MELS, DIM, num_layers=3, batch_first=True)
        self.linear = nn.Linear(DIM, DIM)

    def forward(self, x):
        last = self.lstm(x)[1][0][-1]
        return F.normalize(torch.relu(self.linear(last)), dim=-1)
