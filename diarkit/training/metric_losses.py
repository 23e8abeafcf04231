"""Losses that compare the crops of a batch with each other: GE2E, triplets, prototypes; called as those of losses."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize


class Ge2e(nn.Module):
    """Generalised end-to-end loss. Source: Wan et al. 2018, equations 5-9.

    kind: `softmax` (equation 6) or `contrast` (equation 7). The mean over the crops, not their sum (equation 10), so
    that the learning rate does not depend on the batch size.
    """

    def __init__(self, kind="softmax"):
        super().__init__()
        assert kind in ("softmax", "contrast"), kind
        self.kind, self.w, self.b = kind, nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(-5.0))

    def forward(self, x, speakers):
        """Return the mean loss; x: (S, M, D) with M of at least 2."""
        count, crops, _ = x.shape
        assert crops >= 2, x.shape
        s = self._similarities(normalize(x, dim=-1))
        own = torch.arange(count, device=x.device)
        if self.kind == "softmax":
            return cross_entropy(s.flatten(0, 1), own.repeat_interleave(crops))
        mine = torch.eye(count, dtype=torch.bool, device=x.device)[:, None]
        hardest = s.masked_fill(mine, -torch.inf).amax(-1)
        return (1 - torch.sigmoid(s[own, :, own]) + torch.sigmoid(hardest)).mean()

    def _similarities(self, e):
        """Return (S, M, S): crop j, i against every centroid; its own without itself (equations 8-9)."""
        sums = e.sum(1)
        others = normalize(sums[:, None] - e, dim=-1)  # the mean's length does not matter to a cosine
        cosines = torch.einsum("jid,kd->jik", e, normalize(sums, dim=-1))
        mine = torch.eye(len(e), dtype=torch.bool, device=e.device)[:, None]
        cosines = torch.where(mine, (e * others).sum(-1, keepdim=True), cosines)
        return self.w.clamp(min=1e-6) * cosines + self.b


class Triplet(nn.Module):
    """max(0, cos(anchor, negative) - cos(anchor, positive) + margin). Source: Li et al. 2017, "Deep Speaker".

    Every crop is an anchor. hard: its positive is the farthest crop of its speaker and its negative the nearest one of
    another; else both are drawn at random by torch's generator. Rows of one speaker are never each other's negatives.
    """

    def __init__(self, margin=0.1, hard=True):
        super().__init__()
        self.margin, self.hard = margin, hard

    def forward(self, x, speakers):
        """Return the mean over the anchors that have a positive and a negative."""
        cosines = (lambda e: e @ e.T)(normalize(x.flatten(0, 1), dim=-1))
        labels = speakers.repeat_interleave(x.shape[1])
        same = labels[:, None] == labels
        positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=x.device)
        worth = cosines.detach() if self.hard else self._drawn(cosines)
        p = worth.masked_fill(~positive, torch.inf).argmin(1)
        n = worth.masked_fill(same, -torch.inf).argmax(1)
        there = positive.any(1) & (~same).any(1)
        row = torch.arange(len(labels), device=x.device)
        apart = torch.relu(cosines[row, n] - cosines[row, p] + self.margin)
        return (apart * there).sum() / there.sum().clamp(min=1)

    @staticmethod
    def _drawn(cosines):
        return torch.rand(cosines.shape).to(cosines.device)  # drawn on the CPU: the same choice on every device


class Prototypical(nn.Module):
    """Cross-entropy over squared distances to prototypes. Source: Snell et al. 2017, equations 1-2.

    The last crop of each speaker is the query, the mean of the others the prototype.
    """

    def forward(self, x, speakers):
        """Return the mean loss; x: (S, M, D) with M of at least 2."""
        assert x.shape[1] >= 2, x.shape
        query, prototype = x[:, -1], x[:, :-1].mean(1)
        return cross_entropy(self._scores(query, prototype), torch.arange(len(x), device=x.device))

    def _scores(self, query, prototype):
        return -(query[:, None] - prototype).square().sum(-1)


class AngularPrototypical(Prototypical):
    """The same with w cos + b. Source: Chung et al. 2020, "In defence of metric learning"."""

    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(-5.0))

    def _scores(self, query, prototype):
        cosines = normalize(query, dim=-1) @ normalize(prototype, dim=-1).T
        return self.w.clamp(min=1e-6) * cosines + self.b
