"""egs/speakers/run_compare.sh on made-up voices: two systems of a list, trained for two rounds each, in one table."""

import csv
import os
import shutil

import pytest
import soundfile
from recipes import copy_recipe, run, snapshot
from voices import RATE, syllables

from diarkit.files import read_table

SHARED = """--batch-speakers=6
--min-crop-s=0.4
--max-crop-s=0.5
--speeds=1
--dev-crop-s=0.4
--dev-full-s=0.8
--average=1
--workers=0
--training-threads=1
"""
SYSTEMS = """xvector_softmax\t--network=xvector --loss=softmax --round-items=48 --augment=false
small_ge2e\t--network=small --loss=ge2e --round-items=12
broken\t--network=small --loss=none
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the recipe beside 14 voices: the first has one utterance, the others two of about a second."""
    folder = tmp_path_factory.mktemp("compare")
    for number in range(14):
        speaker = folder / "corpus" / f"voice{number:02}"
        speaker.mkdir(parents=True)
        for take in range(2 if number else 1):
            soundfile.write(speaker / f"{take}.wav", syllables(0.9, 90 + 14 * number, 10 * number + take), RATE)
    (folder / "train.conf").write_text(SHARED)
    (folder / "systems.tsv").write_text(SYSTEMS)
    (folder / "prepare.conf").write_text(f"--test-list={folder}/held_out\n")
    (folder / "held_out").write_text("voice00\nvoice01\nvoice04\nvoice07\nvoice10\n")
    recipe = copy_recipe(folder / "egs", "speakers")
    shutil.move(recipe / "run_compare.sh", recipe / "run.sh")
    return folder


def compare(place, environment, *words):
    return run(place / "egs/speakers/v1", environment, "--corpus", place / "corpus", "--minutes", "0.001",
               "--systems-list", place / "systems.tsv", "--train-config", place / "train.conf", "--prepare-config",
               place / "prepare.conf", "--dev-speakers", "3", *words)


@pytest.fixture(scope="module")
def done(place, environment):
    """A finished run of two systems: (folder, status, output)."""
    return place / "egs/speakers/v1", *compare(place, environment, "--systems", "xvector_softmax small_ge2e")


def cells(said, name):
    """Return the cells of a system's line of the table."""
    line, = (line for line in said.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_each_system_with_its_size_errors_and_cost(done):
    folder, status, said = done
    assert status == 0, said
    name, network, loss, size, minutes, rounds, heard, short, full, *costs = cells(said, "xvector_softmax")
    assert (name, network, loss, size, rounds) == ("xvector_softmax", "xvector", "softmax", "4,211,604", "2")
    assert float(heard) == 0 and float(minutes) >= 0 and all(float(cost) > 0 for cost in costs)
    with open(folder / "exp/compare/xvector_softmax/metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{float(rows[0]['eer_short']):.2f}" == short or f"{float(rows[1]['eer_short']):.2f}" == short
    assert 0 <= float(full) <= 100
    assert cells(said, "small_ge2e")[1:3] == ["small", "ge2e"]


def test_the_first_speakers_of_the_part_test_who_speak_twice_are_held_out(done):
    data = done[0] / "data/compare"
    assert (data / "dev.list").read_text().split() == ["voice01", "voice04", "voice07"]
    speakers = set(read_table(data / "utt2spk").values())
    assert speakers == {f"voice{n:02}" for n in range(14)} - {"voice00", "voice10"}
    assert read_table(data / "utt2spk").keys() == read_table(data / "wav.scp").keys()


def test_what_is_finished_is_left_alone_and_what_was_stopped_goes_on(done, place, environment):
    folder = done[0]
    before = snapshot(folder)
    os.unlink(folder / "exp/compare/small_ge2e/trained")
    os.unlink(folder / "exp/compare/small_ge2e/final.pt")
    status, said = compare(place, environment, "--systems", "xvector_softmax small_ge2e")
    assert status == 0, said
    assert "xvector_softmax is up to date" in (folder / "exp/compare/log/xvector_softmax.log").read_text()
    assert "going on after round 2" in (folder / "exp/compare/log/small_ge2e.log").read_text()
    after = snapshot(folder)
    assert {name: data for name, (_, data) in after.items()} == {name: data for name, (_, data) in before.items()}
    assert all(after[name] == before[name] for name in before if "small_ge2e" not in name)


def test_a_system_that_fails_or_is_not_listed_is_named(done, place, environment):
    status, said = compare(place, environment, "--systems", "broken")
    log = (done[0] / "exp/compare/log/broken.log").read_text()
    assert status != 0 and "stage 1 (training broken) failed" in said
    assert "--loss=none needs a teacher" in log and "broken: the first round failed" in log
    status, _ = compare(place, environment, "--systems", "other")
    assert "no system 'other'. Listed are xvector_softmax, small_ge2e" in (
        done[0] / "exp/compare/log/other.log").read_text() and status != 0
