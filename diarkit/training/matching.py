"""A teacher that hears what the pupil hears: embeddings and stages of a ResNet34 to be matched on the same crops."""

import copy
import os

import torch
from torch.nn.functional import cosine_similarity, mse_loss

from diarkit.errors import UsageError
from diarkit.models import fetch
from diarkit.models.resnet34 import from_onnx
from diarkit.models.resnet34_form import STRIDE
from diarkit.networks.shrink import take_over
from diarkit.training.machine import narrowed

LEAST_T = 96  # feature frames of the shortest window inside a crop, 0.96 s


class Matching:
    """How far a pupil is from a teacher of the same widths, stage by stage and in the embedding.

    teacher: diarkit.models.resnet34.ResNet34. precision: of the trunks' products, float32 or bfloat16.
    Source: Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent": teacher and pupil see
    the same view of the input.
    """

    def __init__(self, teacher, device="cpu", precision="float32"):
        self.device, self.precision = device, precision
        self.teacher = teacher.eval().to(device)
        self.trunk = copy.deepcopy(self.teacher).to(memory_format=torch.channels_last)
        if precision == "bfloat16":
            self.trunk = self.trunk.bfloat16()

    def begin(self, network, feats):
        """Give the pupil, a SpeakerNetwork, what fits of the teacher. feats: (B, T, mels) real features."""
        take_over(network, self.teacher, feats)
        network.to(memory_format=torch.channels_last)

    def __call__(self, network, feats):
        """Return ((B, dim) the pupil's embeddings, 1 - cosine to the teacher's, mean share of stages not explained).

        feats: (B, T, mels). Embeddings are compared of all frames, and of one window inside each crop. The first stage
        is not compared: it is the largest, and what matters of it reaches the others.
        """
        with torch.no_grad():
            targets = [y.float() for y in self.trunk.levels(feats.to(self.trunk.conv1.weight.dtype))[1:]]
        with narrowed(self.device, self.precision):
            levels = [x.float() for x in network.trunk.levels(feats)[1:]]
        missed = torch.stack([_missed(x, y) for x, y in zip(levels, targets)]).mean()
        frames, wanted = levels[-1].flatten(1, 2), targets[-1].flatten(1, 2)
        window = windows(len(frames), frames.shape[-1], LEAST_T // STRIDE).to(frames)
        found = [network.pool(frames), network.pool(frames, window)]
        with torch.no_grad():
            theirs = [self.teacher.pool(wanted), self.teacher.pool(wanted, window)]
        near = cosine_similarity(torch.stack(found), torch.stack(theirs), dim=-1).mean()
        return found[0], 1 - near, missed


def _missed(x, y):
    """Return the share of y (B, C, H, T) that x does not explain."""
    return mse_loss(x, y) / y.var()


def windows(batch, frames_t, least_t):
    """Return (B, T') weights: 1 in a window of random place and length, 0 elsewhere; torch's generator draws."""
    lengths = torch.randint(min(least_t, frames_t), frames_t + 1, (batch, 1))
    starts = (torch.rand(batch, 1) * (frames_t - lengths + 1)).long()
    places = torch.arange(frames_t)
    return ((places >= starts) & (places < starts + lengths)).float()


def open_matching(teacher, options):
    """Return the Matching of a ResNet34 by name or file. options: TrainEmbeddingOptions.

    Raises UsageError for another network than small.
    """
    if options.network != "small":
        raise UsageError("--listening-teacher is for --network=small, whose stages are as wide as the teacher's")
    path = teacher if os.path.exists(teacher) else fetch(teacher)
    with open(path, "rb") as file:
        return Matching(from_onnx(file.read()), options.device, options.precision)
