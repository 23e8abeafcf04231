"""Bad recordings and bad data directories through the real recipe: what is said, what is kept, how it goes on."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recipes import make_recipe, mini_audio, results, run, turns

from diarkit.files import read_number_table, read_table

pytestmark = pytest.mark.models  # and half a minute of speech, fetched the same way
GOOD = ["a_same", "b_same", "Gespräch_mit_会議", "flac", "good", "mp3", "ogg", "opus", "short", "silent", "telephone"]
BAD = {"cut.wav": "cut short: the header announces 96000 samples, the file has 47989. Copy the file again",
       "nan.wav": "sample at 0.062 s is [nan]. Make the file again; NaN and infinity are no sound",
       "text.wav": "it is text and starts with 'no sound'",
       "zero.wav": "empty, 0 bytes. Make the file again or leave the recording out"}


def put_bad(folder, speech, rate):
    """Write a file of each kind that cannot be used."""
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "cut.wav", speech, rate)
    whole = (folder / "cut.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[:len(whole) // 2])
    wrong = speech.copy()
    wrong[1000] = np.nan
    soundfile.write(folder / "nan.wav", wrong, rate, subtype="FLOAT")
    (folder / "text.wav").write_text("no sound\n")
    (folder / "zero.wav").write_bytes(b"")


def put_good(folder, speech, rate):
    """Write odd files that can all be used."""
    for name in ("good.wav", "flac.flac", "mp3.mp3", "ogg.ogg", "Gespräch mit 会議.wav", "a/same.wav", "b/same.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, speech, rate)
    soundfile.write(folder / "opus.opus", speech, rate, format="OGG", subtype="OPUS")
    soundfile.write(folder / "short.wav", speech[:rate // 20], rate)
    soundfile.write(folder / "silent.wav", np.zeros(3 * rate, np.float32), rate)
    half = (speech[::2] + speech[1::2]) / 2
    soundfile.write(folder / "telephone.wav", np.stack([half, half / 2], 1), rate // 2)


@pytest.fixture(scope="module")
def speech(environment):
    """Six seconds of two people, and the rate."""
    samples, rate, _ = mini_audio(environment)
    return samples[12 * rate:18 * rate], rate


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, environment, speech):
    """A finished run on a folder of usable and broken files, two speakers asked for: (folder, status, output)."""
    folder = make_recipe(tmp_path_factory.mktemp("egs"), "wavs")
    put_good(folder / "audio", *speech)
    put_bad(folder / "audio", *speech)
    return folder, *run(folder, environment, "--audio", "audio", "--num-speakers", "2")


def test_broken_files_are_named_and_cost_nothing_else(mixed):
    folder, status, said = mixed
    assert status == 0, said
    dropped = dict(line.split("\t") for line in (folder / "data/wavs/dropped.txt").read_text().splitlines())
    assert dropped.keys() == BAD.keys()
    for name, why in BAD.items():
        assert why in dropped[name] and f"left out {name}: {dropped[name]}" in said
    assert list(read_table(folder / "data/wavs/wav.scp")) == sorted(GOOD)
    assert sorted(p.stem for p in (results(folder) / "json").iterdir()) == sorted(GOOD)


def test_a_silent_and_a_very_short_file_have_empty_results(mixed):
    for reco in ("silent", "short"):
        assert (results(mixed[0]) / "rttm" / f"{reco}.rttm").read_bytes() == b""
        assert json.loads((results(mixed[0]) / "json" / f"{reco}.json").read_text()) == {"diarization": []}
        assert (results(mixed[0]) / "png" / f"{reco}.png").stat().st_size > 0


def test_no_turn_goes_past_the_end_and_two_speakers_are_two(mixed):
    folder = mixed[0]
    for reco, duration_s in read_number_table(folder / "data/wavs/reco2dur").items():
        found = turns(results(folder) / "rttm" / f"{reco}.rttm")
        assert all(0 <= start_s < end_s <= duration_s + 1e-6 for start_s, end_s, _ in found), reco
        assert len({who for *_, who in found}) == (0 if reco in ("silent", "short") else 2), reco


def test_the_same_sound_has_the_same_turns_in_any_container_of_all_its_bits(mixed):
    told = {reco: turns(results(mixed[0]) / "rttm" / f"{reco}.rttm") for reco in GOOD}
    for reco in ("flac", "a_same", "b_same", "Gespräch_mit_会議"):
        assert told[reco] == told["good"] != []


def test_only_broken_files_end_with_all_of_them_named(tmp_path, environment, speech):
    folder = make_recipe(tmp_path, "wavs")
    put_bad(folder / "audio", *speech)
    status, said = run(folder, environment, "--audio", "audio")
    assert status == 1 and "audio: no recording in it can be used:\n" in said
    assert all(f"  {name}: audio/{name}: " in said and why in said for name, why in BAD.items()), said
    assert "stage 0 (data) failed with status 1. After fixing it: ./run.sh --audio audio --stage 0" in said
    assert not (folder / "data/wavs").exists()


@pytest.mark.parametrize("name, told", [
    ("empty", "empty: no recording in it can be used:\n  no file has an extension of sound such as .wav or .flac"),
    ("gone", "gone: no such folder or file. Say where the recordings are with --audio DIR")])
def test_an_empty_or_missing_folder_is_told(tmp_path, environment, name, told):
    folder = make_recipe(tmp_path, "wavs")
    (folder / "empty").mkdir()
    (folder / "empty" / "readme.txt").write_text("not sound\n")
    status, said = run(folder, environment, "--audio", name)
    assert status == 1 and told in said and not (folder / "data" / "wavs").exists(), said


@pytest.fixture
def by_hand(tmp_path, speech):
    """A recipe with a data directory written by hand: a good, b short of a file, c a pipe that fails, and d good."""
    folder = make_recipe(tmp_path, "wavs", "run_windows.sh")
    for name in ("a.wav", "d.wav"):
        soundfile.write(folder / name, *speech)
    (folder / "data" / "hand").mkdir(parents=True)
    write(folder, "wav.scp", "a a.wav", "b b.wav", "c cat c.wav |", "d d.wav")
    write(folder, "reco2dur", "a 6", "b 6", "c 6", "d 6")
    return folder


def write(folder, name, *lines):
    """Write a file of the data directory."""
    Path(folder / "data/hand" / name).write_text("".join(f"{line}\n" for line in lines))


def validate(call, folder):
    """Run validate_data_dir.py; return (status, the lines it said but the first and the sum)."""
    done = call("validate_data_dir.py", "data/hand", cwd=folder)
    return done.returncode, done.stderr.splitlines()[1:-1]


def test_validation_names_every_fault_with_its_line(by_hand, call):
    write(by_hand, "wav.scp", "a a.wav", "b b.wav", "c cat c.wav |", "d d.wav", "d a.wav")
    write(by_hand, "segments", "a-1 a 0 5", "a-2 a 5.5 6.5")
    status, said = validate(call, by_hand)
    assert status == 1 and said == [
        "data/hand/wav.scp:5: d stands already on line 4. Keep one of the two",
        "data/hand/wav.scp:2: b.wav: cannot be read: No such file or directory. Check the path.",
        "data/hand/wav.scp:3: the command `cat c.wav` failed with status 1: cat: c.wav: No such file or directory.",
        "data/hand/segments:2: 5.500 to 6.500 s, but a ends at 6.000 s. Mend the times, or the recording is the "
        "wrong one"]


def test_a_recording_named_twice_stops_the_recipe_with_its_line(by_hand, environment):
    write(by_hand, "wav.scp", "a a.wav", "a d.wav")
    status, said = run(by_hand, environment, "--name", "hand", "--stage", "1")
    assert status == 1 and "data/hand/wav.scp:2: a stands already on line 1. Keep one of the two" in said, said
    assert "stage 1 (speech activity) failed with status 1. After fixing it: ./run.sh --name hand --stage 1" in said


def test_a_missing_file_and_a_failing_pipe_cost_themselves_and_mended_they_alone_are_done(by_hand, environment, speech):
    words = ("--name", "hand", "--stage", "1", "--stop-stage", "2", "--nj", "2")
    status, said = run(by_hand, environment, *words)
    log = "".join(path.read_text() for path in by_hand.glob("exp/vad_*/hand/log/*.log"))
    assert status == 1 and "run the same command again" in said and "log/compute_vad" in said
    assert "b: b.wav: cannot be read: No such file or directory. Check the path" in log
    assert "c: the command `cat c.wav` failed with status 1: cat: c.wav: No such file or directory" in log
    assert not list(by_hand.glob("exp/vad_*/hand/.done")) and not list(by_hand.glob("exp/vad_*/hand/vad.scp"))
    soundfile.write(by_hand / "b.wav", *speech)
    status, said = run(by_hand, environment, *words)
    assert status == 1 and "2 of 4 recordings to do in 2 jobs, 2 are finished" in said, said
    soundfile.write(by_hand / "c.wav", *speech)
    status, said = run(by_hand, environment, *words)
    assert status == 0 and "1 of 4 recordings to do in 1 jobs, 3 are finished" in said, said


def test_speech_is_confined_to_segments_and_one_past_the_end_is_refused(by_hand, environment):
    write(by_hand, "wav.scp", "a a.wav", "d d.wav")
    write(by_hand, "segments", "a-1 a 0 3", "a-2 a 5 9", "d-1 d 1 5")
    words = ("--name", "hand", "--stage", "1", "--stop-stage", "1")
    status, said = run(by_hand, environment, *words)
    assert status == 1 and "a: data/hand/segments: a-2 goes from 5.000 to 9.000 s, but a ends at 6.000 s" in said, said
    write(by_hand, "segments", "a-1 a 0 3", "a-2 a 5 6", "d-1 d 1 5")
    status, said = run(by_hand, environment, *words)
    assert status == 0, said
    path, = by_hand.glob("exp/vad_*/hand/segments")
    spans = [(s[1], float(s[2]), float(s[3])) for s in map(str.split, path.read_text().splitlines())]
    inside = {"a": [(0, 3), (5, 6)], "d": [(1, 5)]}
    assert {reco for reco, *_ in spans} == {"a", "d"}
    assert all(any(low <= start <= end <= high for low, high in inside[reco]) for reco, start, end in spans)
