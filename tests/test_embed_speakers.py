"""Local speakers to embeddings: against the network on each window, the binary, and the step."""

import re
import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT

from diarkit import models
from diarkit.embed.pooling import weight_matrix
from diarkit.embed.speakers import CENTRE_S, SpeakerEmbedder, SpeakerEmbedOptions
from diarkit.embed.trunk import MARGIN
from diarkit.errors import DiarkitError, UsageError
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.models.campplus import CamPlusPlus
from diarkit.models.ge2e import Ge2e
from diarkit.models.network import Network, conf_of, open_network
from diarkit.models.resnet34 import ResNet34, weighted_stats
from diarkit.models.run import TorchTrunk
from diarkit.options import from_conf
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES
from diarkit.tables import MatrixWriter, load_matrix, read_scp

RNG = np.random.default_rng(2)
FEATS = (RNG.normal(size=(1998, 80)).cumsum(0) / 9).astype(np.float32)
HOP_S = 4.8  # sixty output frames: windows on the recording's own grid of every eighth feature frame
STEP, OUT = ("steps/embed_speakers.sh", "--model", "mine.pt", "--nj", "2"), ("feats", "seg", "exp/emb")


def segmentation():
    """Return (3, 589) classes: two talk in turn, one long, one short, and overlap; nobody in the last window."""
    classes = np.zeros((3, FRAMES), np.float32)
    classes[0, 100:300], classes[0, 300:400] = 1, 2
    classes[1, 50:250], classes[1, 250:300], classes[1, 300:500], classes[1, 580:585] = 3, 5, 1, 2
    return classes


@pytest.fixture(scope="module")
def resnet():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    return ResNet34().eval()


@pytest.fixture(scope="module")
def network(resnet):
    return Network("resnet34", None, mels=80, dim=256, trunk=TorchTrunk(resnet))


def by_windows(network, feats, classes, hop_s):
    """Return what the published way gives: the trunk on each window and its mean, pooled under the speakers' masks."""
    found = np.zeros((3 * len(classes), 256), np.float32)
    for w, row in enumerate(classes):
        x = feats[round(w * hop_s * 100):][:1000]
        frames = network.trunk.frames((x - x.mean(0))[None])
        weights = weight_matrix(row[None], 0, frames.shape[-1], 0.08, CENTRE_S)
        for k in np.flatnonzero(np.diff(weights.indptr)):
            mask = weights[k].toarray().astype(np.float32)
            found[3 * w + k] = network.trunk.pool(frames, mask)[0]
    return found


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_one_pass_is_the_network_on_the_window_but_for_its_ends_and_its_mean(network):
    """Equal to rounding where neither differs: one mean for both, and masks further from the ends than the margin.

    The third reason for a difference, windows that start between the recording's output frames, is kept out by the hop.
    """
    feats = FEATS.copy()
    cuts = (0, 480, 960, 1000, 1480, 1960, 1998)
    for a, b in zip(cuts, cuts[1:]):
        feats[a:b] -= feats[a:b].mean(0)  # every window's mean, and the recording's, is 0
    classes, edge = segmentation(), int((MARGIN + 1) * 0.08 / FRAME_S)
    classes[:, :edge] = classes[:, -edge:] = 0
    found = SpeakerEmbedder(network, SpeakerEmbedOptions(norm_s=0))(feats, classes, HOP_S)
    wanted = by_windows(network, feats, classes, HOP_S)
    rows = np.flatnonzero(np.abs(wanted).sum(1))
    assert list(rows) == [0, 1, 3, 5] and not np.delete(found, rows, axis=0).any()
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


class Toy:
    """A trunk in no time: the means of eight feature frames, and the first statistics as the embedding."""

    def frames(self, x):
        x = np.pad(x, ((0, 0), (0, -x.shape[1] % 8), (0, 0)))
        return x.reshape(1, -1, 8, 80).mean(2).transpose(0, 2, 1)

    def project(self, stats):
        return stats[:, 40:120].astype(np.float32)


TOY = Network("toy", None, mels=80, dim=80, trunk=Toy())


def test_rows_do_not_depend_on_blocks_or_on_the_other_windows():
    classes = segmentation()
    whole = SpeakerEmbedder(TOY)(FEATS, classes, HOP_S)
    small = SpeakerEmbedder(TOY, SpeakerEmbedOptions(block_s=2))(FEATS, classes, HOP_S)
    assert whole.any() and np.allclose(whole, small, atol=1e-4)
    alone = classes.copy()
    alone[0] = 0
    assert np.allclose(SpeakerEmbedder(TOY)(FEATS, alone, HOP_S)[3:], whole[3:], atol=1e-4)


def test_a_row_is_of_the_speakers_own_time():
    """The mean of a feature that counts the seconds tells when the speaker talked."""
    feats = np.tile(np.arange(1998, dtype=np.float32)[:, None] / 100, (1, 80))
    found = SpeakerEmbedder(TOY, SpeakerEmbedOptions(norm_s=0))(feats, segmentation(), HOP_S)
    mean_s = found[:, 0] + feats.mean() + CENTRE_S - 0.035  # the toy's frames lie around 3.5, not 0, of their eight
    for row, (first, end) in ((0, (100, 300)), (1, (300, 400)), (5, (50, 250)), (3, (300, 500))):
        start_s = row // 3 * HOP_S + FIRST_S
        assert abs(mean_s[row] - start_s - (first + end) / 2 * FRAME_S) < 1e-3, row
    assert not found[[2, 4, 6, 7, 8]].any()


def test_windows_past_the_end_silence_and_nothing_at_all():
    embedder = SpeakerEmbedder(TOY)
    late = np.zeros((5, FRAMES))
    late[4, 60:] = 1  # after 20 s no features are left
    assert not embedder(FEATS, late, HOP_S).any()
    assert embedder(FEATS, np.zeros((2, FRAMES)), HOP_S).shape == (6, 80)
    assert embedder(FEATS, np.zeros((0, 0)), HOP_S).shape == (0, 80)
    assert not embedder(FEATS[:0], late, HOP_S).any()


def test_the_whole_window_is_seen_by_campplus():
    """Each window alone, its own mean taken off: the same as pooling the frames of the mask by hand."""
    torch.manual_seed(0)
    campplus = CamPlusPlus().eval()
    net = Network("campplus", None, mels=80, dim=192, context=TorchTrunk(campplus))
    found = SpeakerEmbedder(net)(FEATS, segmentation(), HOP_S)
    assert list(np.flatnonzero(np.abs(found).sum(1))) == [0, 1, 3, 5]
    x = FEATS[480:1480] - FEATS[480:1480].mean(0)
    weights = torch.from_numpy(weight_matrix(segmentation()[1:2], 0, 500, 0.02, CENTRE_S)[2].toarray()).float()
    with torch.inference_mode():
        stats = torch.cat(weighted_stats(campplus.frames(torch.from_numpy(x)[None]), weights), 1)
        wanted = campplus.project(stats).numpy()
    assert np.abs(found[5] - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_bad_input():
    with pytest.raises(UsageError, match="ge2e has no frame-level outputs.*resnet34 or campplus"):
        SpeakerEmbedder(Network("ge2e", None, mels=40, dim=256))
    with pytest.raises(DiarkitError, match=r"shape \(3, 20\), expected \(windows, 589\)"):
        SpeakerEmbedder(TOY)(FEATS, np.zeros((3, 20)), HOP_S)
    with pytest.raises(DiarkitError, match="takes 80 columns"):
        SpeakerEmbedder(TOY)(FEATS[:, :40], segmentation(), HOP_S)


@pytest.fixture
def recipe(tmp_path, resnet):
    """A recipe's folder with features, segmentations and a network of one's own."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    torch.save(resnet.state_dict(), tmp_path / "mine.pt")
    for name, arrays in (("feats", (FEATS[:1480], FEATS[:1000], FEATS[:300])),
                         ("seg", (segmentation()[:2], segmentation()[:1], np.zeros((1, FRAMES))))):
        (tmp_path / name).mkdir()
        with MatrixWriter(f"ark,scp:{tmp_path}/{name}/{name}.ark,{tmp_path}/{name}/{name}.scp") as writer:
            for reco, array in zip(("a", "b-1", "silent"), arrays):
                writer.write(reco, array)
    shutil.copy(conf_of("resnet34"), tmp_path / "feats" / "feats.conf")
    (tmp_path / "seg" / "seg.conf").write_text("--hop-s=4.8\n")
    return tmp_path


def made(recipe):
    return {k: load_matrix(f"{recipe}/{v}") for k, v in read_scp(f"{recipe}/exp/emb/emb.scp").items()}


def test_the_step_is_made_once_whatever_nj(call, recipe, network):
    done = call(*STEP, *OUT)
    assert done.returncode == 0, done.stderr
    found = made(recipe)
    assert {k: v.shape for k, v in found.items()} == {"a": (6, 256), "b-1": (3, 256), "silent": (3, 256)}
    assert np.allclose(found["a"], SpeakerEmbedder(network)(FEATS[:1480], segmentation()[:2], 4.8), atol=1e-5)
    assert not found["silent"].any()
    again = call(*STEP, "--nj", "1", *OUT)
    assert again.returncode == 0 and "is up to date" in again.stderr + again.stdout
    (recipe / "seg" / "seg.conf").write_text("--hop-s=2.5\n")
    changed = call(*STEP, "--nj", "1", *OUT)
    assert changed.returncode == 0 and "seg.conf" in changed.stderr + changed.stdout
    assert np.array_equal(made(recipe)["b-1"], found["b-1"]) and not np.array_equal(made(recipe)["a"], found["a"])


def test_what_is_missing_is_named(call, recipe):
    scp = recipe / "seg" / "seg.scp"
    scp.write_text("".join(line for line in scp.read_text().splitlines(True) if not line.startswith("b-1")))
    done = call(*STEP, *OUT)
    assert done.returncode != 0 and re.search(r"b-1: not in scp:exp/emb/split/\d/seg.scp", done.stderr)
    done = call("bin/embed-speakers.py", "scp:feats/feats.scp", "scp:seg/seg.scp", "ark:-")
    assert done.returncode == 2 and "--feats-config is required" in done.stderr


def test_networks_without_frames_are_refused(call, recipe):
    torch.save(Ge2e().state_dict(), recipe / "ge2e.pt")
    shutil.copy(conf_of("ge2e"), recipe / "feats" / "feats.conf")
    done = call("bin/embed-speakers.py", "--model=ge2e.pt", "--feats-config=feats/feats.conf",
                "--seg-config=seg/seg.conf", "scp:feats/feats.scp", "scp:seg/seg.scp", "ark:emb.ark")
    assert done.returncode == 2 and "ge2e has no frame-level outputs" in done.stderr
    assert not (recipe / "emb.ark").exists()


@pytest.mark.models
def test_real_speech_gives_what_the_published_way_gives(conversations):
    """What differs are the window's ends and mean, and on some processors the integers."""
    from diarkit.annotation import read_rttm
    from diarkit.audio import AudioOptions, read_audio
    from diarkit.segmentation.oracle import ideal_windows, speakers_of
    from diarkit.segmentation.powerset import to_classes

    try:
        models.fetch("resnet34")
    except DiarkitError as error:
        pytest.skip(f"NO WEIGHTS: {error}")
    reco, turns = sorted(read_rttm(conversations / "ref.rttm").items())[0]
    audio = read_audio(str(conversations / f"{reco}.flac"), AudioOptions())
    feats = Fbank(from_conf(FbankOptions, conf_of("resnet34")))(audio)
    classes = to_classes(ideal_windows(turns, speakers_of(turns), 3, 10.0)[0])
    found = SpeakerEmbedder(open_network("resnet34", engine="fastest"))(feats, classes, 10.0)
    wanted = by_windows(open_network("resnet34"), feats, classes, 10.0)
    talks = np.abs(wanted).sum(1) > 0
    assert talks.any() and np.array_equal(talks, np.abs(found).sum(1) > 0)
    assert cosines(found[talks], wanted[talks]).mean() > 0.95
