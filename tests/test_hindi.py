"""local/hindi: every way the CSV is written, and every bad row with its file and line."""

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from local_script import load, runner

from diarkit.annotation import read_rttm, read_uem
from diarkit.datadir import validate

SCRIPT = load("hindi/make_data.py")
HEAD = "filename,Duration,Offset,Speaker_id\n"
TURNS = [("Hindi_01", 0.5, 1.75, "anchor"), ("Hindi_01", 1.5, 2.5, "guest")]


@pytest.fixture
def corpus(tmp_path):
    """Write <tmp>/c with two recordings of 4 s at 48 kHz, 16 bit, mono; give a function that writes the CSV."""
    rng = np.random.default_rng(0)
    for name in ("Hindi_01", "Hindi_02"):
        (tmp_path / "c" / "audio").mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / f"c/audio/{name}.wav", 0.1 * rng.standard_normal(4 * 48000), 48000, "PCM_16")
    (tmp_path / "list").write_text("Hindi_01\n")

    def write(text):
        (tmp_path / "c/turns.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return write


@pytest.fixture
def make(capsys, tmp_path, monkeypatch):
    """Run make_data.py on Hindi_01; give its returncode and stderr."""
    monkeypatch.chdir(tmp_path)
    run = runner(SCRIPT, ("corpus", "data-dir"), (SCRIPT.CsvOptions, SCRIPT.CorpusOptions), capsys)
    return lambda *words: run("--list=list", *words, "c", "data")


def found(tmp_path):
    return [(t.reco, t.start_s, t.end_s, t.speaker) for t in read_rttm(tmp_path / "data/ref.rttm")["Hindi_01"]]


PLAIN = HEAD + "Hindi_01.wav,1.25,0.5,anchor\nHindi_01.wav,1,1.5,guest\n"


@pytest.mark.parametrize("text", [
    PLAIN,
    PLAIN.replace("\n", "\r\n"),
    "\ufeff" + PLAIN,
    PLAIN.replace(",", ";"),
    PLAIN.replace(",", "\t"),
    PLAIN.replace(".wav", ""),
    PLAIN.replace("Hindi_01", "audio/Hindi_01"),
    PLAIN.replace("Hindi_01", "D:\\talks\\Hindi_01"),
    PLAIN.replace(".wav", ".WAV"),
    PLAIN.replace(",", " , "),
    PLAIN.replace("Hindi_01.wav", '"Hindi_01.wav"').replace("anchor", '"anchor"'),
    PLAIN.replace(",", ";").replace("1.25", "1,25").replace("0.5", "0,5").replace("1.5", "1,5"),
    PLAIN.replace("1.25", '"1,25"'),
    PLAIN.replace("Duration", "duration (s)").replace("Offset", "OFFSET_sec"),
    "FILENAME,SPEAKER ID,OFFSET,DURATION\nHindi_01,anchor,0.5,1.25\nHindi_01,guest,1.5,1\n",
    "speaker,Offset (ms),note,Duration (ms),file name\nanchor,500,x,1250,Hindi_01\nguest,1500,,1000,Hindi_01\n",
    "\n" + PLAIN.replace("Hindi_01.wav,1,", "\n , , ,\nHindi_01.wav,1,"),
    PLAIN.rstrip("\n"),
    PLAIN + "Hindi_02,9,0,somebody\n".replace("9", "1")], ids=range(19))
def test_every_way_of_writing_it_gives_the_same_turns(corpus, make, tmp_path, text):
    corpus(text)
    done = make()
    assert done.returncode == 0, done.stderr
    assert found(tmp_path) == TURNS
    assert not validate(tmp_path / "data").problems
    assert read_uem(tmp_path / "data/ref.uem") == {"Hindi_01": [(0.0, 4.0)]}
    assert (tmp_path / "data/reco2num_spk").read_text() == "Hindi_01 2\n"


@pytest.mark.parametrize("row, told", [
    ("Hindi_01,1,-0.5,x", "turns.csv:4: offset -0.5 s, duration 1 s. Make the offset 0 or more"),
    ("Hindi_01,-1,0.5,x", "turns.csv:4: offset 0.5 s, duration -1 s"),
    ("Hindi_01,0,0.5,x", "turns.csv:4: offset 0.5 s, duration 0 s"),
    ("Hindi_01,one,0.5,x", "turns.csv:4: offset '0.5', duration 'one'. Write plain numbers"),
    ("Hindi_01,nan,0.5,x", "turns.csv:4: offset '0.5', duration 'nan'"),
    ("Hindi_01,inf,0.5,x", "turns.csv:4: offset '0.5', duration 'inf'"),
    ("Hindi_01,,0.5,x", "turns.csv:4: offset '0.5', duration ''"),
    ("Hindi_01,1,3.6,x", "turns.csv:4: x speaks from 3.600 to 4.600 s, Hindi_01 ends at 4.000 s. Is it another"),
    ("Hindi_01.wav,1.25,0.5,anchor", "turns.csv:4: the same as line 2. Keep one of the two"),
    ("Hindi_3,1,0.5,x\nHindi_3,1,0.7,x", "turns.csv:4: no recording is called 'Hindi_3'. Check the name"),
    ("Hindi_01,1,0.5,", "turns.csv:4: no speaker. Name the speaker"),
    ("Hindi_01,1,0.5", "turns.csv:4: 3 columns, the head has 4. Quote a field that holds the delimiter"),
    ("Hindi_01,1,25,0.5,x", "turns.csv:4: 5 columns, the head has 4"),
    ("Hindi_02,1,-1,x", "turns.csv:4: offset -1 s, duration 1 s")])
def test_a_bad_row_is_told_with_its_line_and_skipped_only_when_asked(corpus, make, tmp_path, row, told):
    corpus(PLAIN + row + "\n")
    done = make()
    assert done.returncode == 1 and told in done.stderr and "the annotation has 1 faults" in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()
    done = make("--skip-bad=true")
    assert done.returncode == 0 and f"note: left out: c/{told}" in done.stderr, done.stderr
    assert found(tmp_path) == TURNS


def test_all_bad_rows_are_told_at_once(corpus, make):
    corpus(HEAD + "Hindi_01,1,-1,x\n" * 1 + "Hindi_01,1,9,x\nHindi_01,a,1,x\n" + "Hindi_01,b,1,x\n" * 60)
    done = make()
    assert "the annotation has 63 faults" in done.stderr and "... and 13 more" in done.stderr
    assert all(f"turns.csv:{line}: " in done.stderr for line in (2, 4, 50))


@pytest.mark.parametrize("text, told", [
    ("filename,Duration,Speaker_id\nHindi_01,1,x\n", "turns.csv:1: no column is the offset; there are filename,"),
    ("filename,Duration,Offset,Start,Speaker\nHindi_01,1,1,1,x\n", "'Offset' and 'Start' are both the offset. Keep"),
    ("Hindi_01 1 2 anchor\n", "turns.csv:1: no commas, semicolons or tabs in 'Hindi_01 1 2 anchor'. Write filename,"),
    ("", "turns.csv:1: no commas"),
    (PLAIN.encode() + b"Hindi_01,1,2,\xe9\n", "turns.csv:4: not UTF-8 text. Save the table as CSV in UTF-8"),
    (HEAD, "nobody speaks in Hindi_01. Is it annotated?")])
def test_a_table_that_cannot_be_read_says_why(corpus, make, tmp_path, text, told):
    corpus(text)
    for words in ((), ("--skip-bad=true",)):
        done = make(*words)
        assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


def test_a_speaker_who_overlaps_himself_is_joined_and_ends_are_cut_with_a_note(corpus, make, tmp_path):
    corpus(HEAD + "Hindi_01,2,0,a b\nHindi_01,2,1,a b\nHindi_01,1.3,3,c\n")
    done = make()
    assert "note: Hindi_01: 1 turns joined to one of the same speaker that it overlaps" in done.stderr
    assert "note: Hindi_01: 1 turns cut at the end of the recording" in done.stderr
    assert found(tmp_path) == [("Hindi_01", 0, 3, "a_b"), ("Hindi_01", 3, 4, "c")]


def test_one_csv_is_found_and_several_are_asked_about(corpus, make, tmp_path):
    assert "0 files in it end in .csv or .tsv: none. Name the one" in make().stderr
    corpus(PLAIN)
    (tmp_path / "c/more.csv").write_text(HEAD)
    assert "2 files in it end in .csv or .tsv: more.csv, turns.csv" in make().stderr
    assert make("--csv=c/turns.csv").returncode == 0
    assert "data is up to date" in make("--csv=c/turns.csv").stderr
    (tmp_path / "list").write_text("Hindi_07\n")
    assert "list: no recording is called Hindi_07; there are Hindi_01, Hindi_02" in make("--csv=c/turns.csv").stderr


def test_a_recording_that_is_no_sound_ends_it(corpus, make, tmp_path):
    corpus(PLAIN)
    (tmp_path / "c/audio/Hindi_01.wav").write_text("text")
    done = make()
    assert done.returncode == 1 and "this must be mended first:\n  c/audio/Hindi_01.wav" in done.stderr
    (tmp_path / "c/Hindi_01.flac").write_text("text")
    assert "are both Hindi_01 in the CSV. Keep one" in make().stderr


def test_a_changed_row_makes_the_data_again_and_a_uem_must_speak_of_all(corpus, make, tmp_path):
    corpus(PLAIN)
    assert make().returncode == 0
    assert "up to date" in make().stderr
    corpus(PLAIN.replace("guest", "other"))
    assert "made from other files or options, making it again" in make().stderr
    assert {speaker for *_, speaker in found(tmp_path)} == {"anchor", "other"}
    (tmp_path / "some.uem").write_text("Hindi_02 1 0 2\n")
    assert "some.uem does not speak of Hindi_01" in make("--uem=some.uem").stderr
    (tmp_path / "some.uem").write_text("Hindi_01 1 1 2\n")
    assert make("--uem=some.uem").returncode == 0
    assert read_uem(tmp_path / "data/ref.uem") == {"Hindi_01": [(1.0, 2.0)]}


def test_the_script_itself_ends_like_every_binary(corpus, call):
    corpus(PLAIN + "Hindi_01,1,-1,x\n")
    done = call(ROOT / "local/hindi/make_data.py", "c", "data")
    assert done.returncode == 1 and "make_data.py: the annotation has 1 faults" in done.stderr
    assert call(ROOT / "local/hindi/make_data.py", "c").returncode == 2
