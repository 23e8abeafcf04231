"""compute-vad.py, spans-to-segments.py and score-vad.py as a user runs them, on real files."""

import numpy as np
import pytest
import soundfile
from conftest import ROOT

from diarkit.annotation import read_segments
from diarkit.tables import MatrixWriter, load_matrix, read_scp
from diarkit.vad.score import Score, ScoreVadOptions, report, score_spans

RATE = 16000


@pytest.fixture
def data(tmp_path, speech, monkeypatch):
    """Three recordings: speech from 2 s on, silence, and the same speech as stereo FLAC at 8 kHz through a pipe."""
    quiet = np.random.default_rng(0).normal(0, 1e-4, 2 * RATE)
    sound = np.concatenate([quiet, speech[:5 * RATE], quiet])
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    soundfile.write(tmp_path / "b.wav", np.zeros(3 * RATE), RATE)
    soundfile.write(tmp_path / "c.flac", np.stack([sound[::2]] * 2, axis=1), 8000)
    (tmp_path / "wav.scp").write_text("a-0 a.wav\nb b.wav\nc cat c.flac |\n")
    (tmp_path / "reco2dur").write_text("a-0 9\nb 3\nc 9\n")
    turns = (f"SPEAKER {reco} 1 2.000 5.000 <NA> <NA> x <NA> <NA>\n" for reco in ("a-0", "c"))
    (tmp_path / "ref.rttm").write_text("".join(turns))
    monkeypatch.chdir(tmp_path)  # the paths in a scp file are relative
    return tmp_path


def spans_of(path):
    return {reco: load_matrix(entry) for reco, entry in read_scp(f"scp:{path}").items()}


@pytest.mark.parametrize("method", ["webrtc", "energy"])
def test_speech_to_segments_to_score(call, data, method):
    conf = ROOT / "conf/vad" / f"{method}.conf"
    done = call("compute-vad.py", f"--method={method}", f"--config={conf}", "scp:wav.scp", "ark,scp:v.ark,v.scp")
    assert done.returncode == 0, done.stderr
    assert "b: 0 segments, 0.0 s of 3.0 s" in done.stderr
    spans = spans_of(data / "v.scp")
    assert list(spans) == ["a-0", "b", "c"] and spans["a-0"].dtype == np.float64 and spans["b"].size == 0
    assert call("spans-to-segments.py", f"scp:{data}/v.scp", "segments").returncode == 0
    made = read_segments(data / "segments")
    assert list(made) == ["a-0", "c"]
    assert [(s.start_s, s.end_s) for s in made["c"]] == [tuple(row) for row in spans["c"].tolist()]
    assert made["c"][0].id == f"c-{round(made['c'][0].start_s * 1000):08d}-{round(made['c'][0].end_s * 1000):08d}"
    done = call("score-vad.py", "ref.rttm", "reco2dur", "segments", "score.tsv")
    assert done.returncode == 0, done.stderr
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in (data / "score.tsv").read_text().splitlines()[2:]}
    assert list(rows) == ["a-0", "b", "c", "ALL"] and rows["b"] == ["0.00", "0.00", "0.00", "-", "-"]
    assert rows["ALL"][0] == "10.00" and float(rows["ALL"][3]) < 15 and float(rows["ALL"][4]) < 15


def test_the_oracle_within_given_segments(call, data):
    (data / "given").write_text("g1 a-0 0 3\ng2 a-0 6.5 9\n")
    words = f"--method=oracle --oracle-rttm=ref.rttm --config={ROOT}/conf/vad/oracle.conf --within=given".split()
    done = call("compute-vad.py", *words, "scp:wav.scp", "ark,scp:v.ark,v.scp")
    assert done.returncode == 0, done.stderr
    spans = spans_of(data / "v.scp")
    assert spans["a-0"].tolist() == [[2, 3], [6.5, 7]] and spans["c"].size == spans["b"].size == 0
    assert "c: 0 segments, 0.0 s of 9.0 s, confined to 0 segments" in done.stderr


def test_one_bad_recording_costs_only_itself(call, data):
    (data / "wav.scp").write_text("a a.wav\nx missing.wav\nb b.wav\n")
    done = call("compute-vad.py", "--method=webrtc", "scp:wav.scp", "ark,scp:v.ark,v.scp")
    assert done.returncode == 1 and "x: missing.wav" in done.stderr
    assert list(spans_of(data / "v.scp")) == ["a", "b"]


@pytest.mark.parametrize("words, said", [
    (["--method=sox"], "--method must be one of"), (["--method=oracle"], "needs --oracle-rttm"),
    (["--method=webrtc", "--energy-threshold=3"], "--energy-threshold means nothing to --method=webrtc"),
    (["--method=webrtc", "--webrtc-frame-ms=15"], "--webrtc-frame-ms must be one of 10, 20, 30"),
    (["--method=webrtc", "--pad-s=-1"], "--pad-s must be at least 0"),
])
def test_wrong_options_are_usage_errors(call, data, words, said):
    done = call("compute-vad.py", *words, "scp:wav.scp", "ark,scp:v.ark,v.scp")
    assert done.returncode == 2 and said in done.stderr
    assert not (data / "v.scp").exists()


def test_a_table_that_holds_no_spans_is_named(call, tmp_path):
    with MatrixWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp") as writer:
        writer.write("r", np.ones((4, 3)))
    done = call("spans-to-segments.py", "scp:x.scp", "segments")
    assert done.returncode == 1 and "r: spans must have two columns" in done.stderr
    assert not (tmp_path / "segments").exists()


def test_scores_by_hand():
    reference, found = [[1, 3], [2, 4], [6, 8]], [[0.5, 2], [3.5, 6.5]]  # 5 s of speech, overlap counts once
    assert score_spans(reference, found, [[0, 10]]) == pytest.approx(Score(5, 3.0, 2.5))
    assert score_spans(reference, found, [[0, 10]], 0.25) == pytest.approx(Score(4, 2.75, 1.75))
    assert score_spans(reference, found, [[0, 2.5]]) == pytest.approx(Score(1.5, 0.5, 0.5))
    assert score_spans(reference, [], [[0, 10]]) == (5, 5, 0) and score_spans([], found, [[0, 10]]) == (0, 0, 4.5)
    lines = list(report({"r": Score(5, 1, 2)}, ScoreVadOptions(collar_s=0.25)))
    assert lines[0].startswith("# collar 0.25 s") and lines[-1] == "ALL\t5.00\t1.00\t2.00\t20.00\t40.00"


def test_a_missing_recording_is_missed_speech_and_an_unknown_one_an_error(call, data):
    (data / "segments").write_text("s a-0 2 7\n")
    call("score-vad.py", "ref.rttm", "reco2dur", "segments", "out")
    assert (data / "out").read_text().splitlines()[-1] == "ALL\t10.00\t5.00\t0.00\t50.00\t0.00"
    (data / "segments").write_text("s other 2 7\n")
    done = call("score-vad.py", "ref.rttm", "reco2dur", "segments", "out2")
    assert done.returncode == 1 and "not in reco2dur, such as other" in done.stderr
    (data / "segments").write_text("s a-0 2 7\n")
    (data / "uem").write_text("a-0 1 1.0 4.0\n")
    done = call("score-vad.py", "--uem=uem", "ref.rttm", "reco2dur", "segments", "out2")
    assert done.returncode == 1 and "uem: no line for 2 recordings of reco2dur, such as b" in done.stderr
