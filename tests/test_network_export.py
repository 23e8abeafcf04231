"""steps/export_embedding.sh: three files that give what the network gives, errors, and nothing done twice."""

import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT
from network_maker import LIGHT, feats, lively

from diarkit.errors import DiarkitError
from diarkit.models.network import open_network
from diarkit.models.run import onnx_session
from diarkit.networks import build
from diarkit.networks.export import to_onnx
from diarkit.networks.export_check import check, compare, random_crops
from diarkit.networks.export_int8 import to_int8
from diarkit.tables import MatrixWriter

NAMES = ["embedding.onnx", "embedding_fp16.onnx", "embedding_int8.onnx"]
STAGES = ((16, 1, 1, 8), (32, 2, 2, 16))  # the form of small, of a few channels
STEP = "steps/export_embedding.sh", "--feats", "feats", "model", "exp/onnx"


def voices(count, length_t=120):
    """Return made-up features [(1, T, 80)], each with a loudness, a colour and a rhythm of its own."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        colour = rng.normal(0, 2, 80) * np.sin(np.arange(length_t) * rng.uniform(0.05, 0.5))[:, None]
        x = colour + rng.normal(0, rng.uniform(0.3, 3), (length_t, 80))
        found.append(torch.from_numpy((x - x.mean(0)).astype(np.float32))[None])
    return found


@pytest.fixture
def recipe(tmp_path):
    """A recipe's folder with a network and the features of twenty voices."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    torch.manual_seed(0)
    network = lively(build("small", dim=64, stages=STAGES))
    (tmp_path / "model").mkdir()
    torch.save({"state_dict": network.state_dict(), "network": network.config, "features": "fbank_resnet34.conf",
                "centred": True}, tmp_path / "model" / "final.pt")
    (tmp_path / "feats").mkdir()
    shutil.copy(ROOT / "conf/features/fbank_resnet34.conf", tmp_path / "feats" / "feats.conf")
    write_feats(tmp_path, voices(20))
    return tmp_path


def write_feats(recipe, crops):
    with MatrixWriter(f"ark,scp:{recipe}/feats/feats.ark,{recipe}/feats/feats.scp") as writer:
        for number, x in enumerate(crops):
            writer.write(f"u{number:02}", x[0].numpy())


def test_three_files_of_one_network(call, recipe):
    done = call(*STEP)
    log = (recipe / "exp/onnx/log/export.1.log").read_text()
    assert done.returncode == 0, log
    assert all(f"{name}: " in log for name in NAMES) and "of 4 inputs" in log
    x = torch.cat(voices(30)[20:])
    wanted = open_network(str(recipe / "model/final.pt")).run(x.numpy())
    for name, near in zip(NAMES, (1e-5, 2e-3, 0.1)):
        opened = open_network(str(recipe / "exp/onnx" / name))
        assert (opened.mels, opened.dim) == (80, 64)
        assert np.abs(opened.run(x.numpy()) - wanted).max() < near * np.abs(wanted).max()
    again = call(*STEP)
    assert again.returncode == 0 and "is up to date" in again.stderr + again.stdout


def test_without_features_there_are_two_files(call, recipe):
    done = call("steps/export_embedding.sh", "model/final.pt", "exp/onnx")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (recipe / "exp/onnx").glob("*.onnx")) == NAMES[:2]


def test_what_does_not_fit_is_said(call, recipe):
    none = call("steps/export_embedding.sh", "--feats", "feats", "other", "exp/onnx")
    assert none.returncode == 1 and "other" in none.stderr
    words = "export-embedding.py", "model/final.pt", "exp", "--feats=feats/feats.scp"
    assert "--feats-config is required" in call(*words).stderr
    words += ("--feats-config=feats/feats.conf",)
    write_feats(recipe, [x[..., :40] for x in voices(10)])
    assert "u00 has 40 columns, the network takes 80" in call(*words).stderr
    write_feats(recipe, voices(9))
    assert "9 utterances of 10 frames or more, 10 are needed" in call(*words).stderr
    (recipe / "feats/feats.conf").write_text("--num-mel-bins=24\n")
    assert "not the features that the network was trained on" in call(*words).stderr
    assert not list((recipe / "exp").glob("*.onnx"))


def test_small_in_8_bits_has_a_quarter_of_the_size():
    torch.manual_seed(0)
    network, crops = lively(build("small")), voices(6, 60)
    data = to_int8(network, crops[:3])
    assert len(data) < 0.26 * len(to_onnx(network))
    near = compare(data, network, crops[3:])
    assert near.cosine > 0.99 and near.centred > 0.9, near


@pytest.mark.parametrize("name, pooling", [("xvector", None), ("ecapa", "statistics"), ("thin_resnet34", "mean")])
def test_other_convolutions_in_8_bits(name, pooling):
    torch.manual_seed(0)
    network = lively(build(name, pooling, **LIGHT.get(name, {})))
    x = feats(name, 2, 40)
    frames = onnx_session(to_int8(network, [x]), 1).run(["frames"], {"feats": x.numpy()})[0]
    with torch.inference_mode():
        wanted = network.frames(x).numpy()
    assert frames.shape == wanted.shape and np.abs(frames - wanted).max() < 0.06 * np.abs(wanted).max()


def test_dead_channels_and_silence_have_scales():
    """A channel may be its bias alone, and a layer zero everywhere."""
    torch.manual_seed(0)
    network = lively(build("small", dim=64, stages=STAGES))
    with torch.no_grad():
        network.trunk.conv1.weight[:8] = 0
        network.trunk.blocks[1].conv1.norm.weight.zero_()
        network.trunk.blocks[1].conv1.norm.bias.fill_(-1)
    crops = voices(4)
    assert compare(to_int8(network, crops), network, crops).cosine > 0.99
    silence = to_int8(network, [torch.zeros(1, 60, 80)])
    assert np.isfinite(onnx_session(silence, 1).run(None, {"feats": np.zeros((1, 60, 80), np.float32)})[0]).all()


def test_networks_without_a_graph_and_files_of_another_network_are_refused():
    with pytest.raises(DiarkitError, match="LSTM.* cannot be written as ONNX yet"):
        to_int8(build("lstm", "mean"), [])
    with pytest.raises(DiarkitError, match="Take mean or statistics"):
        to_int8(build("ecapa"), [])
    torch.manual_seed(0)
    one, other = (lively(build("small", dim=64, stages=STAGES)) for _ in range(2))
    with pytest.raises(DiarkitError, match="embedding.onnx: .* not what the network gives in torch: allowed are 0.001"):
        check("embedding.onnx", to_onnx(one), other, random_crops(80))
