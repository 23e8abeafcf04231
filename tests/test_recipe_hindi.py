"""egs/hindi_a and egs/hindi_b on stand-ins in their layouts: from stage 0 to the DER; trained on B, tested on A."""

import csv
import shutil

import pytest
from recipes import copy_recipe, run, snapshot
from standins import people_of, write_hindi

from diarkit.tables import load_matrix, read_scp

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def recipes(tmp_path_factory, environment):
    """Copies of both recipes beside their stand-in corpora: the folder that holds egs/, Hindi and Hindi1."""
    folder = tmp_path_factory.mktemp("hindi")
    for recipe, corpus in (("hindi_a", "Hindi"), ("hindi_b", "Hindi1")):
        people = people_of(corpus, folder / "people" / corpus, environment)
        if not people[1]:
            pytest.skip("no speech: neither ../shared/speech nor the mini conversation can be had")
        write_hindi(folder / corpus, corpus, people, seconds=40)
        copy_recipe(folder / "egs", recipe)
    return folder


def run_a(recipes, environment, *words):
    return run(recipes / "egs/hindi_a/v1", environment, "--corpus", recipes / "Hindi", "--sets", "test",
               "--train-config", "conf/train_standins.conf", "--clustering", "kmeans", *words)


@pytest.fixture(scope="module")
def own(recipes, environment):
    """A finished run of hindi_a, trained on its own train set: (folder, status, output)."""
    return recipes / "egs/hindi_a/v1", *run_a(recipes, environment)


def metrics(folder):
    return list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))


def overall(folder):
    rows = csv.DictReader((folder / "der.tsv").read_text().splitlines(), delimiter="\t")
    return {row["protocol"]: row for row in rows if row["reco"] == "OVERALL"}


def test_it_trains_a_detector_and_ends_with_a_der(own):
    folder, status, said = own
    assert status == 0, said
    rounds = metrics(folder / "exp/bilstm_train")
    assert len(rounds) == 2 and float(rounds[1]["train_loss"]) < float(rounds[0]["train_loss"])
    full = overall(folder / "exp/ge2e_bilstm_train_kmeans/test/score")["full"]
    assert 0 < float(full["der"]) < 75 and full["ref_speakers"] == full["hyp_speakers"]
    assert float(full["miss"]) < 15


def test_every_stage_leaves_what_it_says(own):
    folder = own[0]
    curve = load_matrix(next(iter(read_scp(str(folder / "exp/changes_bilstm_train/test/curve.scp")).values()))
                        .replace("exp/", f"{folder}/exp/", 1))
    assert curve.shape[1] == 2 and 0 <= curve[:, 1].min() <= curve[:, 1].max() <= 1 and curve[-1, 0] > 38
    assert (folder / "exp/changes_bilstm_train/test/score/changes.tsv").read_text().startswith("reco")
    figures = folder / "exp/ge2e_bilstm_train_kmeans/test/figures"
    for kind in ("waveform", "timeline", "clusters"):
        assert (figures / kind / "Hindi_01.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "data/train/wav.scp").read_text().startswith("Hindi_02 ")


def test_a_second_run_finds_everything_up_to_date(own, recipes, environment):
    before = snapshot(own[0])
    status, said = run_a(recipes, environment)
    assert status == 0 and said.count("up to date") == 15, said
    assert snapshot(own[0]) == before


def test_trained_on_b_and_tested_on_a_is_one_command(own, recipes, environment):
    status, said = run_a(recipes, environment, "--train-on", "hindi_b", "--train-corpus", recipes / "Hindi1",
                        "--stop-stage", "8")
    folder = own[0]
    assert status == 0, said
    assert (folder / "data/hindi_b_train/wav.scp").read_text().startswith("Hindi1_02 ")
    assert len(metrics(folder / "exp/bilstm_hindi_b_train")) == 2
    assert 0 < float(overall(folder / "exp/ge2e_bilstm_hindi_b_train_kmeans/test/score")["full"]["der"]) < 75
    own_curve, other = ((folder / f"exp/changes_bilstm_{name}/test/parts").glob("curve.*.ark")
                        for name in ("train", "hindi_b_train"))
    assert [p.read_bytes() for p in own_curve] != [p.read_bytes() for p in other]


def test_mean_shift_as_published_runs_on_the_same_pieces(own, recipes, environment):
    status, said = run_a(recipes, environment, "--clustering", "meanshift_tsne", "--stage", "6", "--stop-stage", "8")
    assert status == 0, said
    assert 0 < float(overall(own[0] / "exp/ge2e_bilstm_train_meanshift_tsne/test/score")["full"]["der"]) < 100


def test_what_was_trained_on_is_not_scored(own, recipes, environment):
    exp = own[0] / "exp"
    shutil.copytree(exp / "ge2e_bilstm_train_kmeans/test/turns", exp / "ge2e_bilstm_test_kmeans/test/turns")
    status, said = run_a(recipes, environment, "--train-set", "test", "--stage", "8")
    assert status == 1 and "scored recordings were tuned on (data/test/wav.scp): Hindi_01." in said, said


def test_a_given_detector_is_not_trained(own, recipes, environment):
    model = own[0] / "exp/bilstm_train/final.pt"
    status, said = run_a(recipes, environment, "--detector", model, "--stop-stage", "3")
    assert status == 0 and "train on" not in said and (own[0] / "exp/changes_given/test/changes.scp").exists(), said


@pytest.mark.parametrize("words, told", [
    (["--train-on", "hindi_b"], "train_corpus: is empty. Say where the corpus of hindi_b is: --train-corpus DIR"),
    (["--lists", "gone"], "gone/train.txt: cannot be read: No such file or directory. Name the list with --list"),
    (["--sets", "all one", "--detector", "x.pt"], "conf/lists/one.txt: cannot be read"),
    (["--prepare-config", "none.conf"], "none.conf: cannot read this configuration")])
def test_a_slip_is_told_plainly(recipes, environment, words, told):
    status, said = run_a(recipes, environment, *words, "--stop-stage", "0")
    assert status != 0 and told in said and "Traceback" not in said, said


def test_without_a_corpus_it_says_what_is_missing(recipes, environment):
    for recipe in ("hindi_a", "hindi_b"):
        status, said = run(recipes / "egs" / recipe / "v1", environment)
        assert status == 1 and "corpus: is empty. Say where the corpus is: ./run.sh --corpus DIR" in said
