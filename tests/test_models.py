"""The networks: sizes, what an output frame depends on, pooling with masks; with weights: the same graph, and EER."""

import math

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import SHARED
from onnx_maker import mean_network

from diarkit import models
from diarkit.embed import Extractor
from diarkit.errors import DiarkitError, UsageError
from diarkit.models.campplus import CamPlusPlus
from diarkit.models.ge2e import Ge2e
from diarkit.models.network import open_network
from diarkit.models.onnx_file import initialisers, with_output
from diarkit.models.resnet34 import ResNet34, from_onnx, weighted_stats

RNG = np.random.default_rng(7)


def count(network):
    """Return the number of trained values of a network."""
    return sum(p.numel() for p in network.parameters())


def tensor(*shape):
    return torch.from_numpy(RNG.normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("make, params, mels, dim", [
    (ResNet34, 6_630_080, 80, 256), (CamPlusPlus, 6_848_544, 80, 192), (Ge2e, 1_423_616, 40, 256)])
def test_sizes(make, params, mels, dim):
    """WeSpeaker states 6.63 M; the CAM++ paper 7.18 M with 512 outputs, which is 320 x 1024 more than 192 have."""
    network = make().eval()
    assert count(network) == params
    with torch.inference_mode():
        for length in (10, 57, 160):
            assert network(tensor(2, length, mels)).shape == (2, dim)


def test_ge2e_gives_vectors_of_length_one():
    with torch.inference_mode():
        assert torch.allclose(Ge2e()(tensor(3, 160, 40).abs()).norm(dim=1), torch.ones(3), atol=1e-5)


def test_resnet_frames_see_their_surroundings_alone_and_campplus_frames_see_all():
    x = tensor(1, 1200, 80)
    y = x.clone()
    y[:, 900:] += 1
    with torch.inference_mode():
        resnet, campplus = ResNet34().eval(), CamPlusPlus().eval()
        same = (resnet.frames(x) == resnet.frames(y)).all(1)[0]
        assert same[:50].all() and not same[900 // 8:].any()
        assert (campplus.frames(x)[..., 0] != campplus.frames(y)[..., 0]).any()


@pytest.mark.parametrize("make, step", [(ResNet34, 8), (CamPlusPlus, 2)])
def test_pooling_the_frames_is_the_whole_network(make, step):
    network, x = make().eval(), tensor(2, 101, 80)
    with torch.inference_mode():
        frames = network.frames(x)
        assert frames.shape[-1] == math.ceil(101 / step)
        assert torch.equal(network.pool(frames), network(x))


def test_a_mask_is_as_good_as_cutting_the_frames_out():
    frames, keep = tensor(2, 5, 40), torch.zeros(2, 40)
    keep[:, 3:11] = keep[:, 20:25] = 1
    mean, deviation = weighted_stats(frames, keep)
    kept = frames[..., keep[0] > 0]
    assert torch.allclose(mean, kept.mean(-1), atol=1e-5)
    assert torch.allclose(deviation, kept.std(-1), atol=1e-5)
    assert torch.allclose(weighted_stats(frames, keep / 2)[1], deviation, atol=1e-5)  # the scale of weights is free


def test_mask_of_ones_is_no_mask():
    network, frames = ResNet34().eval(), tensor(2, 2560, 19)
    with torch.inference_mode():
        assert torch.equal(network.pool(frames, torch.ones(2, 19)), network.pool(frames))


def test_onnx_weights_and_inner_values_are_read():
    data, shift = mean_network(mels=300)  # an axis of 300 takes two bytes
    assert np.array_equal(initialisers(data)["shift"], shift)
    x = RNG.normal(size=(2, 9, 300)).astype(np.float32)
    y, moved = onnxruntime.InferenceSession(with_output(data, "moved")).run(["y", "moved"], {"x": x})
    assert np.allclose(moved, x + shift) and np.allclose(y, moved.mean(1), atol=1e-6)


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_a_truncated_onnx_file_is_an_error(cut):
    with pytest.raises(DiarkitError, match="not a readable ONNX file"):
        initialisers(mean_network(mels=300)[0][:-cut])


def test_other_onnx_weights_are_no_resnet():
    with pytest.raises(DiarkitError, match="0 3 x 3 convolutions where a ResNet34 has 33"):
        from_onnx(mean_network()[0])


def test_a_file_of_ones_own_onnx(tmp_path):
    data, shift = mean_network()
    (tmp_path / "mine.onnx").write_bytes(data)
    network = open_network(str(tmp_path / "mine.onnx"))
    assert (network.mels, network.dim, network.features, network.trunk) == (80, 80, None, None)
    x = RNG.normal(size=(3, 20, 80)).astype(np.float32)
    assert np.allclose(network.run(x), (x + shift).mean(1), atol=1e-6)


@pytest.mark.parametrize("make, name", [(ResNet34, "resnet34"), (CamPlusPlus, "campplus"), (Ge2e, "ge2e")])
def test_a_file_of_ones_own_torch(tmp_path, make, name):
    mine = make().eval()
    torch.save({"model_state": mine.state_dict()}, tmp_path / "mine.pt")
    network = open_network(str(tmp_path / "mine.pt"))
    x = tensor(2, 60, network.mels)
    with torch.inference_mode():
        assert network.name == name and np.array_equal(network.run(x.numpy()), mine(x).numpy())
    assert (network.trunk is not None) == (name == "resnet34")


def test_files_that_are_no_networks(tmp_path):
    good = Ge2e().state_dict()
    good.pop("linear.bias")
    torch.save(good, tmp_path / "lacking.pt")
    torch.save({"a": torch.ones(2)}, tmp_path / "other.pt")
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    for name, message in (("lacking.pt", "linear.bias"), ("other.pt", "no weights of"),
                          ("broken.pt", "cannot be loaded"), ("broken.onnx", "cannot be loaded")):
        with pytest.raises(DiarkitError, match=message):
            open_network(str(tmp_path / name))
    with pytest.raises(UsageError, match="neither a file nor one of resnet34, small, campplus, ge2e"):
        open_network("resnet152")


def opened(name, **how):
    """Return a pretrained network, or skip loudly when its weights cannot be fetched."""
    try:
        models.fetch(name)
    except DiarkitError as error:
        pytest.skip(f"NO WEIGHTS: {error}")
    return open_network(name, **how)


@pytest.mark.models
def test_our_resnet_is_the_published_graph():
    onnx, ours = opened("resnet34"), opened("resnet34", engine="torch")
    x = RNG.normal(size=(3, 150, 80)).astype(np.float32)
    frames = onnx.trunk.frames(x)
    assert np.abs(frames - ours.trunk.frames(x)).max() < 1e-4
    assert np.abs(onnx.run(x) - ours.run(x)).max() < 1e-4
    assert np.abs(onnx.trunk.pool(frames) - onnx.run(x)).max() < 1e-4
    mask = np.zeros((3, 19), np.float32)
    mask[:, 4:14] = 1
    assert np.abs(onnx.trunk.pool(frames, mask) - onnx.trunk.pool(frames[..., 4:14].copy())).max() < 1e-4


def crops(speakers, each, seconds):
    """Return [(speaker, samples, start_s)]: LibriSpeech utterances and where a crop of them starts, always the same."""
    table = SHARED / "speech" / "utterances.tsv"
    if not table.exists():
        pytest.skip(f"NO SPEECH: {table} is absent")
    import soundfile

    by, rng = {}, np.random.default_rng(0)
    for path, speaker, corpus, length in (line.split("\t") for line in table.read_text().splitlines()[1:]):
        if corpus.startswith("librispeech") and float(length) > seconds + 1:
            by.setdefault(speaker, []).append(path)
    found = []
    for speaker in sorted(by)[:speakers]:
        for path in by[speaker][:each]:
            samples = soundfile.read(SHARED / "speech" / path, dtype="float32")[0]
            found.append((speaker, samples, rng.uniform(0, len(samples) / 16000 - seconds)))
    return found


def equal_error_rate(vectors, speakers):
    """Return the equal error rate of all pairs by cosine."""
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = np.triu_indices(len(vectors), 1)
    same = (speakers[:, None] == speakers)[pairs][np.argsort(-(vectors @ vectors.T)[pairs])]
    false_alarm, miss = np.cumsum(~same) / (~same).sum(), 1 - np.cumsum(same) / same.sum()
    return float((false_alarm + miss)[np.argmin(np.abs(false_alarm - miss))] / 2)


def feature(name):
    """Return the features object a model's conf file describes."""
    from diarkit.features import fbank, mel
    from diarkit.models.network import conf_of
    from diarkit.options import from_conf

    if name in ("ge2e", "ecapa"):
        return mel.Mel(from_conf(mel.MelOptions, conf_of(name)))
    return fbank.Fbank(from_conf(fbank.FbankOptions, conf_of(name)))


@pytest.mark.models
@pytest.mark.parametrize("name, most", [("resnet34", .07), ("campplus", .06), ("ge2e", .10), ("ecapa", .07)])
def test_one_and_a_half_seconds_tell_speakers_apart(name, most):
    extractor, make = Extractor(opened(name)), feature(name)
    found = crops(speakers=10, each=5, seconds=1.5)
    vectors = [extractor(make(samples), [[start_s, start_s + 1.5]]) for _, samples, start_s in found]
    rate = equal_error_rate(np.concatenate(vectors), np.array([speaker for speaker, _, _ in found]))
    assert 0 < rate < most, rate
