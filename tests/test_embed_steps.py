"""steps/extract_embeddings.sh on three recordings with a network of one's own: made, skipped, redone, loud."""

import shutil

import numpy as np
import pytest
from conftest import ROOT
from onnx_maker import mean_network

from diarkit.tables import MatrixWriter, load_matrix, read_scp

STEP, OUT = ("steps/extract_embeddings.sh", "--model", "mine.onnx", "--nj", "2"), ("feats", "windows", "exp/emb")
RECOS = ("a", "b-1", "silent")


@pytest.fixture
def recipe(tmp_path):
    """A recipe's folder with features, windows and a network."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "mine.onnx").write_bytes(mean_network()[0])
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / "subsegments").write_text("a1 a 0 1.5\na2 a 0.75 2.25\nb1 b-1 1 1.2\n")
    (tmp_path / "feats").mkdir()
    (tmp_path / "feats" / "feats.conf").write_text("--num-mel-bins=80\n")
    write_feats(tmp_path, RECOS)
    return tmp_path


def write_feats(recipe, recos):
    rng = np.random.default_rng(0)
    with MatrixWriter(f"ark,scp:{recipe}/feats/feats.ark,{recipe}/feats/feats.scp") as writer:
        for reco in recos:
            writer.write(reco, rng.normal(size=(300, 80)).astype(np.float32))


def shapes(recipe):
    return {k: load_matrix(f"{recipe}/{v}").shape for k, v in read_scp(f"{recipe}/exp/emb/emb.scp").items()}


def test_made_once_and_again_when_the_options_or_the_network_change(call, recipe):
    first = call(*STEP, *OUT)
    assert first.returncode == 0, first.stderr
    assert shapes(recipe) == {"a": (2, 80), "b-1": (1, 80), "silent": (0, 0)}
    assert (recipe / "exp/emb/subsegments").read_text() == (recipe / "windows/subsegments").read_text()
    again = call(*STEP, "--nj", "1", *OUT)
    assert again.returncode == 0 and "is up to date" in again.stderr + again.stdout
    (recipe / "conf/embed/embed.conf").write_text("--unit-length=true\n")
    changed = call(*STEP, *OUT)
    assert changed.returncode == 0 and "embed.conf" in changed.stderr + changed.stdout
    vectors = load_matrix(f"{recipe}/{read_scp(f'{recipe}/exp/emb/emb.scp')['a']}")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    (recipe / "mine.onnx").write_bytes(mean_network()[0].replace(b"test", b"tset"))
    changed = call(*STEP, *OUT)
    assert changed.returncode == 0 and "mine.onnx" in changed.stderr + changed.stdout


def test_a_window_past_the_end_fails_the_step_and_keeps_the_others(call, recipe):
    with open(recipe / "windows" / "subsegments", "a") as file:
        file.write("b2 b-1 40 41.5\n")
    done = call(*STEP, *OUT)
    assert done.returncode != 0 and "1 of 2 windows lie past the end" in done.stderr
    assert not (recipe / "exp/emb/emb.scp").exists()


def test_windows_of_recordings_without_features_are_an_error(call, recipe):
    write_feats(recipe, RECOS[1:])
    done = call(*STEP, *OUT)
    assert done.returncode != 0 and "lines of 1 recordings that feats/feats.scp has not, such as a" in done.stderr


def test_missing_inputs_and_models_are_named(call, recipe):
    (recipe / "feats" / "feats.conf").unlink()
    done = call(*STEP, *OUT)
    assert done.returncode != 0 and "feats/feats.conf" in done.stderr
    (recipe / "feats" / "feats.conf").write_text("--num-mel-bins=80\n")
    done = call(*STEP, "--model", "resnet152", *OUT)
    assert done.returncode != 0 and "Known: resnet34" in done.stderr
