"""Every format: what is written, what others read in it, what comes back, and what is refused."""

import csv
import io
import json
import random

import pysubs2
import pytest
from conftest import ROOT
from praatio import textgrid as praatio_textgrid
from pympi import Elan, Praat

from diarkit.annotation import Turn, read_uem
from diarkit.errors import DiarkitError, UsageError
from diarkit.formats import csv_turns, json_turns, registry, subtitles
from diarkit.formats.json_turns import JsonOptions
from diarkit.formats.registry import FORMATS, READABLE, WRITABLE, file_name, form_of, names_of, read, write
from diarkit.formats.scored import scored_spans
from diarkit.turns import one_at_a_time

TURNS = [Turn("r", 0.0, 2.345, "SPEAKER_01"), Turn("r", 1.1, 3661.0004, "SPEAKER_00"),
         Turn("r", 36000.0996, 36001, "नेहा")]


def test_json_has_numbers_or_as_some_readers_expect_text():
    wanted = [{"speaker": "SPEAKER_01", "start": 0.0, "end": 2.345},
              {"speaker": "SPEAKER_00", "start": 1.1, "end": 3661.0},
              {"speaker": "नेहा", "start": 36000.1, "end": 36001}]
    assert json.loads(json_turns.write(TURNS)) == {"diarization": wanted}
    assert json.loads(json_turns.write(TURNS, options=JsonOptions(times="text")))["diarization"][0] == {
        "speaker": "SPEAKER_01", "start": "0.000", "end": "2.345"}
    assert json.loads(json_turns.write([])) == {"diarization": []} and "नेहा" in json_turns.write(TURNS)
    with pytest.raises(UsageError, match="--times must be one of number, text"):
        JsonOptions(times="string")


def test_csv_adds_up_and_quotes_what_needs_it():
    text = csv_turns.write([*TURNS, Turn("r", 5, 6, 'a,"b')])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert text.startswith("start,end,duration,speaker\n0.000,2.345,2.345,SPEAKER_01\n")
    assert [line["speaker"] for line in lines] == ["SPEAKER_01", "SPEAKER_00", "नेहा", 'a,"b']
    for line in lines:
        assert float(line["start"]) + float(line["duration"]) == pytest.approx(float(line["end"]), abs=1e-9)
    assert csv_turns.write([]) == "start,end,duration,speaker\n"


def test_srt_has_one_numbered_cue_per_turn():
    assert subtitles.write_srt(TURNS) == ("1\n00:00:00,000 --> 00:00:02,345\nSPEAKER_01\n\n"
                             "2\n00:00:01,100 --> 01:01:01,000\nSPEAKER_00\n\n"
                             "3\n10:00:00,100 --> 10:00:01,000\nनेहा\n")
    assert subtitles.write_srt([]) == ""


def test_vtt_names_the_voice_and_escapes_what_is_markup():
    text = subtitles.write_vtt([*TURNS[:1], Turn("r", 360000, 360001, "<NA>&-->")])
    assert text == ("WEBVTT\n\n00:00:00.000 --> 00:00:02.345\n<v SPEAKER_01>SPEAKER_01\n\n"
                    "100:00:00.000 --> 100:00:01.000\n<v &lt;NA&gt;&amp;--&gt;>&lt;NA&gt;&amp;--&gt;\n")
    assert subtitles.write_vtt([]) == "WEBVTT\n"


def conversation(count=300, speakers=4):
    """Turns of an hour with overlaps, names in three scripts, and lengths from a few hundredths of a second up."""
    chance, names = random.Random(7), ["Anna", "SPEAKER_00", "नेहा", "李明"][:speakers]
    at, last, found = 0.4, dict.fromkeys(names, 0.0), []
    for _ in range(count):
        name = chance.choice(names)
        start = max(at + chance.uniform(-1.5, 1), last[name] + 0.05, 0)
        at = last[name] = start + chance.choice([0.02, 0.3, 2, 11]) * chance.uniform(1, 2)
        found.append(Turn("talk", start, at, name))
    return sorted(found)


@pytest.mark.parametrize("form", WRITABLE)
def test_what_is_written_comes_back(form, tmp_path):
    made = conversation()
    path = tmp_path / file_name("talk", form)
    for turns in (made, []):
        path.write_text(write(form, turns, "talk", 4000), encoding="utf-8")
        found = read(str(path), None if turns else form).turns.get("talk", [])
        assert sorted(t.speaker for t in found) == sorted(t.speaker for t in turns)
        for name in {t.speaker for t in turns}:
            pairs = list(zip([t for t in turns if t.speaker == name], [t for t in found if t.speaker == name]))
            worst = max(max(abs(a.start_s - b.start_s), abs(a.end_s - b.end_s)) for a, b in pairs)
            assert worst <= FORMATS[form].resolution_s * 0.51 + 1e-9
        assert write(form, turns, "talk", 4000) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["rttm", "json", "csv", "tsv", "ctm"])
def test_confidence_comes_back(form, tmp_path):
    turns = [Turn("talk", 0, 1, "a", 0.25), Turn("talk", 1, 2, "b", 1.0)]
    (tmp_path / f"talk.{form}").write_text(write(form, turns, "talk"))
    assert read(str(tmp_path / f"talk.{form}")).turns == {"talk": turns}
    if form == "rttm":
        assert write(form, turns, "talk").splitlines()[0] == "SPEAKER talk 1 0.000 1.000 <NA> <NA> a 0.250 <NA>"


def by_speaker(turns):
    found = {}
    for t in turns:
        found.setdefault(t.speaker, []).append((round(t.start_s * 1000), round(t.end_s * 1000)))
    return found


def test_praat_is_read_by_two_libraries(tmp_path):
    made, path = conversation(), str(tmp_path / "talk.TextGrid")
    (tmp_path / "talk.TextGrid").write_text(write("textgrid", made, "talk", 4000), encoding="utf-8")
    tiers = Praat.TextGrid(path, codec="utf-8").get_tiers()
    other = {tier.name: [(round(a * 1000), round(b * 1000)) for a, b, text in tier.get_intervals() if text]
             for tier in tiers}
    grid = praatio_textgrid.openTextgrid(path, includeEmptyIntervals=False)
    assert other == by_speaker(made) and grid.maxTimestamp == 4000
    assert {t.name: [(round(e.start * 1000), round(e.end * 1000)) for e in t.entries] for t in grid.tiers} == other


def test_praat_in_its_other_text_forms(tmp_path):
    made = conversation(40)
    grid = (tmp_path / "a.TextGrid")
    grid.write_text(write("textgrid", made, "talk", 4000), encoding="utf-8")
    praatio_textgrid.openTextgrid(str(grid), True).save(str(tmp_path / "short.TextGrid"), "short_textgrid", True)
    (tmp_path / "wide.TextGrid").write_bytes(grid.read_text(encoding="utf-8").encode("utf-16"))
    for name in ("short", "wide"):
        assert by_speaker(read(str(tmp_path / f"{name}.TextGrid")).turns[name]) == by_speaker(made)


def test_elan_is_read_by_pympi_and_follows_the_order_of_its_schema(tmp_path):
    made = conversation()
    path = tmp_path / "talk.eaf"
    path.write_text(write("eaf", made, "talk", 4000), encoding="utf-8")
    document = Elan.Eaf(str(path))
    assert {name: sorted(a[:2] for a in document.get_annotation_data_for_tier(name))
            for name in document.get_tier_names()} == by_speaker(made)
    text = path.read_text(encoding="utf-8")
    assert text.index("<HEADER") < text.index("<TIME_ORDER") < text.index("<TIER") < text.index("<LINGUISTIC_TYPE")


@pytest.mark.parametrize("form", ["srt", "vtt", "ass"])
def test_subtitles_are_read_by_pysubs2(form, tmp_path):
    made = conversation()
    subs = pysubs2.SSAFile.from_string(write(form, made, "talk"), format_=form)
    assert len(subs) == len(made)
    for cue, turn in zip(sorted(subs, key=lambda s: (s.start, s.end)), made):
        assert abs(cue.start - turn.start_s * 1000) <= 6 and abs(cue.end - turn.end_s * 1000) <= 10
        assert turn.speaker in cue.text
    if form == "ass":
        assert {cue.name for cue in subs} == {t.speaker for t in made} and len(subs.styles) == 4
        written = subs.to_string("ass")
        (tmp_path / "talk.ass").write_text(written, encoding="utf-8")
        assert len(read(str(tmp_path / "talk.ass")).turns["talk"]) == len(made)


def test_lists_tables_labels_and_ctm_look_as_their_programs_want_them():
    turns = [Turn("r", 0.288, 4.406, "0"), Turn("r", 6.97, 69.8, "1"), Turn("r", 70, 71, "0")]
    assert write("list", turns, "r") == ("========= 0 =========\n0:00.288 ==> 0:04.406\n1:10.000 ==> 1:11.000\n"
                                         "========= 1 =========\n0:06.970 ==> 1:09.800\n")
    assert write("table", turns[:2], "r", 75).splitlines() == [
        "segment_001 0.00 0.29 NON_SPEECH", "segment_002 0.29 4.41 0", "segment_003 4.41 6.97 NON_SPEECH",
        "segment_004 6.97 69.80 1", "segment_005 69.80 75.00 NON_SPEECH"]
    assert write("audacity", turns[:1], "r") == "0.288000\t4.406000\t0\n"
    assert write("ctm", turns[:1], "r") == "r 1 0.288 4.118 0\n"
    assert write("stm", turns[:1], "r") == "r 1 0 0.288 4.406 <NA>\n"


GIVEN = {
    "talk.cha": ("@Begin\n@Participants:\tCHI Target_Child, MOT Mother\n*MOT:\tdo you see . \x150_1500\x15\n"
                 "%mor:\tv|do\n*CHI:\tyes I\n\tdo . \x151600_2750\x15\n@End\n", [(0, 1.5, "MOT"), (1.6, 2.75, "CHI")]),
    "talk.stm": (";; NIST\ntalk 1 Ann 0.00 1.50 <o,f0,female> hello there\ntalk 1 inter_segment_gap 1.50 1.60\n"
                 "talk 1 Bob 1.6 2.75 yes\n", [(0, 1.5, "Ann"), (1.6, 2.75, "Bob")]),
    "words.ctm": ("talk 1 0.00 0.70 do 0.9 lex MOT\ntalk 1 0.80 0.7 you NA lex CHI\n",
                  [(0, 0.7, "MOT"), (0.8, 1.5, "CHI")]),
    "talk.csv": ("\ufeffSpeaker;Begin;Duration;note\r\nAnn B;0:00.0;1,5;x\r\n", None),
    "talk.tsv": ("filename\tStart Time\tEnd_Time\tSpeaker ID\ntalk\t0:01:00.5\t61.5\tAnn\n", [(60.5, 61.5, "Ann")]),
    "talk.srt": ("1\n00:00:00,000 --> 00:00:01,500\nAnn: hello there.\n\n2\n00:00:01,600 --> 00:00:02,750\n"
                 "[Bob] yes, I do.\n", [(0, 1.5, "Ann"), (1.6, 2.75, "Bob")]),
    "talk.vtt": ("WEBVTT\nKind: captions\n\nNOTE by hand\n\nid1\n00:00.000 --> 00:01.500 align:start\n"
                 "<v.loud Ann>hello there\n", [(0, 1.5, "Ann")]),
    "talk.rttm": ("SPEAKER talk 1 0.00 1.50 <NA> <NA> Ann <NA> <NA>\n", [(0, 1.5, "Ann")]),
    "min.json": ('[{"id": 1, "audio": "/data/upload/2/0a1b2c3d-talk.wav", "label": [{"start": 0, "end": 1.5, '
                 '"channel": 0, "labels": ["Ann"]}]}]', [(0, 1.5, "Ann")]),
    "full.json": ('[{"id": 1, "data": {"audio": "s3://x/talk.flac?sig=1"}, "annotations": [{"was_cancelled": true, '
                  '"result": []}, {"result": [{"type": "labels", "value": {"start": 0.0, "end": 1.5, "labels": '
                  '["Ann"]}}, {"type": "textarea", "value": {"start": 0, "end": 1.5, "text": ["hi"]}}]}]}]',
                  [(0, 1.5, "Ann")]),
    "talk.json": ('{"segments": [{"start": "0:00:00.0", "end": "1.500", "speaker": "Ann", "text": "hi"}]}',
                  [(0, 1.5, "Ann")]),
    "talk.txt": ("0.000000\t1.500000\tAnn\n\\\t100.0\t200.0\n", [(0, 1.5, "Ann")]),
}


@pytest.mark.parametrize("name", [n for n, (_, wanted) in GIVEN.items() if wanted])
def test_what_others_write_is_read(name, tmp_path):
    text, wanted = GIVEN[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read(str(tmp_path / name)).turns["talk"]
    assert [(round(t.start_s, 6), round(t.end_s, 6), t.speaker) for t in found] == wanted


BAD = {
    "talk.csv": (GIVEN["talk.csv"][0], "talk.csv:2: duration is '1,5'. Write seconds as a plain number"),
    "head.csv": ("a,b\n1,2\n", "head.csv:1: the header is 'a,b'. Write a header that names start, end and speaker"),
    "short.csv": ("start,end,speaker\n1,2\n", "short.csv:2: 2 columns, the header has 3"),
    "back.csv": ("start,end,speaker\n\n3,2,a\n", "back.csv:3: start 3 s, end 2 s. Make 0 <= start < end"),
    "films.srt": ("1\n00:00:00,000 --> 00:00:01,500\nHello there.\n",
                  "films.srt:2: the cue 'Hello there.' does not say"),
    "mixed.srt": ("1\n00:00:00,000 --> 00:00:01,500\nAnn: hi\n\n2\n00:00:02,000 --> 00:00:03,000\nyes\n",
                  "mixed.srt:6: the cue 'yes' does not say who speaks"),
    "clock.srt": ("1\n00:00:xx,000 --> 00:00:01,500\nAnn\n", "clock.srt:"),
    "none.vtt": ("hello\n", "none.vtt:1: no line reads"),
    "a.cha": ("*MOT:\thello .\n*CHI:\tyes . \x150_10\x15\n", "a.cha:1: this utterance of MOT has no times"),
    "a.ctm": ("talk 1 0 1\n", "a.ctm:1: 4 columns. Write `<reco> 1 <start> <duration> <speaker> "),
    "a.stm": ("talk 1 Ann 0 nan x\n", "a.stm:1: end is 'nan'"),
    "a.json": ('{"x": [}', "a.json:1: no JSON"),
    "b.json": ('{"diarization": [{"start": 0, "end": 1}]}', "b.json: turn 1 has no speaker"),
    "c.json": ('{"x": 1}', "c.json: no list of turns"),
    "two.json": ('[{"audio": "a.wav", "label": [{"start": 0, "end": 1, "labels": ["A", "B"]}]}]', "2 labels"),
    "a.TextGrid": ("File type = nonsense\n", "a.TextGrid: no TextGrid: "),
    "a.eaf": ("<xml", "a.eaf: no ELAN document: "),
    "list.txt": ("==== A ====\n0:01 => 0:02\n", "list.txt:2: neither a heading nor times"),
    "table.txt": ("segment_001 0.00 2.57\n", "table.txt:1: 3 columns"),
    "label.txt": ("0\t1\n", "label.txt:1: 2 columns"),
    "a.ass": ("[Events]\nDialogue: 0,0:00:00.00,x,S0,A,0,0,0,,A\n", "a.ass:2: end is 'x'"),
    "a.docx": ("x", "a.docx: the extension .docx belongs to no format that is known. Name the format: rttm"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(name, tmp_path):
    (tmp_path / name).write_text(BAD[name][0], encoding="utf-8")
    with pytest.raises(DiarkitError) as error:
        read(str(tmp_path / name))
    assert BAD[name][1] in str(error.value)


@pytest.mark.parametrize("form", READABLE)
def test_junk_is_an_error_not_a_crash(form, tmp_path):
    for number, junk in enumerate((b"\xff\xfe\x00", b"\x89PNG\r\n\x1a\n\x00\x80", b"a b c d e f\n", b"[[1]]", b"{}")):
        path = tmp_path / f"{number}.{FORMATS[form].suffix}"
        path.write_bytes(junk)
        try:
            assert read(str(path), form).turns == {}
        except DiarkitError as error:
            assert str(path) in str(error)


def test_formats_are_named_and_found():
    assert names_of("srt, rttm,srt") == ["srt", "rttm"] and len(set(map(str, FORMATS))) == len(FORMATS)
    with pytest.raises(UsageError, match="no format is called doc. There are rttm, json"):
        names_of("rttm,doc")
    assert {name: form_of(f"x.{f.suffix}") for name, f in FORMATS.items() if f.suffix not in ("txt", "json")} == {
        name: name for name, f in FORMATS.items() if f.suffix not in ("txt", "json")}
    assert registry.form_of("x.SSA") == "ass"


def test_one_speaker_at_a_time():
    turns = [Turn("r", 0, 10, "a"), Turn("r", 4, 5, "b"), Turn("r", 9, 14, "b"), Turn("r", 20, 21, "a")]
    assert one_at_a_time(turns) == [Turn("r", 0, 10, "a"), Turn("r", 10, 14, "b"), Turn("r", 20, 21, "a")]
    sure = [turns[0]._replace(confidence=0.5), turns[1]._replace(confidence=0.9)]
    assert [t[1:4] for t in one_at_a_time(sure)] == [(0, 4, "a"), (4, 5, "b"), (5, 10, "a")]
    alone = one_at_a_time(conversation())
    assert all(a.end_s <= b.start_s for a, b in zip(alone, alone[1:]))
    assert one_at_a_time([]) == [] and one_at_a_time(alone) == alone


def test_rttm_as_people_have_it(tmp_path):
    (tmp_path / "talk.rttm").write_bytes(
        b"\xef\xbb\xbf;; by hand\r\n# also by hand\r\nSPKR-INFO talk 1 <NA> <NA> <NA> unknown Ann <NA>\r\n"
        b"NOSCORE talk 1 2.00 1.00 <NA> <NA> <NA> <NA>\r\nSPEAKER talk 1 0.50 1.50 <NA> <NA> Ann 0.5 <NA>\r\nEND\r\n")
    found = read(str(tmp_path / "talk.rttm"))
    assert found.turns == {"talk": [Turn("talk", 0.5, 2.0, "Ann", 0.5)]} and found.ignored == {"talk": [(2.0, 3.0)]}


def test_what_is_not_scored():
    turns = [Turn("r", 0, 10, "a")]
    assert scored_spans(turns, [], 12) == [(0, 12)] and scored_spans(turns, []) == [(0, 10)]
    assert scored_spans(turns, [(8, 20), (0, 1), (3, 4), (3.5, 5)], 12) == [(1, 3), (5, 8)]


def test_references_are_converted(call, tmp_path):
    talk = tmp_path / "talk.stm"
    talk.write_text("talk 1 Ann 0 1.5 hi\ntalk 1 x 2 3 ignore_time_segment_in_scoring\ntalk 1 Bob 3 4 yes\n")
    (tmp_path / "reco2dur").write_text("talk 6\n")
    tool = ROOT / "utils/convert_reference.py"
    done = call(tool, "--uem", "talk.uem", "--reco2dur", "reco2dur", "talk.stm", "talk.eaf")
    assert done.returncode == 0, done.stderr
    assert read_uem(tmp_path / "talk.uem") == {"talk": [(0, 2), (3, 6)]}
    assert call(tool, "talk.eaf", "talk.TextGrid").returncode == 0
    assert call(tool, "talk.TextGrid", "back.rttm").returncode == 0
    assert (tmp_path / "back.rttm").read_text() == ("SPEAKER talk 1 0.000 1.500 <NA> <NA> Ann <NA> <NA>\n"
                                                    "SPEAKER talk 1 3.000 1.000 <NA> <NA> Bob <NA> <NA>\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("start,end,speaker\n0,1,x\n")
    (tmp_path / "in" / "b.csv").write_text("start,end,speaker\n1,0,x\n")
    done = call(tool, "--write", "ctm", "in", "out")
    assert done.returncode == 1 and "in/b.csv:2: start 1 s, end 0 s" in done.stderr
    assert (tmp_path / "out" / "a.ctm").read_text() == "a 1 0.000 1.000 x\n"
    assert "the extension .docx belongs to no format" in call(tool, "talk.eaf", "talk.docx").stderr


@pytest.mark.parametrize("form", registry.WRITABLE)
def test_a_turn_under_a_millisecond_makes_no_cue_of_no_length(form):
    short, long = Turn("a", 1.5, 1.5004, "NOBODY"), Turn("a", 2.0, 3.0, "SOMEBODY")
    text = registry.write(form, [short, long], "a", 5.0)
    assert "NOBODY" not in text and text == registry.write(form, [long], "a", 5.0)
