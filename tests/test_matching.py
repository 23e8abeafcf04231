"""Distillation from a teacher that hears the crops: what is taken over, what is compared, and that it is learnt."""

import pytest
import torch
from network_maker import lively
from voices import speaker_folder

from diarkit.models.resnet34 import ResNet34
from diarkit.networks import build, shrink
from diarkit.networks.export import to_onnx
from diarkit.networks.shrink import least_squares, take_over
from diarkit.training.batches import BatchOptions
from diarkit.training.corpus import Corpus
from diarkit.training.crops import open_features
from diarkit.training.embedding import Training
from diarkit.training.matching import Matching, windows
from diarkit.training.options import TrainEmbeddingOptions
from diarkit.training.store import AudioStore

# A teacher of few channels: with fewer than 16, torch 2.13 breaks its memory in the gradient of a 1 x 1 convolution of
# stride 2, channels last.
WIDE = ((16, 1, 1), (16, 3, 2), (32, 2, 2), (256, 1, 2))
NARROW = ((16, 1, 1, 8), (16, 3, 2, 4), (32, 2, 2, 8), (256, 1, 2, 16))
QUICK = dict(network="small", loss="none", rounds=3, round_items=16, dev_crop_s=0.5, dev_full_s=0.5, workers=0,
             training_threads=1, warmup_rounds=0.0, learning_rate=3e-3, final_learning_rate=1e-3, average=0, seed=1)


@pytest.fixture
def teacher():
    """A small random ResNet34 whose embeddings are not centred where they stand."""
    torch.manual_seed(0)
    made = ResNet34(WIDE).eval()
    torch.nn.init.normal_(made.mean)
    return made


@pytest.fixture
def feats():
    torch.manual_seed(1)
    return torch.randn(4, 50, 80)


def pupil(stages):
    torch.manual_seed(2)
    return build("small", stages=stages)


def assert_same(network, teacher, feats):
    """The network gives the teacher's stages and embeddings, in training and in evaluation."""
    for training in (True, False):
        network.train(training)
        with torch.no_grad():
            found = [*network.trunk.levels(feats), network.embed(feats)]
            expected = [*teacher.levels(feats), teacher(feats)]
        for own, wanted in zip(found, expected, strict=True):
            assert (own - wanted).abs().max() < 1e-3 * wanted.abs().max()


def test_a_pupil_of_the_teachers_stages_is_the_teacher(teacher, feats):
    network = pupil(WIDE)
    take_over(network, teacher, feats)
    assert_same(network, teacher, feats)


def test_a_pupil_of_the_published_stages_is_the_teacher_too(feats):
    torch.manual_seed(0)
    public, network = ResNet34().eval(), build("resnet34")
    take_over(network, public, feats[:2])
    assert_same(network, public, feats[:2])


@torch.no_grad()
def test_the_inner_channels_of_most_worth_are_kept(teacher, feats):
    """All but three are silent, or loud and go nowhere: three are enough."""
    kept, block = [2, 5, 7], teacher.blocks[4]
    others = [n for n in range(32) if n not in kept]
    block.conv1.bias[others[::2]] = -1e3
    block.conv1.bias[others[1::2]] = 1e3
    block.conv2.weight[:, others[1::2]] = 0
    teacher.blocks[5].conv2.weight[:, 3:] = 0
    network = pupil((*WIDE[:2], (32, 2, 2, 3), WIDE[3]))
    take_over(network, teacher, feats)
    assert torch.equal(network.trunk.blocks[4].conv1.weight, block.conv1.weight[kept])
    assert_same(network, teacher, feats)


def test_the_weights_of_a_convolution_are_found_from_what_it_makes():
    torch.manual_seed(4)
    made, x = torch.nn.Conv2d(3, 5, 3, padding=1), torch.randn(6, 3, 9, 11)
    weight, bias = least_squares(x, made(x).detach())
    assert torch.allclose(weight, made.weight, atol=1e-3) and torch.allclose(bias, made.bias, atol=1e-3)


def test_least_squares_bring_a_narrower_pupil_nearer_than_the_choice_of_channels(teacher, feats, monkeypatch):
    """On features that they have not seen."""
    def far():
        network = pupil(NARROW)
        take_over(network, teacher, feats[:3])
        with torch.no_grad():
            return [((own - wanted) ** 2).mean().item() / wanted.var().item()
                    for own, wanted in zip(network.eval().trunk.levels(feats[3:]), teacher.levels(feats[3:]))]
    fitted = far()
    monkeypatch.setattr(shrink, "least_squares", lambda x, y: (torch.zeros(y.shape[1], x.shape[1], 3, 3), 0.0))
    chosen = far()
    assert all(a < 0.8 * b for a, b in zip(fitted, chosen)), (fitted, chosen)


@pytest.mark.parametrize("precision, most", [("float32", 1e-6), ("bfloat16", 1e-3)])
def test_an_identical_pupil_misses_nothing(teacher, feats, precision, most):
    network, matching = pupil(WIDE), Matching(teacher, precision=precision)
    matching.begin(network, feats)
    with torch.no_grad():
        found, far, missed = matching(network.train(), feats)
        _, farther, more = matching(pupil(WIDE), feats)
    assert found.shape == (4, 256) and far < most and missed < most
    assert farther > 10 * most and more > 0.5


def test_the_gradient_reaches_the_pupil_and_not_the_teacher(teacher, feats):
    network, matching = pupil(NARROW), Matching(teacher)
    matching.begin(network, feats)
    _, far, missed = matching(network.train(), feats)
    (far + missed).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    assert all(p.grad is None for model in (matching.teacher, matching.trunk) for p in model.parameters())


def test_windows_are_drawn_inside_the_crop():
    torch.manual_seed(0)
    drawn = windows(200, 20, 12)
    lengths = drawn.sum(1)
    assert set(lengths.tolist()) == set(range(12, 21))
    assert (drawn.diff(dim=1).clamp_min(0).sum(1) + drawn[:, 0] == 1).all()  # one run of ones in each
    assert drawn.any(0).all()
    assert torch.equal(windows(3, 11, 12), torch.ones(3, 11))  # a short crop is its own window


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Four voices, three utterances each; two of them are held out."""
    folder = speaker_folder(tmp_path_factory.mktemp("voices"))
    (folder / "dev").write_text("ann\nbob\n")
    (folder / "fbank.conf").write_text("--num-mel-bins=80\n--sample-scale=32768\n")
    return folder


def training(data, out, teacher, **changes):
    corpus = Corpus(AudioStore(str(data / "wav.scp"), str(data / "cache"), workers=1), str(data / "utt2spk"))
    opts = TrainEmbeddingOptions(**QUICK | {"dev_list": str(data / "dev")} | changes)
    batches = BatchOptions(batch_speakers=2, min_crop_s=0.6, max_crop_s=0.8, speeds="1")
    return Training(corpus, str(out), lambda dim: build("small", feats_dim=dim, stages=NARROW), opts, batches, None,
                    open_features(str(data / "fbank.conf")), matching=Matching(teacher))


def test_a_narrower_pupil_comes_nearer_with_every_round(data, tmp_path, teacher):
    made, ended = training(data, tmp_path, teacher, rounds=4, round_items=32).run()
    assert ended and made[-1]["stages_loss"] < 0.9 * made[0]["stages_loss"]
    assert made[-1]["teacher_loss"] < made[0]["teacher_loss"]
    for row in made:
        assert row["train_loss"] == pytest.approx(row["teacher_loss"] + row["stages_loss"])


def test_going_on_after_a_stop_changes_nothing(data, tmp_path, teacher):
    whole, _ = training(data, tmp_path / "whole", teacher).run()
    made, ended = training(data, tmp_path / "parts", teacher, max_hours=1e-9).run()
    assert not ended and len(made) == 1
    parts, ended = training(data, tmp_path / "parts", teacher).run()
    assert ended
    for key in set(whole[0]) - {"seconds", "hours_per_hour"}:
        assert [row[key] for row in parts] == [row[key] for row in whole], key
    a, b = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["state_dict"]
            for name in ("whole", "parts"))
    assert a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_what_was_exported_may_be_trained_on(data, tmp_path, feats):
    torch.manual_seed(3)
    made = lively(build("small"))
    (tmp_path / "embedding.onnx").write_bytes(to_onnx(made))
    corpus = Corpus(AudioStore(str(data / "wav.scp"), str(data / "cache"), workers=1), str(data / "utt2spk"))
    opts = TrainEmbeddingOptions(**QUICK | {"dev_list": str(data / "dev"), "start": str(tmp_path / "embedding.onnx"),
                                            "loss": "ge2e"})
    batches = BatchOptions(batch_speakers=2, min_crop_s=0.6, max_crop_s=0.8, speeds="1")
    run = Training(corpus, str(tmp_path / "out"), lambda dim: build("small", feats_dim=dim), opts, batches, None,
                   open_features(str(data / "fbank.conf")))
    with torch.no_grad():
        found, wanted = run.network.eval().embed(feats), made.eval().embed(feats)
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-3 * wanted.abs().max().item())


def test_the_binary_refuses_other_pupils(data, tmp_path, call):
    done = call("train-embedding.py", f"--cache={data}/cache", f"--dev-list={data}/dev", "--workers=0",
                "--network=xvector", "--listening-teacher=resnet34", data / "wav.scp", data / "utt2spk", "out")
    assert done.returncode == 2 and "--listening-teacher is for --network=small" in done.stderr
    assert not (tmp_path / "out" / "checkpoint.pt").exists()
