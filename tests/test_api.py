"""diarkit.diarize: what it takes, what it gives, and that its results do not depend on how it is called."""

import doctest
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from recipes import mini_audio

import diarkit
import diarkit.api
from diarkit.errors import DiarkitError, UsageError

RATE = 16000


@pytest.fixture(scope="module")
def sample(environment, tmp_path_factory):
    """A file of the mini conversation, named sample."""
    samples, rate, _ = mini_audio(environment)
    path = tmp_path_factory.mktemp("api") / "sample.wav"
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture(scope="module")
def diarizer():
    return diarkit.Diarizer(threads=2)


@pytest.fixture(scope="module")
def result(sample, diarizer):
    return diarizer(sample)


def test_the_parts_fit_together(result):
    assert result.name == "sample" and result.duration_s == 30.0 and len(result.speakers) == 2 and len(result) > 8
    for turns in (result.turns, result.exclusive):
        assert turns == sorted(turns) and all(0 <= t.start_s < t.end_s <= 30 and 0 < t.confidence <= 1 for t in turns)
    assert all(a.end_s <= b.start_s for a, b in zip(result.exclusive, result.exclusive[1:]))
    for speaker in result.speakers:
        own = [t for t in result if t.speaker == speaker.name]
        assert speaker.turns == len(own) and speaker.seconds == pytest.approx(sum(t.end_s - t.start_s for t in own))
        assert speaker.embedding.shape == (256,) and np.linalg.norm(speaker.embedding) == pytest.approx(1, abs=1e-5)
    assert [s.nearest for s in result.speakers] == ["SPEAKER_01", "SPEAKER_00"] and result.speakers[0].distance > .3


def test_every_way_in_gives_the_same(sample, result, diarizer):
    samples, rate = soundfile.read(sample, dtype="int16")
    ways = {"text": str(sample), "samples": (samples, rate), "columns": (samples[:, None] / 32768, rate),
            "bytes": io.BytesIO(sample.read_bytes()), "command": f"cat {sample} |"}
    with open(sample, "rb") as file:
        ways["file"] = file
        for name, audio in ways.items():
            assert diarizer(audio, name="sample").to_rttm() == result.to_rttm(), name
    assert diarkit.diarize(sample, threads=1).to_rttm() == result.to_rttm()


@pytest.mark.parametrize("count", [1, 3])
def test_a_count_that_is_asked_for_is_obeyed(sample, diarizer, count):
    assert len(diarizer(sample, num_speakers=count).speakers) == count
    assert len(diarizer(sample, max_speakers=count).speakers) == min(count, 2)


def test_formats(result, tmp_path):
    lines = result.to_rttm(tmp_path / "x.rttm").splitlines()
    assert (tmp_path / "x.rttm").read_text().splitlines() == lines and len(lines) == len(result)
    assert len(json.loads(result.to_json())["diarization"]) == len(result.turns)
    assert len(json.loads(result.to_json(exclusive=True))["diarization"]) == len(result.exclusive)
    assert result.to_srt().count("-->") == result.to_vtt().count("-->") == len(result)
    assert len(result.to_csv().splitlines()) == len(result) + 1
    result.plot(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    annotation = result.to_annotation()
    assert sorted(annotation.labels()) == ["SPEAKER_00", "SPEAKER_01"] and annotation.uri == "sample"
    assert sum(s.duration for s in annotation.itersegments()) == pytest.approx(
        sum(t.end_s - t.start_s for t in result), abs=0.01)


def test_progress_is_told_in_order(sample, diarizer):
    told = []
    diarizer(sample, progress=lambda stage, share: told.append((stage, share)))
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == ["listening", "telling voices apart", "finding speakers"]
    for stage in stages:
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares) and 0 < shares[-1] <= 1


@pytest.mark.parametrize("audio, words", [
    ((np.zeros((4, 3, 2)), RATE), "Give (N,) or (N, channels)"), ((np.zeros(9), 3), "a sample rate of 3 Hz"),
    ((np.zeros(0), RATE), "no samples"), ((np.full(9, np.nan), RATE), "NaN"), (np.zeros(9), "without their rate"),
    ("gone.wav", "gone.wav: cannot be read"), (7, "no audio: int"), ((np.array(["a"]), RATE), "type <U1"),
    ((np.zeros((2, 9000)), RATE), "Give (N, channels): one row for each sample")])
def test_what_is_no_audio_is_one_of_the_houses_errors(diarizer, audio, words):
    with pytest.raises(DiarkitError) as caught:
        diarizer(audio)
    assert words in str(caught.value)


def test_options_that_cannot_be(sample, diarizer):
    with pytest.raises(UsageError, match="--min-speakers 5 is more than --max-speakers 2"):
        diarizer(sample, min_speakers=5, max_speakers=2)
    with pytest.raises(UsageError, match="--num-speakers must be at least 1"):
        diarizer(sample, num_speakers=0)
    with pytest.raises(UsageError, match="--channel must be"):
        diarkit.Diarizer(channel="left")


@pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(400), np.zeros(12 * RATE),
                                     np.random.default_rng(0).normal(0, .01, 12 * RATE)])
def test_where_nobody_speaks_there_is_nobody_and_it_is_told(diarizer, samples):
    found = diarizer((samples, RATE))
    assert not found.turns and not found.speakers and found.notes == ["nobody speaks in it"]
    assert found.to_rttm() == "" and json.loads(found.to_json()) == {"diarization": []}


def test_a_call_with_one_speaker_on_each_channel(sample, diarizer, environment):
    samples, rate, _ = mini_audio(environment)
    turns = diarizer(sample).turns
    sides = np.random.default_rng(0).normal(0, 1e-4, (len(samples), 2))
    for turn in turns:
        a, b = round(turn.start_s * rate), round(turn.end_s * rate)
        sides[a:b, int(turn.speaker[-1])] += samples[a:b]
    found = diarizer((sides, rate))
    assert "a call: one speaker on each of two channels" in found.notes[0] and len(found.speakers) == 2
    talk = [sum(t.end_s - t.start_s for t in own if t.speaker.endswith(k)) for own in (turns, found) for k in "01"]
    assert sorted(talk[2:]) == pytest.approx(sorted(talk[:2]), rel=.15)
    assert len(diarkit.Diarizer(channel="1", threads=2)((sides, rate)).speakers) == 1
    assert not any("call" in note for note in diarkit.Diarizer(channel="mix", threads=2)((sides, rate)).notes)


def test_the_examples_of_the_docstrings(sample):
    found = doctest.testmod(diarkit.api, extraglobs={"sample": str(sample)})
    assert found.attempted >= 8 and found.failed == 0


def test_torch_stays_out_of_the_way(sample):
    code = f"import sys, diarkit; r = diarkit.diarize({str(sample)!r}); sys.exit('torch' in sys.modules or not r.turns)"
    assert subprocess.run([sys.executable, "-c", code], timeout=300).returncode == 0
    light = "import sys, diarkit; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", light]).returncode == 0
