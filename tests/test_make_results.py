"""make_results.py: scores of real runs of steps/score.sh gathered in RESULTS.md, with the commands behind them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

RTTM = "SPEAKER {} 1 {} {} <NA> <NA> {} <NA> <NA>\n"


@pytest.fixture(scope="module")
def scored(environment, tmp_path_factory):
    """A recipe with the scores of two sets: in dev a quarter of the speech is missed, test is right."""
    folder = tmp_path_factory.mktemp("scored") / "foo/v1"
    run(environment, ROOT / "utils/new_recipe.sh", folder)
    for name, missed in (("dev", 1), ("test", 0)):
        data, turns = folder / "data" / name, folder / "exp/sys" / name / "turns"
        data.mkdir(parents=True)
        turns.mkdir(parents=True)
        (data / "reco2dur").write_text("a 4.000\n")
        (data / "ref.rttm").write_text(RTTM.format("a", 0, 4, "x"))
        (turns / "hyp.rttm").write_text(RTTM.format("a", 0, 4 - missed, "y"))
        run(environment, "steps/score.sh", f"data/{name}", f"exp/sys/{name}/turns", f"exp/sys/{name}/score", cwd=folder)
    return folder


def run(environment, *words, **more):
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def recipe(scored, tmp_path):
    """A copy of the scored recipe, whose links lead where they led."""
    shutil.copytree(scored, tmp_path / "foo/v1", symlinks=True)
    for link in ("steps", "utils", "bin", "local"):
        (tmp_path / "foo/v1" / link).unlink()
        (tmp_path / "foo/v1" / link).symlink_to((scored / link).resolve())
    shutil.rmtree(tmp_path / "foo/v1/conf")
    shutil.copytree(scored / "conf", tmp_path / "foo/v1/conf")
    return tmp_path / "foo/v1"


def test_every_score_gets_a_row_and_its_command(recipe, call):
    done = call("make_results.py", recipe)
    assert done.returncode == 0, done.stderr
    lines = (recipe / "RESULTS.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert rows[0] == ["", "system and set", "DER % full", "miss + fa + conf", "DER % fair", "DER % forgiving", "JER %",
                       "speakers, found"]
    assert rows[1][:4] == ["1", "sys/dev", "25.00", "25.00 + 0.00 + 0.00"] and rows[1][-1] == "1, 1"
    assert rows[2][:7] == ["2", "sys/test", "0.00", "0.00 + 0.00 + 0.00", "0.00", "0.00", "0.00"]
    assert "        steps/score.sh data/dev exp/sys/dev/turns exp/sys/dev/score" in lines
    assert "1. exp/sys/dev/score, UEM none, whole recordings:" in lines
    assert any("fair: collar 0.25 s each side, overlap scored; forgiving" in line for line in lines)


def test_a_second_time_changes_nothing_and_other_words_stay(recipe, call):
    path = recipe / "RESULTS.md"
    path.write_text("# My thesis\n\nBefore.\n\n" + path.read_text().split("\n", 2)[2] + "\nAfter, *é*.\n")
    assert call("make_results.py", cwd=recipe).returncode == 0
    once = path.read_bytes()
    assert call("make_results.py", cwd=recipe).returncode == 0
    assert path.read_bytes() == once
    assert once.startswith(b"# My thesis\n\nBefore.\n") and once.decode().endswith("\nAfter, *é*.\n")


def test_without_markers_or_without_a_file_the_part_is_added(recipe, call):
    path = recipe / "RESULTS.md"
    for before in ("# Mine\n", None):
        path.unlink() if before is None else path.write_text(before)
        assert call("make_results.py", recipe).returncode == 0
        text = path.read_text()
        assert text.startswith(before or "# Results\n") and text.count("results: begin") == 1 and "sys/test" in text


def test_options_of_the_steps_are_in_the_command(recipe, call):
    (recipe / "my region.uem").write_text("a 1 0 3\n")
    places = ("data/dev", "exp/sys/dev/turns", "exp/sys/dev/score")
    done = call("steps/score.sh", "--uem", "my region.uem", *places, cwd=recipe)
    assert done.returncode == 0, done.stderr
    call("make_results.py", recipe)
    text = (recipe / "RESULTS.md").read_text()
    assert "        steps/score.sh --uem 'my region.uem' data/dev exp/sys/dev/turns exp/sys/dev/score\n" in text
    assert "1. exp/sys/dev/score, UEM my region.uem:" in text and "| sys/dev | 0.00 |" in text


def test_an_unfinished_score_is_left_out_aloud_and_a_broken_one_is_an_error(recipe, call):
    stamp = recipe / "exp/sys/dev/score/.done"
    os.rename(stamp, stamp.with_name(".begun"))
    done = call("make_results.py", recipe)
    assert done.returncode == 0 and "exp/sys/dev/score is left out" in done.stderr
    assert "sys/dev" not in (recipe / "RESULTS.md").read_text()
    before = (recipe / "RESULTS.md").read_bytes()
    (recipe / "exp/sys/test/score/der.tsv").write_text("protocol\treco\nfull\tOVERALL\n")
    done = call("make_results.py", recipe)
    assert done.returncode == 1 and "no column collar_s" in done.stderr
    assert (recipe / "RESULTS.md").read_bytes() == before


def test_no_scores_and_a_lost_marker_are_errors(recipe, call, tmp_path):
    done = call("make_results.py", tmp_path)
    assert done.returncode == 1 and "Run the recipe first" in done.stderr
    path = Path(recipe, "RESULTS.md")
    path.write_text("# Results\n\n<!-- results: end -->\n")
    done = call("make_results.py", recipe)
    assert done.returncode == 1 and "its marker lines are not" in done.stderr
    assert path.read_text() == "# Results\n\n<!-- results: end -->\n"
