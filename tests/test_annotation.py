"""Segments, RTTM, UEM and reco2dur: round trips with ids in any script, and errors that name file and line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarkit.annotation import (
    Turn,
    make_segment,
    read_reco2dur,
    read_rttm,
    read_segments,
    read_uem,
    read_zones,
    segment_id,
    write_rttm,
    write_segments,
    write_uem,
)
from diarkit.datadir.problems import Report
from diarkit.datadir.scan import scan_rttm
from diarkit.errors import DiarkitError
from diarkit.files import read_table

IDS = st.text(st.characters(blacklist_categories=("Z", "C"), blacklist_characters="/"), min_size=1, max_size=12)
TIMES_MS = st.tuples(st.integers(0, 36_000_000), st.integers(1, 600_000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("annotation")


def write(folder, text):
    path = folder / "file"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def fails(folder, read, text, *words):
    with pytest.raises(DiarkitError) as error:
        read(write(folder, text))
    for word in words:
        assert word in str(error.value)
    assert str(error.value).startswith(str(folder / "file"))


def test_ids_sort_in_time_and_carry_milliseconds():
    assert segment_id("a-b", 1.5, 12.3456) == "a-b-00001500-00012346"
    assert make_segment("a", 0.12345, 1).start_s == 0.123
    ids = [segment_id("r", s, s + 1) for s in (0, 9.999, 10, 99.5, 35999)]
    assert ids == sorted(ids)


@given(turns=st.lists(st.tuples(IDS, TIMES_MS, IDS), max_size=8))
def test_rttm_round_trip(folder, turns):
    wanted = [Turn(reco, a / 1000, (a + d) / 1000, speaker) for reco, (a, d), speaker in turns]
    write_rttm(folder / "x.rttm", wanted)
    found = [turn for turns in read_rttm(folder / "x.rttm").values() for turn in turns]
    assert [(t.reco, t.speaker) for t in sorted(found)] == [(t.reco, t.speaker) for t in sorted(wanted)]
    for a, b in zip(sorted(found), sorted(wanted)):
        assert (a.start_s, a.end_s) == pytest.approx((b.start_s, b.end_s), abs=1e-9)


@given(reco=IDS, spans=st.lists(TIMES_MS, max_size=8, unique=True))
def test_segments_round_trip(folder, reco, spans):
    wanted = [make_segment(reco, a / 1000, (a + d) / 1000) for a, d in spans]
    write_segments(folder / "segments", wanted)
    assert read_segments(folder / "segments").get(reco, []) == wanted


@given(spans=st.dictionaries(IDS.filter(lambda i: not i.startswith(";;")), st.lists(TIMES_MS, min_size=1, max_size=4)))
def test_uem_round_trip(folder, spans):
    wanted = {reco: [(a / 1000, (a + d) / 1000) for a, d in parts] for reco, parts in spans.items()}
    write_uem(folder / "x.uem", wanted)
    assert read_uem(folder / "x.uem") == wanted


def test_rttm_lines_are_what_other_tools_read(folder):
    write_rttm(folder / "x.rttm", [Turn("साक्षात्कार", 0.0004, 1.23456, "SPEAKER_00"), Turn("a", 1, 1.0001, "gone")])
    text = (folder / "x.rttm").read_text(encoding="utf-8")
    assert text == "SPEAKER साक्षात्कार 1 0.000 1.235 <NA> <NA> SPEAKER_00 <NA> <NA>\n"


def test_turns_that_touch_still_touch(folder):
    turns = [Turn("r", i / 7, (i + 1) / 7, "ab"[i % 2]) for i in range(200)]
    write_rttm(folder / "x.rttm", turns)
    found = read_rttm(folder / "x.rttm")["r"]
    assert max(abs(a.end_s - b.start_s) for a, b in zip(found, found[1:])) < 1e-9


def test_rttm_passes_over_what_is_no_turn_and_sorts(folder):
    path = write(folder, ";; a comment\nSPKR-INFO r 1 <NA> <NA> <NA> unknown A <NA>\n\n"
                         "SPEAKER r 1 5 1 <NA> <NA> B <NA> <NA>\nSPEAKER\tr\t1\t0.5\t1\t<NA>\t<NA>\tA\t<NA>\r\n")
    assert read_rttm(path) == {"r": [Turn("r", 0.5, 1.5, "A"), Turn("r", 5.0, 6.0, "B")]}
    assert read_rttm(write(folder, "")) == {}


LINE = "SPEAKER r 1 {} {} <NA> <NA> A <NA> <NA>\n"


@pytest.mark.parametrize("text, words", [
    ("SPEAKER r 1 0 1 A\n", [":1: 6 columns", "SPEAKER <reco> 1"]),
    (LINE.format(0, 1) + LINE.format("x", 1), [":2: start is 'x'", "plain number"]),
    (LINE.format(0, "nan"), [":1: start is '0', duration is 'nan'"]),
    (LINE.format(0, "inf"), [":1: start is '0', duration is 'inf'"]),
    (LINE.format(0, 1) + "\n" + LINE.format(3, 0), [":3: start 3 s, end 3 s", "0 <= start < end"]),
    (LINE.format(3, -1), [":1: start 3 s, duration -1 s"]),
    (LINE.format(-1, 2), [":1: start -1 s"]),
    (LINE.format(0, 1).encode() + b"SPEAKER \xff 1 0 1 <NA> <NA> A\n", [":2: not UTF-8"]),
])
def test_rttm_names_file_and_line(folder, text, words):
    fails(folder, read_rttm, text, *words)


@pytest.mark.parametrize("text, words", [
    ("a r 0 1\nb r 1\n", [":2: 3 columns"]),
    ("a r 0 1\na r 1 2\n", [":2: a stands already on line 1"]),
    ("a r 0 one\n", [":1: start is '0', end is 'one'"]),
    ("a r 2 1\n", [":1: start 2 s, end 1 s"]),
])
def test_segments_name_file_and_line(folder, text, words):
    fails(folder, read_segments, text, *words)


@pytest.mark.parametrize("text, words", [
    ("r 1 0\n", [":1: 3 columns"]), ("r 1 0 1\nr 1 2 2\n", [":2: start 2 s, end 2 s"]), ("r 1 a 2\n", ["start is 'a'"]),
])
def test_uem_names_file_and_line(folder, text, words):
    fails(folder, read_uem, text, *words)


def test_uem_comments_and_channels(folder):
    assert read_uem(write(folder, ";; all of it\n# and more\nr 1 0.5 2\n")) == {"r": [(0.5, 2.0)]}
    assert read_uem(write(folder, "r 1 0 20\nr 2 0 20\nq 1 0 5\nq 2 3 9\nq 2 12 13\n")) == {
        "r": [(0.0, 20.0)], "q": [(0.0, 9.0), (12.0, 13.0)]}


FORMS = {"a byte order mark": "\ufeff{}\n{}\n", "CR LF": "{}\r\n{}\r\n", "CR": "{}\r{}\r",
         "no end of the last line": "{}\n{}", "blank lines": "\n{}\n\n\n{}\n\n"}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_table_is_read_in_every_form_of_text(folder, form):
    rttm = form.format("SPEAKER r 1 0 1 <NA> <NA> A <NA> <NA>", "SPEAKER r 1 1 1 <NA> <NA> B <NA> <NA>")
    assert read_rttm(write(folder, rttm)) == {"r": [Turn("r", 0, 1, "A"), Turn("r", 1, 2, "B")]}
    assert [span.name for span in scan_rttm(folder / "file", Report())] == ["A", "B"]
    assert read_uem(write(folder, form.format("r 1 0 1", "q 1 0 2"))) == {"r": [(0, 1)], "q": [(0, 2)]}
    assert list(read_segments(write(folder, form.format("a r 0 1", "b q 0 2")))) == ["r", "q"]
    assert read_table(write(folder, form.format("a x y", "b z"))) == {"a": "x y", "b": "z"}


@pytest.mark.parametrize("line, words", [
    ("SPEAKER r 1 0 1 <NA> <NA> John Smith <NA> <NA>", "11 columns, names may hold no blanks"),
    ("SPEAKER r 1 0 1 <NA> <NA> John Smith <NA>", "'Smith' stands where the confidence belongs"),
    ("speaker r 1 0 1 <NA> <NA> A <NA> <NA>", "a line of type 'speaker'"), ("SPEAKR r 1 0 1 <NA> <NA> A", "'SPEAKR'"),
    ("talk 1 A 0 1 hello", "a line of type 'talk'")])
def test_strict_and_lenient_readers_refuse_the_same_lines(folder, line, words):
    fails(folder, read_rttm, f"{LINE.format(0, 1)}{line}\n", ":2: ", words)
    report = Report()
    scan_rttm(folder / "file", report)
    assert words in report.problems[0].what and report.problems[0].line == 2


def test_the_types_of_nist_are_known_and_zones_are_kept(folder):
    text = ("# by hand\nEND\nSPKR-INFO r 1 <NA> <NA> <NA> adult_male A <NA>\nLEXEME r 1 <NA> <NA> um lex A <NA>\n"
            "NOSCORE r 1 12 6 <NA> <NA> <NA> <NA>\nNON-LEX r 1 3 1 ha LAUGH A <NA>\nSU r 1 0 9 <NA> statement A <NA>\n")
    assert read_rttm(write(folder, text + LINE.format(0, 1))) == {"r": [Turn("r", 0, 1, "A")]}
    assert [(z.kind, z.start_s, z.end_s, z.name) for z in read_zones(folder / "file")["r"]] == [
        ("NOSCORE", 12, 18, "<na>"), ("NON-LEX", 3, 4, "laugh")]
    write_rttm(folder / "again", [], read_zones(folder / "file"))
    assert [z[1:] for z in read_zones(folder / "again")["r"]] == [z[1:] for z in read_zones(folder / "file")["r"]]


def test_an_end_of_minus_one_is_the_end_of_the_recording(folder):
    fails(folder, read_segments, "a r 2 -1\n", ":1: an end of -1 means to the end")
    assert read_segments(folder / "file", open_ends=True)["r"][0].end_s == float("inf")


def test_times_are_read_from_columns_never_from_ids(folder):
    path = write(folder, "a-b-00000000-00001000 a-b 5 6\n")
    assert read_segments(path)["a-b"][0][2:] == (5.0, 6.0)


@pytest.mark.parametrize("text, words", [("r 0\n", ["r lasts 0 s"]), ("r -3\n", ["r lasts -3 s"]),
                                         ("r nan\n", ["r lasts nan s"]), ("r long\n", ["'long'"])])
def test_a_duration_is_positive(folder, text, words):
    fails(folder, read_reco2dur, text, *words)


def test_reco2dur(folder):
    assert read_reco2dur(write(folder, "b 1.5\na 36000\n")) == {"b": 1.5, "a": 36000.0}


@pytest.mark.parametrize("read", [read_rttm, read_segments, read_uem, read_reco2dur])
def test_a_file_that_is_not_there(tmp_path, read):
    with pytest.raises(DiarkitError, match="nowhere: cannot be read: No such file"):
        read(tmp_path / "nowhere")
