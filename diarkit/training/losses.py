"""Losses that classify speakers: softmax, and softmax on cosines with a margin.

Every loss of the training is a module called as `loss(x, speakers)`, x: (S, M, D) embeddings of M crops of each of S
speakers, speakers: (S,) int64 their numbers; it returns a scalar. `margin` may be set between two calls.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear, normalize


class Softmax(nn.Module):
    """Cross-entropy of a linear layer over all speakers. dim: D; classes: number of speakers."""

    def __init__(self, dim, classes):
        super().__init__()
        self.linear = nn.Linear(dim, classes)

    def forward(self, x, speakers):
        """Return the mean cross-entropy."""
        return cross_entropy(self.linear(x.flatten(0, 1)), speakers.repeat_interleave(x.shape[1]))


class MarginSoftmax(nn.Module):
    """Cross-entropy of scaled cosines to one direction per speaker; subclasses make the own speaker's cosine harder."""

    def __init__(self, dim, classes, scale=32.0, margin=0.2):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim))
        nn.init.xavier_uniform_(self.weight)
        self.scale, self.margin = scale, margin

    def forward(self, x, speakers):
        """Return the mean cross-entropy."""
        labels = speakers.repeat_interleave(x.shape[1])
        cosines = linear(normalize(x.flatten(0, 1)), normalize(self.weight))
        own = cosines.gather(1, labels[:, None])
        return cross_entropy(self.scale * cosines.scatter(1, labels[:, None], self._harder(own)), labels)


class AmSoftmax(MarginSoftmax):
    """Additive margin: cos t - m. Source: Wang et al. 2018, "Additive margin softmax", equation 6."""

    def _harder(self, own):
        return own - self.margin


class AamSoftmax(MarginSoftmax):
    """Additive angular margin: cos(t + m). Source: Deng et al. 2019, "ArcFace", equation 3.

    Beyond t = pi - m, where cos(t + m) would rise again, it goes on as cos t - m sin m.
    """

    def _harder(self, own):
        sine = (1 - own.square()).clamp(min=1e-12).sqrt()  # the derivative at 0 is infinite
        wider = own * math.cos(self.margin) - sine * math.sin(self.margin)
        return torch.where(own > -math.cos(self.margin), wider, own - self.margin * math.sin(self.margin))


class Distillation(nn.Module):
    """1 - cosine between embeddings and a teacher's of the same crops, through a linear layer where sizes differ.

    dim: of the embeddings; teacher_dim: of the teacher's.
    """

    def __init__(self, dim, teacher_dim):
        super().__init__()
        self.project = nn.Identity() if dim == teacher_dim else nn.Linear(dim, teacher_dim, bias=False)

    def forward(self, x, teacher):
        """Return the mean over the crops that have a teacher, 0 where none has.

        x: (S, M, D); teacher: (S, M, E), rows of zeros where there is none.
        """
        there = teacher.abs().amax(-1) > 0
        apart = 1 - (normalize(self.project(x), dim=-1) * normalize(teacher, dim=-1)).sum(-1)
        return (apart * there).sum() / there.sum().clamp(min=1)
