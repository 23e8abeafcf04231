"""egs/ami on a stand-in in the layout of AMI: from stage 0 to the DER, with a detector trained here; the default."""

import pytest
from recipes import copy_recipe, run, snapshot
from standins import people_of, write_ami
from test_recipe_hindi import metrics, overall

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def place(tmp_path_factory, environment):
    """A copy of the recipe beside its stand-in, with lists of the four meetings."""
    folder = tmp_path_factory.mktemp("ami")
    people = people_of("ami", folder / "people", environment)
    if not people[1]:
        pytest.skip("no speech: neither ../shared/speech nor the mini conversation can be had")
    write_ami(folder / "AMI", people, seconds=40)
    (folder / "lists").mkdir()
    for name, meetings in (("train", "ES2003a\n"), ("dev", "ES2003c\n"), ("test", "ES2003d\n")):
        (folder / "lists" / f"{name}.txt").write_text(meetings)
    copy_recipe(folder / "egs", "ami")
    return folder


def run_ami(place, environment, *words):
    return run(place / "egs/ami/v1", environment, "--corpus", place / "AMI", "--lists", place / "lists",
               "--train-config", "conf/train_standins.conf", "--stop-stage", "8", *words)


@pytest.fixture(scope="module")
def done(place, environment):
    """A finished run on dev and test: (folder, status, output)."""
    return place / "egs/ami/v1", *run_ami(place, environment)


def test_it_trains_on_train_and_scores_dev_and_test(done):
    folder, status, said = done
    assert status == 0, said
    rounds = metrics(folder / "exp/bilstm_train")
    assert len(rounds) == 2 and float(rounds[1]["train_loss"]) < float(rounds[0]["train_loss"])
    assert (folder / "data/train/wav.scp").read_text().count("Mix-Headset.wav") == 1
    for name in ("dev", "test"):
        full = overall(folder / f"exp/ge2e_bilstm_train_meanshift/{name}/score")["full"]
        assert 0 < float(full["der"]) < 90 and float(full["miss"]) < 15
    assert "words have no times in the corpus and are left out" in said


def test_a_second_run_finds_everything_up_to_date(done, place, environment):
    before = snapshot(done[0])
    status, said = run_ami(place, environment)
    assert status == 0 and said.count("up to date") == 25, said
    assert snapshot(done[0]) == before


def test_another_microphone_makes_the_data_again_and_what_hangs_on_it(done, place, environment):
    conf = place / "sdm.conf"
    conf.write_text("--mic=sdm\n")
    status, said = run_ami(place, environment, "--prepare-config", conf, "--sets", "test", "--stop-stage", "1")
    assert status == 0 and said.count("data/test was made from other files or options") == 1, said
    assert "Array1-01.wav" in (done[0] / "data/test/wav.scp").read_text()
    assert "steps/make_change_feats.sh exp/change_feats/test: 1 of 1 recordings to do" in said


def test_the_default_pipeline_runs_on_the_same_meetings(place, environment):
    folder = place / "egs/ami/v1"
    (folder / "run_default.sh").rename(folder / "other.sh")
    (folder / "run.sh").rename(folder / "kept.sh")
    (folder / "other.sh").rename(folder / "run.sh")
    try:
        status, said = run(folder, environment, "--corpus", place / "AMI", "--lists", place / "lists", "--sets", "dev")
    finally:
        (folder / "run.sh").rename(folder / "run_default.sh")
        (folder / "kept.sh").rename(folder / "run.sh")
    assert status == 0, said
    assert 0 < float(overall(folder / "exp/small_overlap/dev/score")["full"]["der"]) < 60
