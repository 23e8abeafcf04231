"""The trunk over a recording: what a frame depends on, blocks that equal one pass, gaps skipped, integers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.embed.trunk import FIELD_T, GRAIN, MARGIN, STRIDE, Trunk, output_frames, stretches
from diarkit.errors import DiarkitError, UsageError
from diarkit.features.cmvn import Cmvn, CmvnOptions
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.files import read_number_table
from diarkit.models import fetch
from diarkit.models.calibration import calibrate, layers
from diarkit.models.network import SCALES, Network, open_network
from diarkit.models.processor import has_fast_integers
from diarkit.models.resnet34 import ResNet34
from diarkit.models.resnet34_form import SMALL, STAGES
from diarkit.models.resnet34_int8 import scale_names, trunk
from diarkit.models.run import OWN, OnnxTrunk, TorchTrunk
from diarkit.options import from_conf
from diarkit.places import CONF

RNG = np.random.default_rng(11)
FEATS = RNG.normal(size=(1501, 80)).astype(np.float32) + np.linspace(-3, 3, 80, dtype=np.float32)


@pytest.fixture(scope="module")
def torch_net():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return ResNet34().eval()


@pytest.fixture(scope="module")
def network(torch_net):
    return Network("resnet34", None, mels=80, dim=256, trunk=TorchTrunk(torch_net))


@pytest.fixture(scope="module")
def one_pass(network):
    """The outputs of FEATS, mean over the recording taken off, in one run of the network."""
    return network.trunk.frames((FEATS - FEATS.mean(0, dtype=np.float64)).astype(np.float32)[None])[0].T


def together(parts):
    parts = list(parts)
    assert [a for a, _ in parts] == np.cumsum([0] + [len(b) for _, b in parts])[:-1].tolist()
    return np.concatenate([b for _, b in parts])


def test_the_receptive_field_is_what_the_margin_assumes(torch_net):
    x = torch.from_numpy(FEATS[:400]).clone()[None].requires_grad_()
    torch_net.frames(x)[0, :, 25].abs().sum().backward()
    seen = torch.nonzero(x.grad[0].abs().sum(1)).flatten()
    assert seen.min() >= 25 * STRIDE - FIELD_T // 2 and seen.max() <= 25 * STRIDE + FIELD_T // 2
    assert MARGIN * STRIDE >= FIELD_T // 2


@pytest.mark.parametrize("block_s", [1.0, 4.3, 100.0])
def test_blocks_equal_one_pass(network, one_pass, block_s):
    found = together(Trunk(network, norm_s=0, block_s=block_s).blocks(FEATS))
    assert found.shape == one_pass.shape == (188, 2560)
    assert np.abs(found - one_pass).max() < 1e-4 * np.abs(one_pass).max()


def test_only_what_is_needed_is_run(network, one_pass):
    runs = []
    spy = Network("spy", None, mels=80, dim=256, trunk=type("Spy", (), {
        "frames": lambda self, x: runs.append(x.shape[1]) or network.trunk.frames(x)})())
    needed = np.zeros(len(one_pass), bool)
    needed[[5, 30, 31, 120, 187]] = True
    parts = list(Trunk(spy, norm_s=0, block_s=100).blocks(FEATS, needed))
    assert [(a, a + len(b)) for a, b in parts] == [(5, 32), (120, 121), (187, 188)]
    for first, frames in parts:
        assert np.abs(frames - one_pass[first:first + len(frames)]).max() < 1e-4 * np.abs(one_pass).max()
    assert sum(runs) < 0.6 * len(FEATS)
    assert not list(Trunk(spy).blocks(FEATS, np.zeros(len(one_pass), bool))) and len(runs) == 3


@pytest.mark.parametrize("length", [1, 7, 9, 300])
def test_short_recordings(network, length):
    x = FEATS[:length]
    wanted = network.trunk.frames((x - x.mean(0))[None])[0].T
    for norm_s in (0, 10):
        found = together(Trunk(network, norm_s).blocks(x))
        assert len(found) == output_frames(length) and np.allclose(found, wanted, atol=1e-4)


def test_threads_change_no_bit(network):
    one, three = (list(Trunk(network, block_s=2, threads=n).blocks(FEATS[:900])) for n in (1, 3))
    assert len(one) == 5 and [a for a, _ in one] == [a for a, _ in three]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(one, three))


def test_a_fault_in_a_thread_is_told(network):
    broken = FEATS.copy()
    broken[900] = np.nan
    with pytest.raises(DiarkitError, match="no finite output for feature frames"):
        list(Trunk(network, norm_s=1, block_s=4, threads=2).blocks(broken))


def test_no_features_give_no_frames(network):
    assert list(Trunk(network).blocks(FEATS[:0])) == [] == list(Trunk(network, norm_s=0).blocks(FEATS[:0]))


def test_the_sliding_mean_is_that_of_the_whole_recording(network):
    """Blocks see the same features that Kaldi's sliding normalisation makes of the recording as a whole."""
    seen = []
    spy = Network("spy", None, mels=80, dim=256, trunk=type("Spy", (), {
        "frames": lambda self, x: seen.append(x[0]) or np.zeros((1, 4, output_frames(x.shape[1])), np.float32)})())
    wanted = Cmvn(CmvnOptions(cmn_window=400, center=True))(FEATS)
    total = 0
    for first, frames in Trunk(spy, norm_s=4, block_s=2.5).blocks(FEATS):
        start = max(first - MARGIN, 0) * STRIDE
        assert np.allclose(seen[-1], wanted[start:start + len(seen[-1])], atol=1e-5)
        total += len(frames)
    assert total == 188 and max(map(len, seen)) <= 250 + (2 * MARGIN + 1 + GRAIN) * STRIDE


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 40), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_stretches_cover_what_is_needed_and_no_more(flags, most, repeat):
    needed = np.repeat(np.array(flags, bool), repeat)
    spans = stretches(needed, most)
    covered = np.zeros(len(needed), int)
    for first, end in spans:
        assert 0 < end - first <= most
        covered[first:end] += 1
    assert spans == sorted(spans) and covered.max(initial=0) <= 1 and (covered[needed] == 1).all()
    gaps = np.diff(np.flatnonzero(needed))
    assert (~needed & (covered == 1)).sum() == (gaps[gaps <= 2 * MARGIN + 1] - 1).sum()


def test_bad_features(network):
    with pytest.raises(DiarkitError, match="resnet34 takes 80 columns"):
        list(Trunk(network).blocks(FEATS[:, :40]))
    broken = FEATS.copy()
    broken[900] = np.inf
    with pytest.raises(DiarkitError, match="no finite output for feature frames .* infinite"), \
            np.errstate(invalid="ignore"):
        list(Trunk(network, norm_s=1).blocks(broken))


needs_integers = pytest.mark.skipif(not has_fast_integers(), reason="NO VNNI: this processor runs no 8-bit trunk")


def test_digital_silence_does_not_make_the_steps_of_the_features_coarse():
    torch.manual_seed(0)
    network = ResNet34(((16, 1, 1), (16, 1, 2), (16, 1, 2), (256, 1, 2))).eval()
    speech = torch.from_numpy(FEATS[None, :400] - FEATS.mean(0))
    silence = speech.clone()
    silence.view(-1)[::2000] = -100
    with_silence, without = (calibrate(network, [x])["input"] for x in (silence, speech))
    assert without <= with_silence < 1.1 * without
    assert without == pytest.approx(speech.abs().max().item() / 127, rel=0.4)


@needs_integers
def test_integers_are_close_and_change_no_bit_with_blocks(speech):
    feats = Fbank(from_conf(FbankOptions, CONF / "features/fbank_resnet34.conf"))(speech)
    nets = [Network("small", None, mels=80, dim=256, trunk=OnnxTrunk(fetch("small").read_bytes(), 1, OWN, scales))
            for scales in (None, read_number_table(SCALES["small"]))]
    floats, whole = (together(Trunk(net, block_s=100).blocks(feats)) for net in nets)
    assert np.array_equal(whole, together(Trunk(nets[1], block_s=3).blocks(feats)))
    assert (whole * floats).sum() > 0.99 * np.linalg.norm(whole) * np.linalg.norm(floats)


@pytest.mark.parametrize("name, stages", [("resnet34", STAGES), ("small", SMALL)])
def test_the_shipped_scales_are_of_every_layer(name, stages):
    scales = read_number_table(SCALES[name])
    assert set(scales) == set(scale_names(stages)) and all(0 < s < 1 for s in scales.values())
    del scales["blocks.3"]
    with pytest.raises(DiarkitError, match="no scale for blocks.3"):
        trunk(fetch("small").read_bytes(), scales)


def test_calibration_finds_a_scale_for_every_layer(torch_net):
    scales = calibrate(torch_net, [torch.from_numpy(FEATS[None, :300] - FEATS[:300].mean(0))])
    assert set(scales) == set(scale_names(STAGES)) == {"input", *layers(torch_net)}
    assert all(s > 0 for s in scales.values())


def test_there_are_no_integers_of_ones_own_file(tmp_path, torch_net):
    torch.save(torch_net.state_dict(), tmp_path / "mine.pt")
    with pytest.raises(UsageError, match="scales for resnet34 and small alone"):
        open_network(str(tmp_path / "mine.pt"), engine="int8")
    assert open_network(str(tmp_path / "mine.pt"), engine="fastest").trunk is not None
