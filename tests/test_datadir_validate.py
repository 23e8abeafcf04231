"""validate_data_dir.py: every kind of bad data directory is found, with its file and line, all at once."""

import re

import numpy as np
import pytest
import soundfile

from diarkit.datadir import ValidateOptions, validate
from diarkit.errors import DiarkitError

RATE = 16000


def tone(seconds, rate=RATE):
    return (0.1 * np.sin(np.arange(round(seconds * rate)) * 0.05)).astype(np.float32)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A good directory data/ of two recordings, a of 2 s and b of 3 s, with all files; cwd is the recipe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    soundfile.write("a.wav", tone(2), RATE)
    soundfile.write("b b.flac", tone(3), RATE)
    write("wav.scp", "a a.wav\nb b b.flac\n")
    write("reco2dur", "a 2.000\nb 3.000\n")
    write("segments", "a-1 a 0 1.5\nb-1 b 0.5 3.0\n")
    write("utt2spk", "a-1 s\nb-1 t\n")
    write("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2 s"))
    write("ref.uem", "a 1 0 2\nb 1 0 1\nb 1 1 3\n")
    write("reco2num_spk", "a 2\nb 1\n")
    return tmp_path / "data"


def write(name, text):
    with open(f"data/{name}", "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def rttm(*turns):
    lines = (turn.split() for turn in turns)
    return "".join(f"SPEAKER {r} 1 {s} {d} <NA> <NA> {who} <NA> <NA>\n" for r, s, d, who in lines)


def found(**options):
    return [str(problem) for problem in validate("data", ValidateOptions(**options)).problems]


def test_a_good_directory_has_no_problems_and_one_summary(data, call):
    assert found() == []
    done = call("validate_data_dir.py", "data")
    assert done.returncode == 0
    assert done.stderr.splitlines()[1:] == ["data: 2 recordings, 0.00 hours, 2 speakers: no problems"]


BAD = [
    ("wav.scp", "b b b.flac\na a.wav\n", r"wav.scp:2: a comes after b, not in C order"),
    ("wav.scp", "a a.wav\na a.wav\nb b b.flac\n", r"wav.scp:2: a stands already on line 1"),
    ("wav.scp", "a a.wav\nb\n", r"wav.scp:2: one column \(b\)"),
    ("wav.scp", "a a.wav\nb b b.flac\nc/d a.wav\n", r"wav.scp:3: the id 'c/d' holds a /"),
    ("wav.scp", "a a.wav\nb b b.flac\nb\u00a0c a.wav\n", r"wav.scp:3: the id 'b\\xa0c' holds a blank"),
    ("wav.scp", "a a.wav\nb b b.flac\nc\x07 a.wav\n", r"wav.scp:3: the id .* cannot be printed"),
    ("wav.scp", b"a a.wav\nb b b.flac\nc \xff.wav\n", r"wav.scp:3: not UTF-8"),
    ("wav.scp", "a a.wav\nb none.wav\n", r"wav.scp:2: none.wav: .*No such file"),
    ("wav.scp", "", r"wav.scp: no recordings"),
    ("wav.scp", "a a.wav\n", r"reco2dur:2: b is not in wav.scp"),
    ("wav.scp", "a a.wav\nb cat nothing.wav |\n", r"wav.scp:2: .*failed with status 1"),
    ("reco2dur", "a 2\n", r"reco2dur: b is in wav.scp \(line 2\), not here"),
    ("reco2dur", "a 2.04\nb 3.06\n", r"reco2dur: b is said to last 3.060 s, its audio lasts 3.000 s"),
    ("reco2dur", "a 2\nb long\n", r"reco2dur:2: b lasts 'long'"),
    ("reco2dur", "a 2\nb 0\n", r"reco2dur:2: b lasts '0'"),
    ("reco2dur", "a 2\nb nan\n", r"reco2dur:2: b lasts 'nan'"),
    ("segments", "a-1 a 0 1.5\nb-1 b 0.5\n", r"segments:2: 3 columns"),
    ("segments", "a-1 a 0 1.5\nb-1 b 0.5 3.02\n", r"segments:2: 0.500 to 3.020 s, but b ends at 3.000 s"),
    ("segments", "a-1 a 0 1.5\nb-1 b -0.5 3\n", r"segments:2: start -0.5 s, end 3 s"),
    ("segments", "a-1 a 0 1.5\nb-1 b 2 2\n", r"segments:2: start 2 s, end 2 s"),
    ("segments", "a-1 a 0 1.5\nb-1 b 2 x\n", r"segments:2: start is '2', end is 'x'"),
    ("segments", "a-1 a 0 1.5\nb-1 b inf 3\n", r"segments:2: start is 'inf'"),
    ("segments", "a-1 a 0 1.5\nb-1 c 0 1\n", r"segments:2: c is not in wav.scp"),
    ("segments", "b-1 b 0.5 3.0\na-1 a 0 1.5\n", r"segments:2: a-1 comes after b-1"),
    ("utt2spk", "a-1 s\n", r"utt2spk: b-1 of segments is not here"),
    ("utt2spk", "a-1 s\nb-1 t\nc-1 t\n", r"utt2spk:3: c-1 is not in segments"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2.5 s"), r"ref.rttm:3: 1.000 to 3.500 s, but b ends at 3.000"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 0 s"), r"ref.rttm:3: start 1 s, end 1 s"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2 s", "c 1 1 s"), r"ref.rttm:4: c is not in wav.scp"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 0 2 s", "b 1 1 s"),
     r"ref.rttm:4: speaker s overlaps itself in b from 1.000 to 2.000 s, see line 3"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 0 3 s", "b 0.5 0.5 s", "b 2 1 s"), r"ref.rttm:5: .*see line 3"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t") + "SPEAKER b 1 1 2 <NA> <NA> Ann Lee <NA> <NA>\n",
     r"ref.rttm:3: 11 columns, names may hold no blanks"),
    ("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2 s") + "speaker b\n", r"ref.rttm:4: a line of type 'sp"),
    ("ref.uem", "a 1 0 2\n", r"ref.uem: b is in wav.scp, not here. Add `b 1 0.000 3.000`"),
    ("ref.uem", "a 1 0 2\nb 1 0 4\n", r"ref.uem:2: 0.000 to 4.000 s, but b ends at 3.000 s"),
    ("ref.uem", "a 1 0 2\nb 1 0 2\nb 1 1 3\n", r"ref.uem:3: channel 1 overlaps itself in b"),
    ("ref.uem", "a 1 0 2\nb 0 2\n", r"ref.uem:2: 3 columns"),
    ("reco2num_spk", "a 2\nb 2\n", r"reco2num_spk:2: b has 2 speakers here and 1 in the reference"),
    ("reco2num_spk", "a 2\nb two\n", r"reco2num_spk:2: b has 'two' speakers"),
    ("reco2num_spk", "a 2\n", r"reco2num_spk: b is in wav.scp"),
]


@pytest.mark.parametrize("name, text, words", BAD, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(BAD)])
def test_a_fault_is_named_with_its_place_and_cure(data, name, text, words):
    write(name, text)
    text = "\n".join(found())
    assert re.search("^data/" + words, text, re.M), text


def test_a_fault_ends_the_command_with_status_1_and_a_count(data, call):
    write("ref.uem", "a 1 0 2\nb 0 2\n")
    done = call("validate_data_dir.py", "data")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "data/ref.uem:2: 3 columns. Write `<reco> 1 <start> <end>`",
        "data/ref.uem: b is in wav.scp, not here. Add `b 1 0.000 3.000` to score all of it",
        "validate_data_dir.py: 2 problems in data: 2 recordings, 0.00 hours, 2 speakers"]


@pytest.mark.parametrize("name", ["wav.scp", "reco2dur"])
def test_a_missing_file_is_a_problem(data, name):
    (data / name).unlink()
    assert any(f"data/{name}: cannot be read: No such file" in line for line in found())


def test_all_problems_are_reported_at_once(data):
    write("wav.scp", "b b b.flac\na gone.wav\n")
    write("segments", "a-1 a 0 9\nb-1 b 3 2\n")
    write("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2 s", "z 1 1 s"))
    text = "\n".join(found())
    for words in ("wav.scp:2: a comes after b", "wav.scp:2: gone.wav", "segments:1: 0.000 to 9.000 s",
                  "segments:2: start 3 s, end 2 s", "ref.rttm:4: z is not"):
        assert words in text


def broken_audio():
    """Return {name: function that turns the good b into bad audio}; every one must be found by reading it."""
    def cut(path):
        raw = open(path, "rb").read()
        open(path, "wb").write(raw[:len(raw) // 2])

    def nan(path):
        sound = tone(3)
        sound[30000] = np.nan
        soundfile.write(path, sound, RATE, subtype="FLOAT")
    return {"cut.wav": cut, "cut.flac": cut, "cut.aiff": cut, "cut.au": cut, "nan.wav": nan,
            "none.wav": lambda path: soundfile.write(path, tone(0), RATE),
            "text.wav": lambda path: open(path, "w").write("this is no sound\n"),
            "bytes.wav": lambda path: open(path, "wb").close()}


@pytest.mark.parametrize("name", broken_audio())
def test_broken_audio_is_found_only_by_opening_it(data, name):
    soundfile.write(name, tone(3), RATE)
    broken_audio()[name](name)
    write("wav.scp", f"a a.wav\nb {name}\n")
    assert len(found()) == 1 and found()[0].startswith(f"data/wav.scp:2: {name}: ")
    assert found(audio=False) == []


def test_without_audio_a_missing_file_is_still_a_problem_and_the_summary_says_it(data, call):
    write("wav.scp", "a a.wav\nb none.wav\n")
    assert len(found(audio=False)) == 1
    assert "audio not opened" in call("validate_data_dir.py", "--audio", "false", "data").stderr


def test_a_piped_entry_is_run(data):
    write("wav.scp", "a cat a.wav |\nb b b.flac\n")
    assert found() == []


def test_two_sample_rates_are_a_note_and_no_problem(data, call):
    soundfile.write("a.wav", tone(2, 8000), 8000)
    done = call("validate_data_dir.py", "data")
    assert done.returncode == 0
    assert "note: data/wav.scp: 2 sample rates: 8000 Hz in 1, 16000 Hz in 1" in done.stderr


def test_a_recording_without_turns_is_a_note_unless_it_is_said_to_have_speakers(data):
    write("ref.rttm", rttm("a 0.1 0.5 s", "a 0.4 1.0 t"))
    write("reco2num_spk", "a 2\nb 0\n")
    report = validate("data")
    assert not report.problems and len(report.notes) == 1
    assert "no turns in 1 of 2 recordings, so they count as silent: b" in report.notes[0]
    write("reco2num_spk", "a 2\nb 1\n")
    assert "b has 1 speakers here and 0 in the reference" in found()[0]


def test_rounding_of_times_is_no_problem(data):
    write("ref.rttm", rttm("a 0.10 0.50 s", "a 0.595 1.0 s", "a 0.4 1.0 t", "b 1 2.009 s"))
    assert found() == []


def test_another_rttm_can_be_checked(data, tmp_path):
    (tmp_path / "hyp.rttm").write_text(rttm("a 0 5 x"))
    text = "\n".join(found(rttm="hyp.rttm"))
    assert "hyp.rttm:1: 0.000 to 5.000 s, but a ends at 2.000 s" in text


def test_other_lines_and_comments_of_an_rttm_are_passed_over(data):
    write("ref.rttm", ";; made by hand\nSPKR-INFO a 1 <NA> <NA> <NA> unknown s <NA>\n\n" +
          rttm("a 0.1 0.5 s", "a 0.4 1.0 t", "b 1 2 s"))
    assert found() == []


def test_unicode_ids_sort_by_their_bytes(data):
    soundfile.write("ü.wav", tone(1), RATE)
    names = sorted(["a", "b", "é", "z", "中", "Z"], key=lambda name: name.encode())
    write("wav.scp", "".join(f"{name} ü.wav\n" for name in names))
    write("reco2dur", "".join(f"{name} 1\n" for name in names))
    for name in ("segments", "utt2spk", "ref.rttm", "ref.uem", "reco2num_spk"):
        (data / name).unlink()
    assert found() == []


def test_no_directory_and_a_wrong_option_are_told_apart(tmp_path, call):
    with pytest.raises(DiarkitError, match="none: no such directory"):
        validate(tmp_path / "none")
    assert call("validate_data_dir.py", "none").returncode == 1
    assert call("validate_data_dir.py").returncode == 2
    assert call("validate_data_dir.py", "--audio", "maybe", "data").returncode == 2
