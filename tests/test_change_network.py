"""The change detector's network, and SMORMS3 against its formulas."""

import numpy as np
import pytest
import torch

from diarkit.change.network import ChangeNet, load_network
from diarkit.errors import DiarkitError, UsageError
from diarkit.training.smorms3 import Smorms3


def test_the_published_number_of_weights():
    network = ChangeNet()
    count = sum(p.numel() for p in network.parameters())
    second_biases = sum(p.numel() for name, p in network.named_parameters() if name.startswith("lstm.bias_hh"))
    assert (count - second_biases, second_biases) == (571489, 2 * 2 * 4 * 128)


def test_each_frame_has_a_logit_and_sees_both_sides():
    torch.manual_seed(0)
    network = ChangeNet().eval()
    feats = torch.randn(2, 50, 35, requires_grad=True)
    logits = network(feats)
    assert logits.shape == (2, 50) and torch.equal(logits, network(feats))
    seen = torch.autograd.grad(logits[0, 25], feats)[0].abs().sum(-1)
    assert (seen[0] > 0).all() and not seen[1].any()
    network.train()
    assert not torch.equal(network(feats), network(feats))


def test_weights_are_read_and_other_files_are_named(tmp_path):
    network = ChangeNet().eval()
    torch.save({"state_dict": network.state_dict()}, tmp_path / "a.pt")
    torch.save(network.state_dict(), tmp_path / "b.pt")
    feats = torch.randn(1, 20, 35)
    for name in ("a.pt", "b.pt"):
        assert torch.equal(load_network(tmp_path / name)(feats), network(feats))
    (tmp_path / "text").write_text("no weights\n")
    torch.save({"state_dict": {"other": torch.zeros(1)}}, tmp_path / "other.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("text", "other.pt", "list.pt", "absent.pt"):
        with pytest.raises(DiarkitError, match=name) as caught:
            load_network(tmp_path / name)
        assert "\n" not in str(caught.value)


def published(p, gradient, steps, lr=1e-3, eps=1e-16):
    """Funk's update, line by line in float64."""
    mem, m, v = np.ones_like(p), np.zeros_like(p), np.zeros_like(p)
    for k in range(steps):
        g = gradient(p, k)
        r = 1 / (1 + mem)
        m = (1 - r) * m + r * g
        v = (1 - r) * v + r * g ** 2
        d = m ** 2 / (v + eps)
        p = p - g * np.minimum(lr, d) / (np.sqrt(v) + eps)
        mem = 1 + mem * (1 - d)
    return p


@pytest.mark.parametrize("lr", [1e-3, 0.1])
def test_smorms3_follows_the_published_update(lr):
    """A thousand steps down a noisy bowl, on two tensors; one weight has no gradient at all, one is rarely touched."""
    rng = np.random.default_rng(0)
    target, noise = rng.normal(size=12), rng.normal(0, 0.5, (1000, 12))
    noise[:, 3] *= np.arange(1000) % 50 == 0

    def gradient(p, k):
        g = p - target + noise[k]
        g[2] = 0
        return g
    first, second = torch.zeros(5, dtype=torch.float64), torch.zeros(7, dtype=torch.float64)
    optimiser = Smorms3([first.requires_grad_(), second.requires_grad_()], lr=lr)
    for k in range(1000):
        g = torch.from_numpy(gradient(torch.cat([first, second]).detach().numpy(), k))
        first.grad, second.grad = g[:5], g[5:]
        optimiser.step()
    wanted = published(np.zeros(12), gradient, 1000, lr)
    np.testing.assert_allclose(torch.cat([first, second]).detach().numpy(), wanted, atol=1e-6)
    assert wanted[2] == 0 and np.abs(wanted - target)[4:].max() < 1


def test_smorms3_goes_on_from_its_state_and_calls_its_closure():
    def run(weights, optimiser, steps):
        def closure():
            optimiser.zero_grad()
            loss = ((weights - 3) ** 2).sum()
            loss.backward()
            return loss
        return [optimiser.step(closure).item() for _ in range(steps)]

    whole = torch.zeros(4, requires_grad=True)
    losses = run(whole, Smorms3([whole], lr=0.01), 40)
    half = torch.zeros(4, requires_grad=True)
    first = Smorms3([half], lr=0.01)
    assert run(half, first, 20) == losses[:20]
    second = Smorms3([half], lr=1.0)
    second.load_state_dict(first.state_dict())
    assert run(half, second, 20) == losses[20:] and torch.equal(half, whole) and losses[-1] < 0.9 * losses[0]


def test_smorms3_leaves_weights_without_a_gradient_alone_and_refuses_nonsense():
    used, unused = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    optimiser = Smorms3([used, unused])
    used.sum().backward()
    optimiser.step()
    assert torch.equal(unused.detach(), torch.ones(2)) and (used < 1).all()
    for wrong in (dict(lr=0.0), dict(eps=-1.0)):
        with pytest.raises(UsageError, match="greater than 0"):
            Smorms3([used], **wrong)
