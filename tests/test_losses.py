"""Losses: values worked out by hand or by plain loops in float64, and gradients that are finite where they are hard."""

import math

import numpy as np
import pytest
import torch

from diarkit.training.losses import AamSoftmax, AmSoftmax, Distillation, Softmax
from diarkit.training.metric_losses import AngularPrototypical, Ge2e, Prototypical, Triplet

RNG = np.random.default_rng(4)
X = torch.tensor(RNG.normal(size=(4, 3, 6)))
SPEAKERS = torch.tensor([5, 0, 3, 6])


def cosine(a, b):
    a, b = np.array(a.tolist()), np.array(b.tolist())
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def log_share(scores, own):
    """Minus the logarithm of the softmax at `own`."""
    scores = np.asarray(scores, float)
    return float(np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[own])


def test_softmax_by_hand():
    """Two classes with logits 1 and 3: ln(1 + e^-2) for the second, 2 more for the first."""
    loss = Softmax(1, 2)
    with torch.no_grad():
        loss.linear.weight[:] = torch.tensor([[1.0], [3.0]])
        loss.linear.bias.zero_()
    value = loss(torch.ones(2, 1, 1), torch.tensor([1, 0])).item()
    assert value == pytest.approx(math.log(1 + math.exp(-2)) + 1, abs=1e-6)


@pytest.mark.parametrize("kind, harder", [
    (AmSoftmax, lambda c, m: c - m),
    (AamSoftmax, lambda c, m: math.cos(math.acos(c) + m) if math.acos(c) + m < math.pi else c - m * math.sin(m))])
@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
def test_margins_against_plain_loops(kind, harder, margin):
    loss = kind(6, 7, scale=30.0, margin=margin).double()
    expected = []
    for row, speaker in zip(X.numpy(), SPEAKERS.tolist()):
        for crop in row:
            cosines = [cosine(crop, w) for w in loss.weight.detach().numpy()]
            cosines[speaker] = harder(cosines[speaker], margin)
            expected.append(log_share(30 * np.array(cosines), speaker))
    assert loss(X, SPEAKERS).item() == pytest.approx(np.mean(expected), abs=1e-9)


def test_the_angular_margin_never_gets_easier_and_its_gradient_is_finite():
    loss = AamSoftmax(2, 2, margin=0.4).double()
    own = torch.cos(torch.linspace(0, math.pi, 200, dtype=torch.float64))
    assert (loss._harder(own).diff() < 1e-12).all() and (loss._harder(own) <= own + 1e-12).all()
    x = loss.weight.detach()[:, None].clone().requires_grad_()  # exactly the speaker's direction: sine 0
    loss(x, torch.tensor([0, 1])).backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("kind", ["softmax", "contrast"])
def test_ge2e_against_plain_loops(kind):
    """Wan et al. 2018: own centroid without the crop (8), similarity (9), softmax (6) and contrast (7)."""
    e = X.numpy() / np.linalg.norm(X.numpy(), axis=-1, keepdims=True)
    total = []
    for j in range(4):
        for i in range(3):
            own = np.delete(e[j], i, 0).mean(0)
            s = np.array([10 * cosine(e[j, i], own if k == j else e[k].mean(0)) - 5 for k in range(4)])
            sigmoid = 1 / (1 + np.exp(-s))
            total.append(log_share(s, j) if kind == "softmax" else 1 - sigmoid[j] + np.delete(sigmoid, j).max())
    assert Ge2e(kind).double()(X, SPEAKERS).item() == pytest.approx(np.mean(total), abs=1e-9)


def test_hard_triplets_by_hand():
    """Angles of two speakers: 0 and 30, 60 and 120 degrees. Every anchor meets its worst pair."""
    angles = torch.deg2rad(torch.tensor([[0.0, 30.0], [60.0, 120.0]], dtype=torch.float64))
    x = torch.stack([angles.cos(), angles.sin()], -1)
    c = lambda degrees: math.cos(math.radians(degrees))  # noqa: E731
    parts = [c(60) - c(30), c(30) - c(30), c(30) - c(60), c(90) - c(60)]
    expected = np.mean([max(0, part + 0.1) for part in parts])
    assert Triplet(0.1)(x, torch.tensor([0, 1])).item() == pytest.approx(expected, abs=1e-12)


def test_random_triplets_are_drawn_by_the_seed_and_are_triplets():
    loss = Triplet(margin=2.0, hard=False)  # a margin that nobody meets: the loss tells which were drawn
    torch.manual_seed(1)
    first, second = loss(X, SPEAKERS).item(), loss(X, SPEAKERS).item()
    torch.manual_seed(1)
    assert loss(X, SPEAKERS).item() == first != second
    assert Triplet(2.0)(X, SPEAKERS).item() > max(first, second)


def test_two_rows_of_one_speaker_are_no_negatives():
    same = torch.tensor([2, 2, 2, 2])
    assert Triplet(0.5)(X, same).item() == 0
    apart = torch.tensor([[[1.0, 0]], [[1, 0]], [[0, 1]]])  # one crop a row, the first two rows are one speaker
    assert Triplet(0.5)(apart, torch.tensor([7, 7, 8])).item() == 0
    assert Triplet(0.5)(apart, torch.tensor([7, 8, 7])).item() == pytest.approx((1.5 + 0.5) / 2)


def test_prototypes_against_plain_loops():
    x, far, near = X.numpy(), [], []
    for j in range(4):
        prototypes = [x[k, :2].mean(0) for k in range(4)]
        far.append(log_share([-((x[j, 2] - p) ** 2).sum() for p in prototypes], j))
        near.append(log_share([10 * cosine(x[j, 2], p) - 5 for p in prototypes], j))
    assert Prototypical()(X, SPEAKERS).item() == pytest.approx(np.mean(far), abs=1e-9)
    assert AngularPrototypical().double()(X, SPEAKERS).item() == pytest.approx(np.mean(near), abs=1e-9)


def test_distillation_leaves_out_crops_without_a_teacher():
    teacher = torch.tensor(RNG.normal(size=(4, 3, 6)))
    teacher[1, 2] = teacher[3] = 0
    pairs = [(j, i) for j in range(4) for i in range(3) if teacher[j, i].any()]
    assert len(pairs) == 8
    expected = np.mean([1 - cosine(X[j, i], teacher[j, i]) for j, i in pairs])
    assert Distillation(6, 6)(X, teacher).item() == pytest.approx(expected, abs=1e-12)
    assert Distillation(6, 6)(X, torch.zeros_like(teacher)).item() == 0
    wider = Distillation(6, 9).double()
    assert 0 < wider(X, torch.ones(4, 3, 9, dtype=torch.float64)).item() < 2
    assert wider.project.weight.shape == (9, 6)


@pytest.mark.parametrize("loss", [AmSoftmax(6, 7), AamSoftmax(6, 7), Ge2e(), Ge2e("contrast"), Triplet(),
                                  Prototypical(), AngularPrototypical()])
def test_the_gradient_of_silence_is_finite(loss):
    x = torch.zeros(4, 3, 6, requires_grad=True)
    loss(x, SPEAKERS).backward()
    assert torch.isfinite(x.grad).all()
