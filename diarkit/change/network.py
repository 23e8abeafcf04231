"""The network that sees speakers change: two bidirectional LSTMs and a small perceptron on every frame.

Source: Yin, Bredin & Barras 2017, "Speaker change detection in broadcast TV using bidirectional long short-term memory
networks", section 3.2, in the sizes of the published AMI and Hindi system: 571 489 weights.
"""

import torch
from torch import nn

from diarkit.errors import DiarkitError
from diarkit.features.change import DIM

HIDDEN, INNER = 128, 32


class ChangeNet(nn.Module):
    """Features (B, T, 35) to the logits (B, T) of a change at each frame; their sigmoid is the score.

    dropout: after each LSTM, while training. torch has two biases per gate where the paper has one: 2048 weights more.
    """

    def __init__(self, dropout=0.3):
        super().__init__()
        self.lstm = nn.LSTM(DIM, HIDDEN, num_layers=2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.mlp = nn.Sequential(nn.Linear(2 * HIDDEN, INNER), nn.Tanh(), nn.Linear(INNER, INNER), nn.Tanh(),
                                 nn.Linear(INNER, 1))
        self.apply(_start)

    def forward(self, feats):
        """Return (B, T) logits of feats (B, T, 35)."""
        assert feats.ndim == 3 and feats.shape[2] == DIM, feats.shape
        return self.mlp(self.dropout(self.lstm(feats)[0]))[..., 0]


def _start(layer):
    """Random weights as in Keras, with which the published system was made: Glorot's for inputs, orthogonal ones for
    the LSTMs' own outputs, no biases but 1 for the forget gates, so that memory lasts from the first step on."""
    for name, weight in layer.named_parameters(recurse=False):
        if name.startswith("bias"):
            nn.init.zeros_(weight)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(weight)
        else:
            nn.init.xavier_uniform_(weight)
        if name.startswith("bias_ih"):
            with torch.no_grad():
                weight[HIDDEN:2 * HIDDEN] = 1  # the gates stand as input, forget, cell, output


def load_network(path):
    """Return the ChangeNet of a weights file, ready to score.

    Raises DiarkitError for a file that holds no such weights.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        network = ChangeNet()
        network.load_state_dict(found.get("state_dict", found))
    except OSError as error:
        raise DiarkitError(f"{path}: cannot be read: {error.strerror}. Check the path of the weights") from None
    except Exception as error:  # unpickling fails in as many ways as there are broken files
        reason = str(error).splitlines()[0].rstrip(".:")
        raise DiarkitError(f"{path}: no weights of the change detector: {reason}. Give a final.pt or best.pt of "
                           "train-change-detector.py") from None
    return network.eval()
