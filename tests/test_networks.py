"""The networks: sizes of the papers, every trunk with every pooling, masks, shortest inputs, all values finite."""

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn

from diarkit.embed.trunk import MARGIN, STRIDE, Trunk
from diarkit.errors import DiarkitError, UsageError
from diarkit.models import fetch
from diarkit.models.ge2e import Ge2e
from diarkit.models.network import open_network
from diarkit.models.resnet34 import ResNet34
from diarkit.models.run import onnx_session
from diarkit.networks import NETWORKS, POOLINGS, build, fold, load, parameters, save
from diarkit.networks.export import to_onnx
from diarkit.networks.network import resample
from diarkit.networks.pooling import AttentiveStatistics, NetVlad, Statistics
from diarkit.networks.public import ECAPA_KEY, ecapa_from_public
from diarkit.networks.resnet34 import to_public
from diarkit.networks.small import FIELD_T

RNG = np.random.default_rng(3)
LIGHT = {"ecapa": {"channels": 64, "merged": 96}, "ecapa1024": {"channels": 128, "merged": 96},
         "lstm": {"hidden": 24}, "bilstm": {"hidden": 24}}  # the same layers, narrower


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def lively(network):
    """Return the network, for evaluation, with normalisations that do something."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return network.eval()


def feats(name, batch=2, length_t=40):
    """Return made-up features of a network's width."""
    return torch.randn(batch, length_t, NETWORKS[name].feats_dim)


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
    assert parameters(small) == 3_687_776 and len(to_onnx(small, half=True)) < 8e6


@pytest.mark.parametrize("name", NETWORKS)
def test_the_table_holds(name):
    design, network = NETWORKS[name], build(name, **LIGHT.get(name, {})).eval()
    assert (ROOT / design.features).is_file()
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


@pytest.mark.parametrize("name", ["small", "resnet34", "xvector", "rescnn", "thin_resnet34"])
def test_local_trunks_see_their_surroundings_alone(name):
    """What one output frame depends on, from its gradient."""
    trunk = build(name).eval().trunk
    x = feats(name, 1, 448).requires_grad_()
    trunk(x)[0, 224 // trunk.stride].square().sum().backward()
    seen = torch.nonzero(x.grad[0].abs().sum(1)).flatten()
    assert seen[-1] - seen[0] + 1 == trunk.field_t
    assert abs(seen[0] + seen[-1] - 448) <= trunk.stride  # the middle of it


@pytest.mark.parametrize("name", ["ecapa", "lstm", "bilstm"])
def test_other_trunks_say_that_they_see_more(name):
    trunk = build(name, **LIGHT[name]).eval().trunk
    x = feats(name, 1, 300).requires_grad_()
    trunk(x)[0, 250].square().sum().backward()
    assert trunk.field_t is None and x.grad[0, 0].abs().sum() > 0


def test_small_fits_where_resnet34_runs():
    """Blocks with the margins of ResNet34 give the same frames as one pass."""
    small, x = build("small").eval(), feats("small", 1, 1200)
    assert small.trunk.stride == STRIDE and FIELD_T // 2 <= STRIDE * MARGIN + STRIDE // 2
    with torch.inference_mode():
        whole, block = small.frames(x), small.frames(x[:, 8 * (60 - MARGIN):8 * (80 + MARGIN)])
        assert torch.allclose(whole[..., 60:80], block[..., MARGIN:MARGIN + 20], atol=1e-5)


@pytest.mark.parametrize("name", ["small", "resnet34", "rescnn"])
def test_folding_changes_nothing(name):
    network, x = lively(build(name)), feats(name)
    folded = fold(network)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    assert parameters(folded) < parameters(network)
    with torch.inference_mode():
        assert torch.allclose(folded(x), network(x), rtol=1e-3, atol=1e-4)


def test_a_trained_resnet34_runs_where_the_public_one_does(tmp_path):
    network, x = lively(build("resnet34")), feats("resnet34", length_t=60)
    torch.save(to_public(network).state_dict(), tmp_path / "mine.pt")
    opened = open_network(str(tmp_path / "mine.pt"))
    with torch.inference_mode():
        wanted = network(x).numpy()
    assert opened.trunk is not None and np.allclose(opened.run(x.numpy()), wanted, rtol=1e-3, atol=1e-3)
    for other in (build("small"), build("resnet34", "attentive"), build("resnet34", dim=64)):
        with pytest.raises(DiarkitError, match="not a ResNet34 of the public form"):
            to_public(other)


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


def test_the_same_seed_gives_the_same_network_and_a_file_keeps_it(tmp_path):
    networks = []
    for _ in range(2):
        torch.manual_seed(5)
        networks.append(lively(build("ecapa", "attentive", dim=33, channels=64)))
    x = feats("ecapa")
    save(networks[0], tmp_path / "net.pt")
    read = load(tmp_path / "net.pt")
    with torch.inference_mode():
        assert torch.equal(networks[0](x), networks[1](x)) and torch.equal(read(x), networks[0](x))
    assert read.config == networks[0].config and read.config["channels"] == 64


@pytest.mark.parametrize("name, pooling, one_pass", [
    ("small", None, True), ("resnet34", None, True), ("small", "attentive", False), ("xvector", None, False)])
def test_a_trained_network_is_opened_as_it_was_trained(tmp_path, name, pooling, one_pass):
    network, x = lively(build(name, pooling)), feats(name, length_t=60)
    about = {"features": "fbank_resnet34.conf", "centred": False, "network": network.config}
    torch.save({"state_dict": network.state_dict(), **about}, tmp_path / "final.pt")
    opened = open_network(str(tmp_path / "final.pt"))
    assert (opened.mels, opened.dim, opened.centred) == (x.shape[2], network.dim, False)
    assert opened.features == ROOT / "conf/fbank_resnet34.conf" and (opened.trunk is not None) == one_pass
    with torch.inference_mode():
        assert np.allclose(opened.run(x.numpy()), network(x).numpy(), rtol=1e-3, atol=1e-3)


def test_small_in_one_pass_is_small_on_the_whole(tmp_path):
    """The machinery of local speakers takes the trained file: blocks, masks, projection."""
    save(lively(build("small")), tmp_path / "final.pt")
    opened = open_network(str(tmp_path / "final.pt"))
    x = RNG.normal(size=(2400, 80)).astype(np.float32)
    blocks = [frames for _, frames in Trunk(opened, norm_s=0, block_s=5).blocks(x)]
    whole = opened.trunk.frames(x[None] - x.mean(0))[0].T
    assert np.allclose(np.concatenate(blocks), whole, atol=1e-4)
    stats = np.concatenate([whole.mean(0), whole.std(0, ddof=1)])[None].astype(np.float64)
    assert np.allclose(opened.trunk.project(stats), opened.run(x[None] - x.mean(0)), atol=1e-3)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="no network 'resnet'. Known: xvector"):
        build("resnet")
    with pytest.raises(UsageError, match="no pooling 'max'. Known: mean"):
        build("small", "max")
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    with pytest.raises(DiarkitError, match="no network that diarkit.networks wrote"):
        load(tmp_path / "broken.pt")
    with pytest.raises(DiarkitError, match="cannot be read"):
        load(tmp_path / "absent.pt")
    with pytest.raises(DiarkitError, match="not the public ECAPA-TDNN: [^?]*pooling.conv.weight"):
        ecapa_from_public({ECAPA_KEY: torch.zeros(64, 80, 5), "mfa.conv.conv.weight": torch.zeros(96, 192, 1)})


@pytest.mark.parametrize("name, pooling", [("small", None), ("xvector", None), ("thin_resnet34", "mean"),
                                           ("ecapa", "statistics"), ("rescnn", None)])
def test_onnx_files_give_what_torch_gives(name, pooling):
    network = lively(build(name, pooling, **LIGHT.get(name, {})))
    data = to_onnx(network)
    session = onnx_session(data, 1)
    assert [o.name for o in session.get_outputs()] == ["embedding", "frames"]
    for length_t in (1, 43):
        x = feats(name, 3, length_t)
        with torch.inference_mode():
            wanted = network(x).numpy(), network.frames(x).numpy()
        for found, want in zip(session.run(None, {"feats": x.numpy()}), wanted):
            assert found.shape == want.shape and np.abs(found - want).max() < 1e-5 * max(1, np.abs(want).max())


def test_onnx_in_half_the_size_and_as_a_file_of_ones_own(tmp_path):
    network, x = lively(build("small")), feats("small", length_t=150).numpy()
    (tmp_path / "small.onnx").write_bytes(to_onnx(network, half=True))
    opened = open_network(str(tmp_path / "small.onnx"))
    assert (opened.mels, opened.dim) == (80, 256)
    with torch.inference_mode():
        want = network(torch.from_numpy(x)).numpy()
    assert np.abs(opened.run(x) - want).max() < 2e-3 * np.abs(want).max()


def test_what_onnx_cannot_hold_is_said():
    with pytest.raises(DiarkitError, match="LSTM.* cannot be written as ONNX yet"):
        to_onnx(build("lstm", "mean"))
    with pytest.raises(DiarkitError, match="Take mean or statistics"):
        to_onnx(build("ecapa"))


@pytest.mark.models
def test_the_public_ecapa_gives_what_speechbrain_gives():
    """The first values and the lengths of what SpeechBrain 1.0.3 makes of the same weights and input."""
    try:
        fetch("ecapa")
    except DiarkitError as error:
        pytest.skip(f"NO WEIGHTS: {error}")
    network = open_network("ecapa")
    found = network.run(np.random.default_rng(0).normal(size=(2, 50, 80)).astype(np.float32))
    assert (network.mels, network.dim, network.trunk) == (80, 192, None)
    assert np.allclose(found[:, :5], [[-6.9566, 1.1260, 12.8614, -24.3388, -15.5496],
                                      [-3.0549, 0.5617, 6.6722, -25.9452, -9.6712]], atol=0.05)
    assert np.allclose(np.linalg.norm(found, axis=1), [395.2745, 373.2730], atol=0.05)
