"""The networks: sizes of the papers, every trunk with every pooling, masks, shortest inputs, all values finite."""

import pytest
import torch
from conftest import ROOT
from network_maker import LIGHT, feats, lively
from torch import nn

from diarkit.embed.trunk import MARGIN, fits
from diarkit.models.ge2e import Ge2e
from diarkit.networks import NETWORKS, POOLINGS, build, fold, parameters
from diarkit.networks.export import to_onnx
from diarkit.networks.network import resample


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("name, stated, exact, sizes", [
    ("xvector", 4.2e6, 4_211_604, {}),  # Snyder et al. 2018, section 3.1: without segment7 and softmax
    ("ecapa", 6.2e6, 6_194_048, {}),  # Desplanques et al. 2020, table 1
    ("ecapa1024", 14.7e6, 14_660_416, {}),  # the same
    ("ecapa1024", 20.8e6, 20_767_552, {"merged": 3072}),  # the public weights: 83.3 MB of float32
    ("resnet34", 6.63e6, 6_634_336, {}),  # WeSpeaker's table of VoxCeleb models
    ("rescnn", 24e6, 24_165_568, {}),  # Li et al. 2017, table 1
    ("lstm", 1.42e6, 1_423_616, {})])  # the public weights: 17 MB with the state of their optimiser
def test_sizes_are_those_of_the_papers(name, stated, exact, sizes):
    count = parameters(build(name, **sizes))
    assert count == exact and abs(count / stated - 1) < 0.01


def test_sizes_of_thin_resnet_and_of_our_own():
    """Xie et al. 2019 state 3 million for the residual blocks of their table 1, which are 3.67 by its rows."""
    thin = build("thin_resnet34").trunk
    assert sum(p.numel() for name, p in thin.blocks.named_parameters() if "norm" not in name) == 3_673_088
    assert thin.last.kernel_size == (7, 1)
    small = build("small")
    assert parameters(small) == 3_996_672 and len(to_onnx(small, half=True)) < 8e6


@pytest.mark.parametrize("name", NETWORKS)
def test_the_table_holds(name):
    design, network = NETWORKS[name], build(name, **LIGHT.get(name, {})).eval()
    assert (ROOT / "conf" / design.features).is_file()
    with torch.inference_mode():
        for length_t in (1, 2, 9, 33):
            x = feats(name, length_t=length_t)
            frames, found = network.frames(x), network.embed(x)
            assert frames.shape == (2, network.trunk.channels, -(-length_t // network.trunk.stride))
            assert found.shape == (2, design.dim) and found.isfinite().all()
            assert torch.equal(network.pool(frames), found) and torch.equal(network(x), found)
            if design.unit_length:
                assert torch.allclose(found.norm(dim=1), torch.ones(2), atol=1e-3)


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "ecapa1024"])
@pytest.mark.parametrize("kind", ["noise", "zeros", "rectified"])
def test_every_trunk_with_every_pooling_trains_and_stays_finite(name, kind):
    x = feats(name, batch=3, length_t=34)
    x = {"noise": x, "zeros": torch.zeros_like(x), "rectified": x.relu() * (x > 1.5)}[kind]
    trunk = build(name, **LIGHT.get(name, {})).trunk
    frames, loss, parts = trunk(x), 0, [trunk]
    for make in POOLINGS.values():
        pool = make(trunk.channels)
        head = nn.Linear(pool.dim, 7)
        parts += [pool, head]
        for weights in (None, torch.ones(frames.shape[:2]), torch.rand(frames.shape[:2]).round()):
            loss = loss + head(pool(frames, weights)).square().sum()
    loss.backward()
    for part in parts:
        assert all(p.grad is not None and p.grad.isfinite().all() for p in part.parameters()), part


@pytest.mark.parametrize("pooling", POOLINGS)
def test_build_joins_any_trunk_and_pooling(pooling):
    for name in ("xvector", "small", "bilstm"):
        network = build(name, pooling, dim=12, feats_dim=20).eval()
        assert network(torch.randn(2, 30, 20)).shape == (2, 12)
        assert network.config == {"name": name, "pooling": pooling, "dim": 12, "feats_dim": 20}


def test_weights_of_feature_frames_become_weights_of_output_frames():
    weights = torch.zeros(1, 30)
    weights[:, 8:20] = 1
    assert torch.allclose(resample(weights, 8, 4), torch.tensor([[0.0, 0.5, 1.0, 0.0]]))  # frame j: 8 j - 4 ... 8 j + 3
    for stride, length_t in ((1, 7), (8, 7), (8, 8), (16, 33), (32, 1)):
        ones = resample(torch.ones(2, length_t), stride, -(-length_t // stride))
        assert torch.equal(ones, torch.ones(2, -(-length_t // stride)))


def test_a_mask_over_features_keeps_the_frames_it_covers():
    network, x = build("small").eval(), feats("small", 1, 400)
    mask = torch.zeros(1, 400)
    mask[:, 100:300] = 1
    with torch.inference_mode():
        frames = network.frames(x)
        assert torch.equal(network.embed(x, torch.ones(1, 400)), network.embed(x))
        assert torch.allclose(network.embed(x, mask), network.pool(frames, resample(mask, 8, 50)))


@pytest.mark.parametrize("name, sizes, field_t", [
    ("small", {}, 225), ("resnet34", {}, 225), ("resnet34", {"first_stride": 2}, 447), ("xvector", {}, 15),
    ("rescnn", {}, 421), ("thin_resnet34", {}, 200),
    ("resnet34", {"stages": ((32, 1, 1), (32, 2, (2, 1)), (32, 2, 2)), "first_stride": (2, 1)}, 29)])
def test_local_trunks_see_their_surroundings_alone(name, sizes, field_t):
    """What one output frame depends on, from its gradient."""
    trunk = build(name, **sizes).eval().trunk
    x = feats(name, 1, 448).requires_grad_()
    trunk(x)[0, 224 // trunk.stride].square().sum().backward()
    seen = torch.nonzero(x.grad[0].abs().sum(1)).flatten()
    assert seen[-1] - seen[0] + 1 == trunk.field_t == field_t
    assert abs(seen[0] + seen[-1] - 448) <= trunk.stride  # the middle of it


@pytest.mark.parametrize("name", ["ecapa", "lstm", "bilstm"])
def test_other_trunks_say_that_they_see_more(name):
    trunk = build(name, **LIGHT[name]).eval().trunk
    x = feats(name, 1, 300).requires_grad_()
    trunk(x)[0, 250].square().sum().backward()
    assert trunk.field_t is None and x.grad[0, 0].abs().sum() > 0


@pytest.mark.parametrize("name, sizes", [("small", {}), ("resnet34", {"first_stride": 2}), ("xvector", {})])
def test_other_trunks_fit_where_resnet34_runs(name, sizes):
    """Blocks with the margins of ResNet34 give the same frames as one pass."""
    network, x = build(name, **sizes).eval(), feats(name, 1, 1200)
    stride = network.trunk.stride
    assert fits(stride, network.trunk.field_t) and not fits(stride, (2 * MARGIN + 2) * stride)
    with torch.inference_mode():
        whole, block = network.frames(x), network.frames(x[:, stride * (30 - MARGIN):stride * (40 + MARGIN)])
        assert torch.allclose(whole[..., 30:40], block[..., MARGIN:MARGIN + 10], atol=1e-4)


@pytest.mark.parametrize("name", ["small", "resnet34", "rescnn"])
def test_folding_changes_nothing(name):
    network, x = lively(build(name)), feats(name)
    folded = fold(network)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    assert parameters(folded) < parameters(network)
    with torch.inference_mode():
        assert torch.allclose(folded(x), network(x), rtol=1e-3, atol=1e-4)


def test_the_lstm_is_the_public_one():
    public, ours = Ge2e().eval(), build("lstm").eval()
    ours.trunk.lstm.load_state_dict(public.lstm.state_dict())
    ours.head[0].load_state_dict(public.linear.state_dict())
    x = feats("lstm", length_t=160)
    with torch.inference_mode():
        assert torch.allclose(ours(x), public(x), atol=1e-4)


def test_last_of_both_ways_takes_both_ends():
    network, x = build("bilstm", hidden=24).eval(), feats("bilstm", length_t=12)
    with torch.inference_mode():
        frames, ends = network.trunk(x), network.trunk.lstm(x)[1][0][-2:]
        assert torch.allclose(network.pooling(frames), torch.cat([ends[0], ends[1]], -1), atol=1e-6)
