"""The command `diarkit`: files, folders, standard input, formats, and what goes wrong."""

import json
import subprocess
import sys

import pytest
import soundfile
from conftest import ROOT
from recipes import mini_audio


@pytest.fixture(scope="module")
def folder(environment, tmp_path_factory):
    """Recordings at two depths, one of them broken, one no recording."""
    samples, rate, _ = mini_audio(environment)
    path = tmp_path_factory.mktemp("command")
    (path / "more/deep").mkdir(parents=True)
    soundfile.write(path / "talk.wav", samples[5 * rate:17 * rate], rate)
    soundfile.write(path / "more/talk.flac", samples[5 * rate:17 * rate], rate)
    (path / "more/deep/broken.wav").write_bytes(b"RIFF")
    (path / "more/notes.txt").write_text("no recording")
    return path


def diarkit(*words, cwd, **given):
    return subprocess.run([sys.executable, ROOT / "bin/diarize.py", *map(str, words)], cwd=cwd, capture_output=True,
                          timeout=300, **given)


def test_one_file_goes_to_the_screen(folder):
    done = diarkit("talk.wav", cwd=folder)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and lines and all(line.startswith("SPEAKER talk 1 ") for line in lines)
    assert b"talk.wav: 12.0 s, 2 speakers" in done.stderr
    piped = diarkit("-", "--format", "json", cwd=folder, input=(folder / "talk.wav").read_bytes())
    assert len(json.loads(piped.stdout)["diarization"]) == len(lines)


def test_files_and_folders_go_to_a_folder_and_bad_ones_are_named(folder):
    done = diarkit("talk.wav", "more", "gone.mp3", "--out=found", "--format=rttm,srt,json", cwd=folder)
    said = done.stderr.decode()
    assert done.returncode == 1 and "2 of 4 failed, the others are written" in said
    assert "gone.mp3: cannot be read: No such file or directory" in said and "more/deep/broken.wav: " in said
    assert sorted(p.name for p in (folder / "found").iterdir()) == sorted(
        f"{name}.{form}" for name in ("talk.wav", "talk.flac") for form in ("rttm", "srt", "json"))
    first, second = ((folder / f"found/talk.{kind}.rttm").read_text().replace(kind, "x") for kind in ("wav", "flac"))
    assert first == second != ""


def test_a_count_and_one_speaker_at_a_time(folder):
    done = diarkit("talk.wav", "--num-speakers", "1", "--exclusive", "true", cwd=folder)
    assert {line.split()[7] for line in done.stdout.decode().splitlines()} == {"SPEAKER_00"}


@pytest.mark.parametrize("words, status, told", [
    ([], 2, "expected <audio> [audio...], got 0: nothing"), (["talk.wav", "--format", "doc"], 2, "--format must be"),
    (["talk.wav", "--format", "rttm,srt"], 2, "several formats need a folder"),
    (["talk.wav", "--min-speakers", "3", "--max-speakers", "2"], 2, "is more than --max-speakers 2"),
    (["empty"], 1, "empty: no recording in this folder"), (["--version"], 0, ""),
    (["gone.wav"], 1, "gone.wav: cannot")])
def test_slips(folder, words, status, told):
    (folder / "empty").mkdir(exist_ok=True)
    done = diarkit(*words, cwd=folder)
    assert done.returncode == status and told in done.stderr.decode() and b"Traceback" not in done.stderr
    assert words != ["--version"] or done.stdout.startswith(b"diarkit 0.")
