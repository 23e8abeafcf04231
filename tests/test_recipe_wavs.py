"""egs/wavs as its users run it: what comes out, a second run, one more file, references, and slips of the keyboard."""

import json
import os
import shutil

import pytest
import soundfile
from conftest import ROOT
from recipes import contents, make_recipe, mini_audio, results, run, snapshot, turns

import diarkit
from diarkit.pipeline import read_settings
from diarkit.tables import read_scp

FORMATS = ["csv", "json", "png", "rttm", "srt", "vtt"]


@pytest.fixture(scope="module")
def wavs(tmp_path_factory, environment):
    """A finished run on a WAV, and on an MP3 in a folder below: (folder, status, output)."""
    samples, rate, _ = mini_audio(environment)
    folder = make_recipe(tmp_path_factory.mktemp("egs"), "wavs")
    (folder / "audio" / "below").mkdir(parents=True)
    soundfile.write(folder / "audio" / "talk.wav", samples[5 * rate:17 * rate], rate)
    soundfile.write(folder / "audio" / "below" / "talk.mp3", samples[5 * rate:17 * rate], rate)
    return folder, *run(folder, environment, "--audio", "audio")


@pytest.mark.models
def test_each_recording_has_a_file_of_each_format(wavs):
    folder, status, said = wavs
    assert status == 0, said
    made = [p for p in results(folder).glob("*/*.*") if p.parent.name not in ("log", "parts", "html")]
    pages = {p.name for p in (results(folder) / "html").glob("*.html")}
    assert pages == {"index.html", "talk.html", "below_talk.html"}
    names = sorted(str(p.relative_to(results(folder))) for p in made)
    assert names == sorted(f"{f}/{reco}.{f}" for f in FORMATS for reco in ("talk", "below_talk"))
    assert (results(folder) / "png" / "talk.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.models
def test_rttm_json_and_csv_tell_the_same(wavs):
    for reco in ("talk", "below_talk"):
        found = turns(results(wavs[0]) / "rttm" / f"{reco}.rttm")
        listed = json.loads((results(wavs[0]) / "json" / f"{reco}.json").read_text())["diarization"]
        assert found and [(t["start"], round(t["end"], 3), t["speaker"]) for t in listed] == \
            [(a, round(b, 3), who) for a, b, who in found]
        assert len((results(wavs[0]) / "csv" / f"{reco}.csv").read_text().splitlines()) == len(found) + 1
        assert all(0 <= a < b <= 12.06 for a, b, _ in found)


@pytest.mark.models
def test_a_second_run_changes_nothing(wavs, environment):
    before = snapshot(wavs[0])
    status, said = run(wavs[0], environment, "--audio", "audio")
    assert status == 0 and said.count("up to date") == 4, said
    assert snapshot(wavs[0]) == before


@pytest.mark.models
def test_one_more_recording_costs_one_recordings_work_and_changes_no_other_result(wavs, environment):
    folder, before = wavs[0], contents(wavs[0])
    samples, rate, path = mini_audio(environment)
    soundfile.write(folder / "audio" / "more.wav", samples[:4 * rate], rate)
    try:
        status, said = run(folder, environment, "--audio", "audio", "--stop-stage", "1")
        assert status == 0 and "names recordings that are new, gone, or of another size or time: 1: more" in said, said
        assert said.count("1 of 3 recordings to do in 1 jobs, 2 are finished") == 1, said
    finally:
        (folder / "audio" / "more.wav").unlink()
        assert run(folder, environment, "--audio", "audio")[0] == 0
    assert contents(folder) == before


@pytest.mark.models
def test_one_process_and_single_stages_give_the_same_bytes(wavs, environment):
    folder = wavs[0]
    shutil.copy(ROOT / "egs/wavs/v1/run_stages.sh", folder)
    status, said = run(folder, environment, "--audio", "audio", "--stop-stage", "5", script="run_stages.sh")
    assert status == 0, said
    one, stages = folder / "exp/small_overlap/wavs", folder / "exp/small_stages/wavs"
    assert (one / "hyp.rttm").read_bytes() == (stages / "turns/hyp.rttm").read_bytes() != b""
    assert (one / "talk_time").read_bytes() == (stages / "turns/talk_time").read_bytes()
    assert (one / "speakers.tsv").read_bytes() == (stages / "speakers.tsv").read_bytes()
    for reco, entry in read_scp(f"scp:{folder}/data/wavs/wav.scp").items():
        path = entry if os.path.isabs(entry) else folder / entry
        found = diarkit.diarize(path, name=reco, threads=2, channel="auto")
        assert found.to_rttm() == (one / f"results/rttm/{reco}.rttm").read_text()


@pytest.mark.models
def test_another_embedding_brings_its_own_plda_and_lies_beside_the_first(wavs, environment):
    folder, before = wavs[0], contents(wavs[0])
    status, said = run(folder, environment, *"--audio audio --model resnet34 --stage 1 --stop-stage 1".split())
    assert status == 0, said
    assert read_settings(model="resnet34").cluster.plda == "resnet34" and read_settings().cluster.plda == "small"
    assert (folder / "exp/resnet34_overlap/wavs/hyp.rttm").exists()
    after = contents(folder)
    assert {name: after[name] for name in before} == before


@pytest.mark.models
def test_with_references_beside_the_recordings_it_scores(wavs, environment):
    folder, audio = wavs[0], wavs[0] / "audio"
    line = "SPEAKER talk 1 0.500 11.000 <NA> <NA> somebody <NA> <NA>\n"
    for rttm in (audio / "talk.rttm", audio / "below" / "talk.rttm"):
        rttm.write_text(line)
    status, said = run(folder, environment, "--audio", "audio", "--name", "scored", "--stop-stage", "2")
    assert status == 0 and "stage 2: score" in said and "DER " in said, said
    for rttm in (audio / "talk.rttm", audio / "below" / "talk.rttm"):
        rttm.unlink()


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A recipe in which nothing has been run."""
    return make_recipe(tmp_path_factory.mktemp("bare"), "wavs")


@pytest.mark.parametrize("words, told, status", [
    ("", "audio: is empty. Say where your recordings are: ./run.sh --audio DIR", 1),
    ("--audio", "./run.sh: --audio needs a value. Try ./run.sh --help", 2),
    ("--audio a --stage three", "./run.sh: --stage must be a whole number, not 'three'", 2),
    ("--audio a --stage", "./run.sh: --stage needs a value", 2),
    ("--audio a --speakers 2", "./run.sh: unknown option --speakers, did you mean --", 2),
    ("recordings", "./run.sh: expected no arguments, got 1: recordings", 2),
    ("--audio a --stage 9", "nothing was run: there is no stage from 9 to 1000, only 0 1 3 4", 2),
    ("--audio gone", "gone: no such folder or file. Say where the recordings are with --audio DIR", 1),
    ("--audio a --stage 3", "exp/small_overlap/wavs/hyp.rttm, made by steps/diarize.sh", 1)])
def test_a_slip_is_told_plainly_and_nothing_is_made(bare, environment, words, told, status):
    (bare / "a").mkdir(exist_ok=True)
    found, said = run(bare, environment, *words.split())
    assert (found, told in said) == (status, True), said
    assert not (bare / "data").exists() and "Traceback" not in said


def test_an_unknown_method_is_answered_with_the_known_ones(tmp_path, environment):
    bare = make_recipe(tmp_path, "wavs", "run_windows.sh")
    (bare / "data" / "wavs").mkdir(parents=True)
    for name in ("wav.scp", "reco2dur"):
        (bare / "data" / "wavs" / name).write_text("a 1\n")
    status, said = run(bare, environment, "--stage", "1", "--vad", "best")
    assert status == 2 and "--vad must be one of energy oracle silero webrtc, not 'best'" in said, said
    status, said = run(bare, environment, "--stage", "1", "--nj", "0", "--vad", "webrtc")
    assert status == 2 and "--nj must be a whole number above 0, not '0'" in said, said
