"""Pooling: masks are as good as cuts, everything stays finite, values worked out by hand."""

import pytest
import torch
from network_maker import lively
from torch import nn

from diarkit.models.resnet34 import ResNet34
from diarkit.networks import POOLINGS
from diarkit.networks.pooling import AttentiveStatistics, NetVlad, Statistics


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_mask_is_as_good_as_cutting_the_frames_out(pooling):
    pool, frames = lively(POOLINGS[pooling](6)), torch.randn(2, 30, 6)
    keep = torch.zeros(2, 30)
    keep[:, 3:11] = keep[:, 20:25] = 1
    with torch.inference_mode():
        cut = pool(frames[:, keep[0] > 0])
        assert torch.allclose(pool(frames, keep), cut, atol=1e-5)
        frames[keep == 0] = 1e4  # whatever stands there
        assert torch.allclose(pool(frames, keep), cut, atol=1e-4)
        assert torch.allclose(pool(frames, torch.ones(2, 30)), pool(frames), rtol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("frames", [torch.zeros(2, 5, 6), torch.full((2, 1, 6), 3.0), torch.full((2, 5, 6), 1e4)])
@pytest.mark.parametrize("weight", [0.0, 1e-6, 1.0])
def test_no_frames_one_frame_and_frames_that_are_all_the_same_are_finite(pooling, frames, weight):
    pool, x = POOLINGS[pooling](6).eval(), frames.clone().requires_grad_()
    found = pool(x, torch.full(x.shape[:2], weight))
    found.sum().backward()
    assert found.isfinite().all() and x.grad.isfinite().all()


def test_statistics_pooling_is_the_public_networks():
    frames, weights = torch.randn(2, 19, 2560), torch.rand(2, 19)
    public = ResNet34().eval()
    with torch.inference_mode():
        ours = public.linear(Statistics(2560)(frames, weights)) - public.mean
        assert torch.equal(ours, public.pool(frames.transpose(1, 2), weights))


def test_vlad_by_hand_and_a_ghost_takes_frames_away():
    """Two frames, each on its centre: no residual; a frame that the ghost takes counts for nothing."""
    pool = NetVlad(2, clusters=2, ghosts=1)
    with torch.no_grad():
        pool.centres.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        pool.assign.weight.copy_(100 * torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
        pool.assign.bias.zero_()
        on_centres = pool(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
        moved = pool(torch.tensor([[[1.0, 0.5], [0.0, 1.0], [-3.0, -3.0]]]))
    assert torch.allclose(on_centres, torch.zeros(1, 4), atol=1e-6)
    assert torch.allclose(moved, torch.tensor([[0.0, 1.0, 0.0, 0.0]]), atol=1e-3)


def test_even_attention_is_plain_statistics():
    pool, frames = AttentiveStatistics(4, per_channel=True, context=True).eval(), torch.randn(2, 50, 4)
    nn.init.zeros_(pool.conv.weight)
    with torch.inference_mode():
        mean, deviation = pool(frames).chunk(2, 1)
    assert torch.allclose(mean, frames.mean(1), atol=1e-5)
    assert torch.allclose(deviation, frames.std(1, unbiased=False), atol=1e-4)
