"""The small network that lies beside the table of models: it opens without a network, the same in every engine."""

import numpy as np
import pytest

from diarkit.embed.trunk import Trunk
from diarkit.models import fetch
from diarkit.models.network import open_network
from diarkit.models.processor import has_fast_integers
from diarkit.models.resnet34 import EPS
from diarkit.plda.backend import open_backend

RNG = np.random.default_rng(0)
FEATS = RNG.standard_normal((900, 80)).astype(np.float32).cumsum(0) * np.float32(0.1)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """Nothing is cached, and nothing can be downloaded."""
    monkeypatch.setenv("DIARKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_it_is_shipped_with_a_card():
    path = fetch("small")
    assert path.stat().st_size < 8e6
    card = (path.parent / "README.md").read_text()
    assert all(word in card for word in ("LibriSpeech", "speechocean762", "CC BY 4.0", "WeSpeaker", "equal error rate"))


def test_every_engine_gives_the_same():
    x = np.stack([FEATS[:200], FEATS[400:600]])
    x -= x.mean(1, keepdims=True)
    onnx, ours = open_network("small", engine="onnx"), open_network("small", engine="torch")
    assert (onnx.mels, onnx.dim, onnx.stride) == (80, 256, 8) and onnx.features.name == "fbank_resnet34.conf"
    wanted = onnx.run(x)
    assert wanted.shape == (2, 256) and np.allclose(ours.run(x), wanted, atol=1e-4)
    frames = onnx.trunk.frames(x)
    assert np.allclose(ours.trunk.frames(x), frames, atol=1e-4)
    weights = RNG.random(frames.shape[::2])
    assert np.allclose(onnx.trunk.pool(frames, weights), ours.trunk.pool(frames, weights), atol=1e-4)
    stats = np.concatenate([frames.mean(-1), np.sqrt(frames.var(-1, ddof=1) + EPS)], 1).astype(np.float64)
    assert np.allclose(onnx.trunk.project(stats), wanted, atol=1e-3)
    if has_fast_integers():
        assert cosines(open_network("small", engine="int8").run(x), wanted).min() > 0.99


def test_one_pass_serves_it_in_blocks():
    network = open_network("small")
    whole, parts = (np.concatenate([frames for _, frames in Trunk(network, block_s=s).blocks(FEATS)])
                    for s in (100, 2))
    assert whole.shape == (113, 2560) and np.allclose(whole, parts, atol=1e-3)


def test_its_plda_is_of_its_size():
    assert len(open_backend("small").plda.psi) == 256
