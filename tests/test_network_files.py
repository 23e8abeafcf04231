"""Networks in files: kept, opened as a model, written as ONNX, and the public ECAPA-TDNN."""

import numpy as np
import pytest
import torch
from conftest import ROOT
from network_maker import LIGHT, feats, lively

from diarkit.embed.trunk import Trunk
from diarkit.errors import DiarkitError, UsageError
from diarkit.models import fetch
from diarkit.models.network import open_network
from diarkit.models.run import onnx_session
from diarkit.networks import build, load, save
from diarkit.networks.export import to_onnx
from diarkit.networks.public import ECAPA_KEY, ecapa_from_public
from diarkit.networks.resnet34 import to_public

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


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
    ("small", None, True), ("resnet34", None, True), ("small", "attentive", False), ("xvector", None, True)])
def test_a_trained_network_is_opened_as_it_was_trained(tmp_path, name, pooling, one_pass):
    network, x = lively(build(name, pooling)), feats(name, length_t=60)
    about = {"features": "fbank_resnet34.conf", "centred": False, "network": network.config}
    torch.save({"state_dict": network.state_dict(), **about}, tmp_path / "final.pt")
    opened = open_network(str(tmp_path / "final.pt"))
    assert (opened.mels, opened.dim, opened.centred) == (x.shape[2], network.dim, False)
    assert opened.features == ROOT / "conf/features/fbank_resnet34.conf" and (opened.trunk is not None) == one_pass
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
