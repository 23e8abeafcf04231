"""steps/compute_vad.sh and steps/make_subsegments.sh on three real recordings, run from a recipe's folder."""

import shutil

import pytest
from conftest import ROOT

from diarkit.annotation import read_rttm, read_segments
from diarkit.vad.spans import intersect, length_s, subtract, union

VAD, OUT = "steps/compute_vad.sh", "exp/vad/x"


@pytest.fixture
def recipe(tmp_path, conversations):
    """A recipe's folder with links to the rooms, a conf of its own, and three recordings with a reference."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    data = tmp_path / "data" / "x"
    data.mkdir(parents=True)
    recos = ("dev00", "dev01", "trn04")
    (data / "wav.scp").write_text("".join(f"{reco} {conversations}/{reco}.flac\n" for reco in recos))
    shutil.copyfile(conversations / "ref.rttm", data / "ref.rttm")
    return tmp_path


def spans(path, reco):
    return [(s.start_s, s.end_s) for s in read_segments(path).get(reco, [])]


def test_speech_is_found_once_and_again_when_the_conf_changes(call, recipe):
    first = call(VAD, "--method", "webrtc", "--nj", "2", "data/x", OUT)
    assert first.returncode == 0, first.stderr
    segments = (recipe / OUT / "segments").read_bytes()
    assert list(read_segments(recipe / OUT / "segments")) == ["dev00", "dev01", "trn04"]
    again = call(VAD, "--method=webrtc", "--nj", "1", "data/x", OUT)
    assert again.returncode == 0 and "is up to date" in again.stderr + again.stdout
    with open(recipe / "conf/vad/webrtc.conf", "a", encoding="utf-8") as conf:
        conf.write("--webrtc-mode=0\n")
    changed = call(VAD, "--method=webrtc", "data/x", OUT)
    assert changed.returncode == 0 and "conf/vad/webrtc.conf" in changed.stderr + changed.stdout
    assert (recipe / OUT / "segments").read_bytes() != segments


def test_the_oracle_is_the_reference_and_windows_cover_it(call, recipe):
    done = call(VAD, "--method", "oracle", "data/x", OUT)
    assert done.returncode == 0, done.stderr
    turns = union([(t.start_s, t.end_s) for t in read_rttm(recipe / "data" / "x" / "ref.rttm")["trn04"]])
    assert spans(recipe / OUT / "segments", "trn04") == [tuple(row) for row in intersect(turns, [(0, 30)]).tolist()]
    done = call("steps/make_subsegments.sh", OUT, "exp/emb/x")
    assert done.returncode == 0, done.stderr
    windows = spans(recipe / "exp" / "emb" / "x" / "subsegments", "trn04")
    assert length_s(subtract(turns, windows)) < 1e-6 and max(b - a for a, b in windows) < 1.5001
    again = call("steps/make_subsegments.sh", OUT, "exp/emb/x")
    assert "is up to date" in again.stderr + again.stdout


def test_given_segments_confine_speech_and_a_config_of_ones_own_is_taken(call, recipe):
    (recipe / "data" / "x" / "segments").write_text("u1 dev00 2 12\nu2 trn04 0 30\n")
    (recipe / "own.conf").write_text("--energy-threshold=0  # nearly all is speech\n--min-silence-s=5\n")
    done = call(VAD, "--method", "energy", "--vad-config", "own.conf", "data/x", OUT)
    assert done.returncode == 0, done.stderr
    assert spans(recipe / OUT / "segments", "dev00") == [(2, 12)] and spans(recipe / OUT / "segments", "dev01") == []


def test_what_is_missing_or_does_not_fit_is_said(call, recipe):
    (recipe / "data" / "x" / "ref.rttm").unlink()
    done = call(VAD, "--method", "oracle", "data/x", OUT)
    assert done.returncode != 0 and "data/x/ref.rttm" in done.stderr
    done = call(VAD, "--method", "sox", "data/x", OUT)
    assert done.returncode != 0 and "conf/vad/sox.conf" in done.stderr
    done = call(VAD, "--method", "webrtc", "--vad-config", "conf/vad/silero.conf", "data/x", OUT, "surplus")
    assert done.returncode != 0 and "surplus" in done.stderr
    assert not (recipe / OUT / "vad.scp").exists()


@pytest.mark.models
def test_the_default_is_the_network(call, recipe):
    done = call(VAD, "data/x", OUT)
    if "cannot get the model silero" in done.stderr:
        pytest.skip(f"NO WEIGHTS: {done.stderr}")
    assert done.returncode == 0, done.stderr
    turns = [(t.start_s, t.end_s) for t in read_rttm(recipe / "data" / "x" / "ref.rttm")["trn04"]]
    missed = subtract(intersect(turns, [(0, 30)]), spans(recipe / OUT / "segments", "trn04"))
    assert 0 < length_s(missed) < 0.1 * length_s(union(turns))
