"""prepare-folder.py: a folder of any recordings, some of them broken, becomes a good data directory."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from diarkit.annotation import Turn, read_rttm, read_uem, read_zones
from diarkit.audio import AudioFile
from diarkit.datadir import FolderOptions, prepare_folder, validate
from diarkit.datadir.recordings import clean_id, make_ids
from diarkit.datadir.references import mended_turns
from diarkit.datadir.scan import Span, id_fault
from diarkit.errors import DiarkitError
from diarkit.files import read_number_table, read_table
from diarkit.formats.registry import form_of, write

RATE = 16000
FORMATS = {"wav": {}, "flac": {}, "mp3": {}, "ogg": {}, "opus": dict(format="OGG", subtype="OPUS"), "aiff": {},
           "au": {}, "caf": {}, "w64": {}, "sph": dict(format="NIST"), "aif": dict(format="AIFF"), "rf64": {}}


def noise(seconds=1.0):
    return np.random.default_rng(0).normal(0, 0.1, round(RATE * seconds)).astype(np.float32)


def put(path, seconds=1.0, **more):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    soundfile.write(path, noise(seconds), RATE, **more)


def rttm(path, *turns):
    lines = (turn.split() for turn in turns)
    Path(path).write_text("".join(f"SPEAKER {r} 1 {s} {d} <NA> <NA> {who} <NA> <NA>\n" for r, s, d, who in lines))


def prepare(target="data", **options):
    return prepare_folder(target, FolderOptions(**options))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_real_speech_in_every_format_and_any_case(speech, call):
    os.mkdir("audio")
    for name, how in FORMATS.items():
        soundfile.write(f"audio/in_{name}.{name}", speech, RATE, **how)
    soundfile.write("audio/LOUD.WAV", speech, RATE)
    done = call("prepare-folder.py", "data")
    assert done.returncode == 0, done.stderr
    assert list(read_table("data/wav.scp")) == sorted(["LOUD"] + [f"in_{name}" for name in FORMATS])
    durations = read_number_table("data/reco2dur")
    assert all(abs(seconds - len(speech) / RATE) < 0.05 for seconds in durations.values()), durations
    assert not validate("data").problems and Path("data/dropped.txt").read_text() == ""
    assert not os.path.exists("data/ref.rttm")


@pytest.mark.parametrize("name, reco", [
    ("a b/c  d.wav", "a_b_c__d"), ("Zürich gespräch.wav", "Zürich_gespräch"), ("会議/一.wav", "会議_一"),
    ("it's \"quoted\".wav", "it's_\"quoted\""), ("a\tb.wav", "a_b"), ("$HOME;rm -rf.wav", "$HOME;rm_-rf"),
    ("no\u00a0break.wav", "no_break"), ("e\u0301.wav", "é"), ("two.dots.wav", "two.dots"), (";;c.wav", "_;;c"),
    ("-x.wav", "-x"), ("a|b.wav", "a|b"), (" lead.wav", "_lead"), ("100%.wav", "100%")])
def test_any_name_works_down_to_the_samples(name, reco):
    put(f"my audio/{name}")
    assert prepare(audio="my audio") == {}
    table = read_table("data/wav.scp")
    assert list(table) == [reco]
    assert AudioFile(table[reco]).duration_s == 1.0
    assert not validate("data").problems


def test_names_that_cannot_stand_in_a_table_are_left_out():
    put("audio/good.wav")
    for name in (b"line\nbreak.wav", b"latin-\xe9.wav"):
        os.link("audio/good.wav", b"audio/" + name)
    dropped = prepare()
    assert {name: why.split(".")[0] for name, why in dropped.items()} == {
        "line\nbreak.wav": "its name holds a line break", "latin-\\xe9.wav": "its name is not UTF-8"}
    assert list(read_table("data/wav.scp")) == ["good"]


def test_names_that_give_the_same_id_are_told_apart():
    for name in ("talk.wav", "talk.flac", "x/y.wav", "x_y.wav", "one.wav", "deep/one.wav"):
        put(f"audio/{name}")
    prepare()
    table = read_table("data/wav.scp")
    assert {"talk.wav": "audio/talk.wav", "talk.flac": "audio/talk.flac", "one": "audio/one.wav",
            "deep_one": "audio/deep/one.wav"}.items() <= table.items()
    alike = sorted(path for reco, path in table.items() if reco.startswith("x_y.wav-"))
    assert alike == ["audio/x/y.wav", "audio/x_y.wav"] and len(table) == 6


@given(st.lists(st.text(st.sampled_from("ab/_. é-"), min_size=1, max_size=6).map(lambda name: name.strip("/") + ".wav"),
                unique=True, max_size=12))
def test_ids_are_unique_legal_and_do_not_depend_on_order(names):
    ids = make_ids(names)
    assert len(set(ids.values())) == len(names) and not any(id_fault(reco) for reco in ids.values())
    assert make_ids(names[::-1]) == ids


@given(st.text(min_size=1))
def test_a_cleaned_id_is_legal_and_stays(name):
    assert not id_fault(clean_id(name)) and clean_id(clean_id(name)) == clean_id(name)


def spoil(folder):
    """Fill a folder with what cannot be used; return {name: a word of the reason}."""
    put(f"{folder}/half.wav", 2)
    raw = Path(folder, "half.wav").read_bytes()
    Path(folder, "half.wav").write_bytes(raw[:len(raw) // 2])
    put(f"{folder}/half.flac", 2)
    raw = Path(folder, "half.flac").read_bytes()
    Path(folder, "half.flac").write_bytes(raw[:len(raw) // 2])
    Path(folder, "text.wav").write_text("dear diary\n")
    Path(folder, "zero.wav").write_bytes(b"")
    put(f"{folder}/silentless.wav", 0)
    for word, value in (("nan", np.nan), ("inf", np.inf)):
        sound = noise()
        sound[-1] = value
        soundfile.write(f"{folder}/{word}.wav", sound, RATE, subtype="FLOAT")
    Path(folder, "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    os.symlink("nowhere.wav", f"{folder}/dangling.wav")
    return {"half.wav": "cut short", "half.flac": "half.flac", "text.wav": "it is text", "zero.wav": "0 bytes",
            "silentless.wav": "no samples", "nan.wav": "nan", "inf.wav": "inf", "film.mp4": "cannot be opened",
            "dangling.wav": "No such file"}


def test_broken_files_are_left_out_with_the_reason_and_the_others_go_on(call):
    put("audio/good.wav")
    reasons = spoil("audio")
    done = call("prepare-folder.py", "--audio", "audio", "data")
    assert done.returncode == 0, done.stderr
    assert list(read_table("data/wav.scp")) == ["good"]
    dropped = dict(line.split("\t") for line in Path("data/dropped.txt").read_text().splitlines())
    assert dropped.keys() == reasons.keys()
    for name, word in reasons.items():
        assert word in dropped[name] and f"left out {name}: " in done.stderr
    again = call("prepare-folder.py", "--audio", "audio", "data")
    assert "data is up to date" in again.stderr and "left out zero.wav: " in again.stderr


@pytest.mark.parametrize("fill, words", [
    (lambda: None, "audio: no such folder or file"),
    (lambda: os.mkdir("audio"), "no file has an extension of sound"),
    (lambda: (os.mkdir("audio"), Path("audio/notes.txt").write_text("x")), "no file has an extension of sound"),
    (lambda: (os.mkdir("audio"), spoil("audio")), r"no recording in it can be used:\n(.*\n)*.*text.wav: ")])
def test_nothing_to_use_is_an_error_that_leaves_nothing(fill, words, call):
    fill()
    with pytest.raises(DiarkitError, match=words):
        prepare()
    assert call("prepare-folder.py", "data").returncode == 1
    assert not os.path.exists("data") and not [n for n in os.listdir() if n.startswith(".")]


def test_hidden_files_are_passed_over_and_links_are_followed_once():
    put("audio/a.wav")
    put("audio/.hidden.wav")
    put("audio/.git/b.wav")
    put("elsewhere/c.wav")
    put("audio/real/d.wav")
    os.symlink("../elsewhere", "audio/more")
    os.symlink(".", "audio/loop")
    os.symlink("real", "audio/alias")
    assert prepare() == {}
    assert read_table("data/wav.scp") == {
        "a": "audio/a.wav", "more_c": "audio/more/c.wav", "real_d": "audio/real/d.wav"}


def test_one_file_is_a_folder_of_one_and_absolute_paths_stay_absolute(here):
    put("one.wav")
    prepare(audio=str(here / "one.wav"))
    assert read_table("data/wav.scp") == {"one": str(here / "one.wav")}


def test_references_beside_the_audio_whatever_name_they_carry_inside():
    put("audio/a b.wav", 3)
    put("audio/sub/c.flac", 2)
    rttm("audio/a b.rttm", "something 0 1 anna", "something 1.5 1 ben")
    rttm("audio/sub/c.rttm", "c 0.5 1 carl")
    Path("audio/sub/c.uem").write_text("c 1 0.5 1.5\n")
    prepare()
    turns = {reco: [tuple(t[1:4]) for t in turns] for reco, turns in read_rttm("data/ref.rttm").items()}
    assert turns == {"a_b": [(0, 1, "anna"), (1.5, 2.5, "ben")], "sub_c": [(0.5, 1.5, "carl")]}
    assert read_uem("data/ref.uem") == {"a_b": [(0, 3)], "sub_c": [(0.5, 1.5)]}
    assert read_table("data/reco2num_spk") == {"a_b": "2", "sub_c": "1"}
    assert not validate("data").problems


def test_the_same_name_in_two_folders_keeps_its_own_reference():
    for folder, who in (("one", "anna"), ("two", "ben")):
        put(f"audio/{folder}/talk.wav")
        rttm(f"audio/{folder}/talk.rttm", f"talk 0 0.5 {who}")
    prepare()
    assert {reco: turns[0].speaker for reco, turns in read_rttm("data/ref.rttm").items()} == \
        {"one_talk": "anna", "two_talk": "ben"}


def test_one_rttm_for_all_matches_ids_names_and_names_with_extension(call):
    for name in ("one two.wav", "sub/IS1000a.Mix-Headset.wav", "c.wav", "nobody.wav"):
        put(f"audio/{name}")
    rttm("all.rttm", "one_two 0 1 a", "IS1000a.Mix-Headset 0 1 b", "c.wav 0 1 c", "gone 0 1 d")
    done = call("prepare-folder.py", "--rttm", "all.rttm", "data")
    assert done.returncode == 0, done.stderr
    assert set(read_table("data/wav.scp")) == {"one_two", "sub_IS1000a.Mix-Headset", "c"}
    assert set(read_rttm("data/ref.rttm")) == set(read_table("data/wav.scp"))
    assert "left out nobody.wav: all.rttm does not speak of it. Name it nobody there" in done.stderr
    assert "note: rttm: 1 names belong to no recording: gone" in done.stderr


def test_a_folder_of_rttms_elsewhere_matches_by_file_name_too():
    put("audio/a.wav")
    put("audio/b.wav")
    os.makedirs("ref/deep")
    rttm("ref/deep/a.rttm", "meeting 0 1 x")
    rttm("ref/b.rttm", "b 0 1 y", "b 0 0.5 z")
    prepare(rttm="ref")
    assert read_table("data/reco2num_spk") == {"a": "1", "b": "2"}


def test_a_name_that_two_files_share_does_not_take_a_common_reference():
    put("audio/one/talk.wav")
    put("audio/two/talk.wav")
    rttm("all.rttm", "talk 0 1 x")
    with pytest.raises(DiarkitError, match="all.rttm does not speak of it. Name it one_talk there"):
        prepare(rttm="all.rttm")


def test_two_references_for_one_recording_are_refused():
    put("audio/a.wav")
    put("audio/b.wav")
    os.mkdir("ref")
    rttm("ref/1.rttm", "a 0 1 x", "b 0 1 x")
    rttm("ref/2.rttm", "a 0 1 y", "c 0 1 x")
    assert prepare(rttm="ref") == {"a.wav": "both ref/1.rttm and ref/2.rttm speak of it. Keep one"}


def test_references_for_some_only_are_not_written_and_that_is_said(call):
    put("audio/a.wav")
    put("audio/b.wav")
    rttm("audio/a.rttm", "a 0 1 x")
    done = call("prepare-folder.py", "data")
    assert done.returncode == 0 and "1 of 2 recordings have no RTTM beside them: b. So no reference" in done.stderr
    assert not os.path.exists("data/ref.rttm") and not os.path.exists("data/reco2num_spk")


def test_a_bad_reference_beside_costs_itself_only(capsys):
    put("audio/a.wav")
    put("audio/b.wav")
    rttm("audio/a.rttm", "a 0 x s")
    rttm("audio/b.rttm", "b 0 1 s")
    assert prepare() == {} and list(read_table("data/wav.scp")) == ["a", "b"]
    assert "note: a.wav: it has no reference, since the one beside it is bad: audio/a.rttm:1: start is '0', duration " \
           "is 'x'" in capsys.readouterr().err
    with pytest.raises(DiarkitError, match="must be mended first:\n  audio/a.rttm:1"):
        prepare(rttm="audio/a.rttm", target="other")


def test_references_beside_in_capitals_without_a_last_newline_with_channels_and_zones():
    put("audio/a.wav", 3)
    Path("audio/a.RTTM").write_text("\ufeffSPEAKER x 1 0 1 <NA> <NA> A <NA>\nNOSCORE x 1 1 0.5 <NA> <NA> <NA> <NA>\n"
                                    "NON-LEX x 1 2 0.25 ha laugh A <NA>\nLEXEME x 1 0 1 hi lex A <NA>")
    Path("audio/a.UEM").write_text("x 1 0 2.5\nx 2 0 2.5")
    prepare()
    assert read_rttm("data/ref.rttm") == {"a": [Turn("a", 0, 1, "A")]} and read_uem("data/ref.uem") == {"a": [(0, 2.5)]}
    assert [(z.kind, z.start_s, z.end_s, z.name) for z in read_zones("data/ref.rttm")["a"]] == [
        ("NOSCORE", 1, 1.5, "<na>"), ("NON-LEX", 2, 2.25, "laugh"), ("LEXEME", 0, 1, "lex")]
    assert not validate("data").problems


def test_a_reference_of_another_format_beside_the_audio_is_named(capsys):
    put("audio/a.wav")
    Path("audio/a.stm").write_text("a 1 Ann 0.5 2 hi\n")
    prepare()
    assert "note: audio/a.stm may be a reference, but is no RTTM and was not read. `utils/convert_reference.py " \
           "audio/a.stm audio/a.rttm` makes one of it" in capsys.readouterr().err


def test_names_of_recordings_that_are_left_out_are_no_unknown_names(capsys):
    put("audio/a.wav")
    Path("audio/broken.wav").write_text("no sound")
    rttm("all.rttm", "a 0 1 x", "broken 0 1 x", "stranger 0 1 x")
    assert list(prepare(rttm="all.rttm")) == ["broken.wav"]
    assert "1 names belong to no recording: stranger" in capsys.readouterr().err


def test_an_empty_rttm_means_nobody_speaks():
    put("audio/a.wav")
    Path("audio/a.rttm").write_text("")
    prepare()
    assert read_table("data/reco2num_spk") == {"a": "0"} and Path("data/ref.rttm").read_text() == ""
    assert not validate("data").problems


def test_a_reference_of_another_recording_is_found_by_its_length():
    put("audio/a.wav", 1)
    put("audio/b.wav", 3)
    rttm("all.rttm", "a 0 2 s", "b 0 2 s")
    dropped = prepare(rttm="all.rttm")
    assert "a turn from 0.000 to 2.000 s, it ends at 1.000 s" in dropped["a.wav"]
    Path("b.uem").write_text("b 1 0 30\n")
    with pytest.raises(DiarkitError, match="its UEM goes to 30.000 s, it ends at 3.000 s"):
        prepare(uem="b.uem", target="other", audio="audio/b.wav")


def spans(*turns):
    return [Span(n, "a", start, end, who) for n, (start, end, who) in enumerate(turns, 1)]


def test_turns_are_cut_joined_and_left_out_by_the_letter():
    turns, said = mended_turns("r", spans((0, 1, "x"), (0.5, 2, "x"), (0.6, 0.7, "x"), (1, 1, "y"), (2, 3.2, "y"),
                                          (2, 2.5, "x")), 3.0)
    assert [(t.start_s, t.end_s, t.speaker) for t in turns] == [(0, 2, "x"), (2, 2.5, "x"), (2, 3.0, "y")]
    assert sorted(said) == ["1 turns cut at the end of the recording", "1 turns of no length left out",
                            "2 turns joined to one of the same speaker that it overlaps"]


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 3), st.sampled_from("xyz"))))
def test_mended_turns_cover_the_same_time_and_never_overlap_themselves(drawn):
    given_spans = spans(*((start, min(start + long, 10.3), who) for start, long, who in drawn))
    turns, _ = mended_turns("r", given_spans, 10.0)
    for who in "xyz":
        mine = sorted((t.start_s, t.end_s) for t in turns if t.speaker == who)
        assert all(end <= start + 1e-6 for (_, end), (start, _) in zip(mine, mine[1:]))
        assert all(0 <= start < end <= 10 for start, end in mine)
        for span in given_spans:
            if span.name == who and min(span.end_s, 10) - span.start_s >= 0.001:
                middle = (span.start_s + min(span.end_s, 10)) / 2
                assert any(start <= middle <= end for start, end in mine)


def test_up_to_date_changed_and_foreign_targets(call):
    put("audio/a.wav")
    prepare()
    before = os.stat("data/wav.scp").st_ino
    prepare()
    assert os.stat("data/wav.scp").st_ino == before
    put("audio/b.wav")
    done = call("prepare-folder.py", "data")
    assert "made from other files or options, making it again" in done.stderr
    assert list(read_table("data/wav.scp")) == ["a", "b"] and os.stat("data/wav.scp").st_ino != before
    Path("data/notes").write_text("mine")
    os.unlink("audio/b.wav")
    with pytest.raises(DiarkitError, match="holds notes, which would be lost"):
        prepare()
    assert Path("data/notes").read_text() == "mine" and list(read_table("data/wav.scp")) == ["a", "b"]
    os.mkdir("foreign")
    Path("foreign/thesis.tex").write_text("mine")
    with pytest.raises(DiarkitError, match="foreign: is there already"):
        prepare("foreign")


def test_a_failed_remake_keeps_the_old_directory():
    put("audio/a.wav")
    prepare()
    Path("audio/a.wav").write_text("text now")
    with pytest.raises(DiarkitError, match="no recording"):
        prepare()
    assert list(read_table("data/wav.scp")) == ["a"] and sorted(os.listdir()) == ["audio", "data"]


@pytest.mark.parametrize("name", ["ref/one.TextGrid", "ref/one.eaf", "ref/one.csv", "ref/all.stm", "ref/one.srt"])
def test_a_reference_may_have_any_format(name, call, tmp_path):
    (tmp_path / "ref").mkdir()
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio" / "one.wav", np.zeros(80000), 16000)
    turns = [Turn("one", 0.5, 2, "Ann"), Turn("one", 1.5, 4, "Bob")]
    (tmp_path / name).write_text(write(form_of(name), turns, "one", 5.0))
    done = call(ROOT / "bin/prepare-folder.py", "--ref", "ref", "data")
    assert done.returncode == 0, done.stderr
    assert read_rttm(tmp_path / "data/ref.rttm") == {"one": turns} and read_uem(tmp_path / "data/ref.uem") == {
        "one": [(0, 5)]}
    assert "up to date" in call(ROOT / "bin/prepare-folder.py", "--ref", "ref", "data").stderr


def test_what_a_reference_keeps_out_is_not_scored_and_its_faults_are_named(call, tmp_path):
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio" / "one.wav", np.zeros(80000), 16000)
    stm = tmp_path / "one.stm"
    stm.write_text("one 1 Ann 0.5 2 hi\none 1 x 3 4 IGNORE_TIME_SEGMENT_IN_SCORING\n")
    assert call(ROOT / "bin/prepare-folder.py", "--ref", "one.stm", "data").returncode == 0
    assert read_uem(tmp_path / "data/ref.uem") == {"one": [(0, 3), (4, 5)]}
    stm.write_text("one 1 Ann 0.5 x hi\n")
    done = call(ROOT / "bin/prepare-folder.py", "--ref", "one.stm", "data")
    assert done.returncode == 1 and "one.stm:1: end is 'x'. Write seconds" in done.stderr
    done = call(ROOT / "bin/prepare-folder.py", "--ref", "one.stm", "--rttm", "x", "data")
    assert done.returncode == 2 and "give one of them" in done.stderr
