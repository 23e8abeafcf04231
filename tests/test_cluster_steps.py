"""steps/cluster_embeddings.sh from a recipe's folder."""

import shutil

import pytest
from cluster_set import PLAN, write_set
from conftest import ROOT

STEP, OUT = "steps/cluster_embeddings.sh", "exp/m_ahc/x"


@pytest.fixture
def recipe(tmp_path):
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    emb = tmp_path / "exp/m/x"
    emb.mkdir(parents=True)
    write_set(emb)
    return tmp_path


def said(done):
    return done.stdout + done.stderr


def speakers(recipe, out=OUT):
    """Return {window id: speaker} of the text the step wrote."""
    return dict(line.split() for line in (recipe / out / "labels").read_text().splitlines())


def test_makes_labels_once_and_again_when_something_changes(call, recipe):
    done = call(STEP, "--nj", "2", "exp/m/x", OUT)
    assert done.returncode == 0, said(done)
    assert list(speakers(recipe).values()) == [str(label) for labels in PLAN.values() for label in labels]
    assert (recipe / OUT / "subsegments").read_bytes() == (recipe / "exp/m/x/subsegments").read_bytes()
    assert [line.split()[0] for line in (recipe / OUT / "labels.scp").read_text().splitlines()] == list(PLAN)
    assert "is up to date" in said(call(STEP, "--nj", "1", "exp/m/x", OUT))
    changed = call(STEP, "--nj", "1", "--num-speakers", "2", "exp/m/x", OUT)
    assert changed.returncode == 0 and "is up to date" not in said(changed)
    assert set(speakers(recipe).values()) == {"0", "1"}


def test_method_counts_and_tuned_threshold(call, recipe):
    (recipe / "spk").write_text("two 2\nthree-x_1 3\none 1\nsilent 1\n")
    done = call(STEP, "--nj", "1", "--method", "kmeans", "--reco2num-spk", "spk", "exp/m/x", OUT)
    assert done.returncode == 0, said(done)
    assert list(speakers(recipe).values()) == [str(label) for labels in PLAN.values() for label in labels]
    (recipe / "tuned.conf").write_text("--threshold=2.0  # best on nothing\n")
    done = call(STEP, "--nj", "1", "--tuned-config", "tuned.conf", "exp/m/x", OUT)
    assert done.returncode == 0, said(done)
    assert set(speakers(recipe).values()) == {"0"}


def test_failures_name_the_log_or_the_file(call, recipe):
    done = call(STEP, "--nj", "1", "--method", "kmeans", "exp/m/x", OUT)
    assert done.returncode != 0 and "log" in said(done) and not (recipe / OUT / "labels").exists()
    (recipe / "exp/m/x/subsegments").unlink()
    done = call(STEP, "exp/m/x", OUT)
    assert done.returncode != 0 and "subsegments" in said(done)
