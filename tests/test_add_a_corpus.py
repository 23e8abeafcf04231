"""docs/ADD_A_CORPUS.md to the letter on a tiny corpus of real conversations; new_recipe.sh; local/*/prepare.sh."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile
from conftest import ROOT

from diarkit.annotation import read_rttm, write_rttm
from diarkit.datadir import validate
from diarkit.files import read_table

CLIP_S = 20


def blocks(kind):
    """Return the commands of the page's code blocks of one kind: `sh`, or `sh full` for those that run all stages."""
    page = (ROOT / "docs/ADD_A_CORPUS.md").read_text(encoding="utf-8")
    found = re.findall(rf"^ *```{kind}\n(.*?)^ *```$", page, re.M | re.S)
    return "".join(re.sub("^ +", "", block, flags=re.M) for block in found)


@pytest.fixture
def corpus(conversations, tmp_path):
    """A corpus with a blank in its path: dev and test with one real conversation each, RTTM beside the audio."""
    turns = read_rttm(conversations / "ref.rttm")
    for folder, reco in (("dev", "dev00"), ("test", "dev01")):
        place = tmp_path / "my corpus" / folder / "day one"
        place.mkdir(parents=True)
        sound, rate = soundfile.read(conversations / f"{reco}.flac")
        soundfile.write(place / f"{reco}.flac", sound[:CLIP_S * rate], rate)
        write_rttm(place / f"{reco}.rttm", [t._replace(end_s=min(t.end_s, CLIP_S)) for t in turns[reco]
                                            if t.start_s < CLIP_S - 1])
    return tmp_path / "my corpus"


@pytest.fixture
def toolkit(tmp_path):
    """A copy of the toolkit, where a test may make recipes."""
    for name in ("bin", "conf", "diarkit", "docs", "egs/TEMPLATE", "local", "steps", "utils"):
        shutil.copytree(ROOT / name, tmp_path / "toolkit" / name, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__", "data", "exp"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, tmp_path / "toolkit")
    return tmp_path / "toolkit"


@pytest.fixture
def typed(call, toolkit):
    """Run a command with the toolkit's copy of the library; without it path.sh would set up a .venv of its own."""
    def run(*words, cwd):
        return call(*words, cwd=cwd, env={"PYTHONPATH": str(toolkit)}, timeout=60)
    return run


def follow(script, toolkit, corpus, environment):
    """Run commands as a student types them: one shell, which stops at the first failure."""
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=toolkit, text=True, capture_output=True,
                          env={**environment, "corpus": str(corpus), "PYTHONPATH": str(toolkit)})


def test_the_page_to_the_letter_up_to_the_data(toolkit, corpus, environment):
    (corpus / "dev" / "broken.wav").write_text("no sound")
    done = follow(blocks("sh"), toolkit, corpus, environment)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"broken.wav\t.*it is text.*", done.stdout.splitlines()[-1]), done.stdout
    recipe = toolkit / "egs/foo/v1"
    assert list(read_table(recipe / "data/dev/wav.scp")) == ["day_one_dev00"]
    assert list(read_table(recipe / "data/test/reco2num_spk")) == ["day_one_dev01"]
    assert len(read_rttm(recipe / "data/dev/ref.rttm")["day_one_dev00"]) > 1
    assert "data/dev: 1 recordings, 0.01 hours, " in done.stderr
    assert not validate(recipe / "data/test").problems


@pytest.mark.slow
@pytest.mark.models
def test_the_page_to_the_letter_up_to_the_results(toolkit, corpus, environment):
    done = follow(blocks("sh") + blocks("sh full"), toolkit, corpus, environment)
    assert done.returncode == 0, done.stderr
    results = (toolkit / "egs/foo/v1/RESULTS.md").read_text(encoding="utf-8")
    assert re.search(r"^\| 1 \| resnet34_silero_spectral/dev \| \d+\.\d\d \|", results, re.M), results
    assert "steps/score.sh data/test " in results
    again = follow('cd egs/foo/v1; ./run.sh --corpus "$corpus"', toolkit, corpus, environment)
    assert again.returncode == 0 and again.stderr.count("is up to date") == 2 * 8, again.stderr


def test_the_page_says_what_fails_and_how_to_go_on(toolkit, corpus, environment):
    for path in (corpus / "test").rglob("dev01.*"):
        if path.suffix != ".rttm":
            path.write_bytes(b"no sound")
    done = follow(blocks("sh"), toolkit, corpus, environment)
    assert done.returncode != 0
    assert "cannot be opened as audio" in done.stderr and "it is text and starts with 'no sound'" in done.stderr
    assert "stage 0 (data test) failed with status 1. After fixing it: ./run.sh --corpus" in done.stderr


def test_the_page_is_short_and_its_blocks_are_found():
    assert len((ROOT / "docs/ADD_A_CORPUS.md").read_text(encoding="utf-8").splitlines()) <= 45
    assert blocks("sh").startswith("utils/new_recipe.sh egs/foo/v1\ncd egs/foo/v1\n./run.sh")
    assert "make_results.py" in blocks("sh full")


def test_a_new_recipe_has_links_that_lead_somewhere_and_files_of_its_own(toolkit, typed):
    done = typed("utils/new_recipe.sh", "egs/foo/v1", cwd=toolkit)
    assert done.returncode == 0, done.stderr
    recipe = toolkit / "egs/foo/v1"
    assert os.readlink(recipe / "steps") == "../../../steps" and os.readlink(recipe / "local") == "../../../local/wavs"
    assert os.readlink(recipe / "conf/score") == "../../../../conf/score"
    for path in [*recipe.iterdir(), *(recipe / "conf").iterdir()]:
        assert path.exists(), f"{path} leads nowhere"
    wanted = {p.name for p in (toolkit / "conf").iterdir()}
    assert {p.name for p in (recipe / "conf").iterdir()} == wanted
    for name in ("run.sh", "cmd.sh", "path.sh", "README.md", "RESULTS.md"):
        assert not (recipe / name).is_symlink()
        assert (recipe / name).read_bytes() == (toolkit / "egs/TEMPLATE" / name).read_bytes()
    assert os.access(recipe / "run.sh", os.X_OK)


def test_a_new_recipe_finds_the_local_of_its_corpus_and_overwrites_nothing(toolkit, typed):
    (toolkit / "local/foo").mkdir()
    assert typed("utils/new_recipe.sh", "egs/foo/v1", cwd=toolkit).returncode == 0
    assert os.readlink(toolkit / "egs/foo/v1/local") == "../../../local/foo"
    (toolkit / "egs/foo/v1/run.sh").write_text("mine")
    again = typed("utils/new_recipe.sh", "egs/foo/v1", cwd=toolkit)
    assert again.returncode == 1 and "egs/foo/v1 is there already" in again.stderr
    assert (toolkit / "egs/foo/v1/run.sh").read_text() == "mine"
    assert typed("utils/new_recipe.sh", cwd=toolkit).returncode == 2


def test_a_recipe_without_a_corpus_says_so(toolkit, typed):
    typed("utils/new_recipe.sh", "egs/foo/v1", cwd=toolkit)
    done = typed("./run.sh", cwd=toolkit / "egs/foo/v1")
    assert done.returncode != 0 and "--corpus DIR" in done.stderr
    assert not (toolkit / "egs/foo/v1/data").exists()


def test_recordings_of_ones_own_with_the_reference_elsewhere(toolkit, corpus, typed, tmp_path):
    typed("utils/new_recipe.sh", "egs/own/v1", cwd=toolkit)
    recipe, refs = toolkit / "egs/own/v1", tmp_path / "refs"
    refs.mkdir()
    (corpus / "dev/day one/dev00.rttm").rename(refs / "dev00.rttm")
    done = typed("local/prepare.sh", "--audio", corpus / "dev", "--rttm", refs, "data/x", cwd=recipe)
    assert done.returncode == 0, done.stderr
    assert list(read_rttm(recipe / "data/x/ref.rttm")) == ["day_one_dev00"]
    none = typed("local/prepare.sh", "data/y", cwd=recipe)
    assert none.returncode == 1 and "audio: no such folder or file" in none.stderr
    assert not (recipe / "data/y").exists()


@pytest.mark.models
def test_the_mini_conversation(toolkit, typed):
    typed("utils/new_recipe.sh", "egs/mini/v1", cwd=toolkit)
    recipe = Path(toolkit / "egs/mini/v1")
    done = typed("local/prepare.sh", "data/dev", cwd=recipe)
    assert done.returncode == 0, done.stderr
    assert read_table(recipe / "data/dev/wav.scp") == {"sample": "data/dev.fetched/sample.wav"}
    assert read_table(recipe / "data/dev/reco2dur") == {"sample": "30.000"}
    assert read_table(recipe / "data/dev/reco2num_spk") == {"sample": "2"}
    assert len(read_rttm(recipe / "data/dev/ref.rttm")["sample"]) == 10
    assert typed("validate_data_dir.py", "data/dev", cwd=recipe).returncode == 0
    assert "data/dev is up to date" in typed("local/prepare.sh", "data/dev", cwd=recipe).stderr
