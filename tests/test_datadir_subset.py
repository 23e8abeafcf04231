"""subset_data_dir.py and combine_data.py: all files reduced or merged alike, sources untouched, nothing overwritten."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.datadir import SubsetOptions, ValidateOptions, combine, subset, validate
from diarkit.errors import DiarkitError, UsageError

RATE = 8000
FILES = ("wav.scp", "reco2dur", "segments", "utt2spk", "ref.rttm", "ref.uem", "reco2num_spk")


def make(folder, recos, speaker="s"):
    """Write a good data directory of 1-second recordings, relative to the working directory."""
    os.makedirs(folder)
    rng = np.random.default_rng(0)
    for reco in recos:
        soundfile.write(f"{reco}.wav", rng.normal(0, 0.1, RATE), RATE)
    lines = {"wav.scp": "{0} {0}.wav", "reco2dur": "{0} 1.000", "segments": "{0}-x {0} 0.100 0.900",
             "utt2spk": "{0}-x {1}", "ref.rttm": "SPEAKER {0} 1 0.100 0.800 <NA> <NA> {1} <NA> <NA>",
             "ref.uem": "{0} 1 0.000 1.000", "reco2num_spk": "{0} 1"}
    for name, line in lines.items():
        Path(folder, name).write_text("".join(line.format(reco, speaker) + "\n" for reco in sorted(recos)))
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def recos_of(folder):
    """Return the recordings each file of a data directory speaks of."""
    column = {"segments": 1, "ref.rttm": 1}
    return {name: [line.split()[column.get(name, 0)].removesuffix("-x") for line in Path(folder, name).open()]
            for name in FILES}


def test_the_first_recordings_in_every_file(here, call):
    make("all", ["a", "b", "c", "d"])
    before = content("all")
    done = call("subset_data_dir.py", "--first", 2, "all", "some")
    assert done.returncode == 0, done.stderr
    assert recos_of("some") == dict.fromkeys(FILES, ["a", "b"])
    assert content("all") == before
    assert not validate("some").problems


def test_a_list_and_an_unknown_id_in_it(here, call):
    make("all", ["a", "b", "c"])
    Path("list").write_text("c\na\n")
    subset("all", "some", SubsetOptions(list="list"))
    assert recos_of("some") == dict.fromkeys(FILES, ["a", "c"])
    Path("list").write_text("c\nx\n")
    done = call("subset_data_dir.py", "--list", "list", "all", "other")
    assert done.returncode == 1 and "list: 1 of 2 ids are not in wav.scp: x" in done.stderr
    assert sorted(os.listdir()) == ["a.wav", "all", "b.wav", "c.wav", "list", "some"]


def test_random_is_the_same_for_the_same_seed_only(here):
    make("all", [f"r{n:02d}" for n in range(20)])
    for target, seed in (("x", 1), ("y", 1), ("z", 2)):
        subset("all", target, SubsetOptions(random=5, seed=seed))
    assert recos_of("x") == recos_of("y") != recos_of("z")
    assert len(set(recos_of("x")["wav.scp"])) == 5


def test_drop_bad_lists_what_it_dropped_and_why(here, call):
    make("all", ["a", "b", "c", "d", "e"])
    raw = Path("b.wav").read_bytes()
    Path("b.wav").write_bytes(raw[:len(raw) // 2])
    Path("d.wav").write_text("no sound at all")
    Path("all/ref.rttm").write_text(Path("all/ref.rttm").read_text().replace("e 1 0.100 0.800", "e 1 0.100 8.800"))
    before = content("all")
    done = call("subset_data_dir.py", "--drop-bad", "true", "all", "good")
    assert done.returncode == 0, done.stderr
    assert recos_of("good") == dict.fromkeys(FILES, ["a", "c"])
    dropped = dict(line.split("\t") for line in Path("good/dropped.txt").read_text().splitlines())
    assert list(dropped) == ["b", "d", "e"]
    assert "cut short" in dropped["b"] and "it is text" in dropped["d"] and "e ends at 1.000 s" in dropped["e"]
    assert "dropped b: b.wav: cut short" in done.stderr
    assert content("all") == before and not validate("good").problems


def test_drop_bad_sorts_and_drops_both_of_a_double_id(here):
    make("all", ["a", "b", "c"])
    Path("all/wav.scp").write_text("c c.wav\nb b.wav\nb a.wav\na a.wav\n")
    assert list(subset("all", "good", SubsetOptions(drop_bad=True))) == ["b"]
    assert recos_of("good") == dict.fromkeys(FILES, ["a", "c"])


def test_drop_bad_refuses_what_dropping_cannot_cure(here):
    make("all", ["a", "b"])
    Path("all/reco2dur").unlink()
    with pytest.raises(DiarkitError, match="must be mended by hand(.|\n)*all/reco2dur: cannot be read"):
        subset("all", "good", SubsetOptions(drop_bad=True))
    assert not os.path.exists("good")


def test_drop_bad_with_nothing_good_left(here):
    make("all", ["a"])
    Path("a.wav").write_text("text")
    with pytest.raises(DiarkitError, match="all 1 recordings are bad"):
        subset("all", "good", SubsetOptions(drop_bad=True))
    assert not os.path.exists("good")


def test_first_counts_good_recordings_only(here):
    make("all", ["a", "b", "c"])
    Path("a.wav").write_text("text")
    subset("all", "two", SubsetOptions(first=2, drop_bad=True))
    assert recos_of("two")["wav.scp"] == ["b", "c"]
    with pytest.raises(DiarkitError, match="3 recordings are asked for, there are 2"):
        subset("all", "three", SubsetOptions(first=3, drop_bad=True))


def test_nothing_is_overwritten(here):
    make("all", ["a", "b"])
    make("other", ["c"])
    Path("file").write_text("mine")
    for target in ("all", "./all/", "other", "file"):
        with pytest.raises(DiarkitError, match="is there already|made out of itself"):
            subset("all", target, SubsetOptions(first=1))
    assert Path("file").read_text() == "mine" and recos_of("other")["wav.scp"] == ["c"]
    os.mkdir("empty")
    subset("all", "empty", SubsetOptions(first=1))
    assert recos_of("empty")["wav.scp"] == ["a"]


def test_a_failure_leaves_nothing_behind(here):
    make("all", ["a", "b"])
    Path("all/ref.rttm").write_bytes(b"\xff\n")
    with pytest.raises(DiarkitError, match="not UTF-8"):
        subset("all", "some", SubsetOptions(first=1))
    assert sorted(os.listdir()) == ["a.wav", "all", "b.wav"]


def test_an_unknown_file_is_left_out_aloud(here, call):
    make("all", ["a", "b"])
    Path("all/notes.md").write_text("keep the door shut\n")
    done = call("subset_data_dir.py", "--first", 1, "all", "some")
    assert done.returncode == 0 and "left out, no files of a data directory: notes.md" in done.stderr
    assert not os.path.exists("some/notes.md")


def test_options_that_make_no_sense(call):
    with pytest.raises(UsageError, match="--first and --list exclude each other"):
        SubsetOptions(first=1, list="x")
    with pytest.raises(UsageError, match="say what to keep"):
        SubsetOptions()
    assert call("subset_data_dir.py", "a", "b").returncode == 2
    assert call("subset_data_dir.py", "--first", "0", "a", "b").returncode == 2


def test_combine_merges_every_file(here, call):
    make("one", ["b", "d"])
    make("two", ["a", "c"])
    done = call("combine_data.py", "both", "one", "two")
    assert done.returncode == 0, done.stderr
    merged = recos_of("both")
    assert {name: sorted(recos) for name, recos in merged.items()} == dict.fromkeys(FILES, ["a", "b", "c", "d"])
    assert all(merged[name] == ["a", "b", "c", "d"] for name in FILES if name not in ("ref.rttm", "ref.uem"))
    assert not validate("both").problems


def test_combine_names_both_homes_of_a_double_recording(here, call):
    make("one", ["a", "b"])
    make("two", ["b", "c"])
    done = call("combine_data.py", "both", "one", "two")
    assert done.returncode == 1 and "b is in one and in two" in done.stderr
    assert not os.path.exists("both")


def test_combine_refuses_a_file_that_only_some_have(here):
    make("one", ["a"])
    make("two", ["b"])
    os.unlink("two/ref.rttm")
    with pytest.raises(DiarkitError, match="ref.rttm is in one, not in two"):
        combine("both", ["one", "two"])


def test_combine_refuses_double_segment_ids_a_single_source_and_a_full_target(here, call):
    make("one", ["a"])
    make("two", ["b"])
    Path("two/segments").write_text("a-x b 0.1 0.9\n")
    Path("two/utt2spk").write_text("a-x s\n")
    with pytest.raises(DiarkitError, match="both would be bad:\n.*a-x stands already"):
        combine("both", ["one", "two"])
    with pytest.raises(DiarkitError, match="one: is there already"):
        combine("one", ["two", make("three", ["c"])])
    assert call("combine_data.py", "both", "one").returncode == 2
    assert call("combine_data.py", "--help").returncode == 0
    assert not os.path.exists("both")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["a", "b-1", "b_1", "B", "ä", "中", "a.b", "z'q", "$x"]), min_size=2, unique=True),
       st.data())
def test_splitting_and_combining_give_the_whole_again(tmp_path_factory, recos, data):
    folder = tmp_path_factory.mktemp("split")
    old = os.getcwd()
    os.chdir(folder)
    try:
        make("all", recos)
        left = data.draw(st.lists(st.sampled_from(recos), min_size=1, max_size=len(recos) - 1, unique=True))
        Path("l").write_text("\n".join(left) + "\n")
        Path("r").write_text("\n".join(set(recos) - set(left)) + "\n")
        subset("all", "left", SubsetOptions(list="l"))
        subset("all", "right", SubsetOptions(list="r"))
        combine("again", ["left", "right"])
        assert not validate("again", ValidateOptions(audio=False)).problems
        assert {n: sorted(t.splitlines()) for n, t in content("again").items()} == \
            {n: sorted(t.splitlines()) for n, t in content("all").items()}
    finally:
        os.chdir(old)
