"""The binaries and steps of the segmentation on real recordings, run from a recipe's folder."""

import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT

from diarkit.annotation import read_rttm, read_segments
from diarkit.models.pyannet import PyanNet
from diarkit.options import from_conf
from diarkit.segmentation import SegmentOptions
from diarkit.segmentation.grid import FRAMES
from diarkit.tables import MatrixWriter, read_matrices

SEG, TURNS, OUT = "steps/segment_speakers.sh", "steps/make_overlapping_turns.sh", "exp/seg/x"


@pytest.fixture
def recipe(tmp_path, conversations, monkeypatch):
    """A recipe's folder with links to the rooms, a conf of its own, two recordings, and untrained weights own.pt."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    data = tmp_path / "data" / "x"
    data.mkdir(parents=True)
    recos = ("dev00", "trn04")
    (data / "wav.scp").write_text("".join(f"{reco} {conversations}/{reco}.flac\n" for reco in recos))
    (data / "reco2dur").write_text("".join(f"{reco} 30\n" for reco in recos))
    monkeypatch.chdir(tmp_path)  # paths in an scp are relative to the recipe
    torch.manual_seed(1)
    torch.save(PyanNet().state_dict(), tmp_path / "own.pt")
    return tmp_path


def matrices(path):
    return {key: np.array(load()) for key, load in read_matrices(f"scp:{path}")}


def test_the_segmentation_is_a_step_of_its_own_and_turns_are_made_of_it(call, recipe):
    first = call(SEG, "--model", "own.pt", "data/x", OUT)
    assert first.returncode == 0, first.stderr
    seg, scores = matrices(recipe / OUT / "seg.scp"), matrices(recipe / OUT / "scores.scp")
    assert list(seg) == ["dev00", "trn04"] and seg["dev00"].shape == (9, FRAMES) and seg["dev00"].max() <= 6
    assert all(s.shape[1] == 3 and 0 <= s.min() <= s.max() <= 1 for s in scores.values())
    assert from_conf(SegmentOptions, str(recipe / OUT / "seg.conf")).hop_s == 2.5
    for name in ("vad.scp", "overlap.scp", "change.scp"):
        assert list(matrices(recipe / OUT / name)) == ["dev00", "trn04"]
    again = call(SEG, "--model", "own.pt", "--threads", "2", "data/x", OUT)
    assert again.returncode == 0 and "is up to date" in again.stderr + again.stdout
    rows = matrices(recipe / OUT / "vad.scp")["trn04"]
    assert [(s.start_s, s.end_s) for s in read_segments(recipe / OUT / "segments").get("trn04", [])] == \
        [tuple(row) for row in rows.tolist() if row]

    labels = recipe / "exp/clusters"
    labels.mkdir(parents=True)
    with MatrixWriter(f"ark,scp:{labels}/labels.ark,{labels}/labels.scp") as writer:
        for reco, classes in seg.items():
            writer.write(reco, np.tile(np.float32([0, 1, -1]), (len(classes), 1)))
    for table, rows in (("times", [[1, 2.5], [3, 4.5]]), ("shares", [[.2, .8], [1, 0]])):
        with MatrixWriter(f"ark,scp:{labels}/{table}.ark,{labels}/{table}.scp") as writer:
            for reco in seg:
                writer.write(reco, np.array(rows))
    done = call(TURNS, "data/x", OUT, "exp/clusters", "exp/clusters", "exp/turns")
    assert done.returncode == 0, done.stderr
    for reco, turns in read_rttm(recipe / "exp/turns/hyp.rttm").items():
        assert {t.speaker for t in turns} <= {"SPEAKER_00", "SPEAKER_01"} and reco in seg
        assert all(0 <= t.start_s < t.end_s <= 30 for t in turns)


def test_a_changed_hop_starts_over_and_what_is_wrong_is_said(call, recipe):
    with open(recipe / "data/x/wav.scp", "a", encoding="utf-8") as scp:
        scp.write(f"zzz {recipe}/none.wav\n")
    with open(recipe / "data/x/reco2dur", "a", encoding="utf-8") as durations:
        durations.write("zzz 3\n")
    failed = call(SEG, "--model", "own.pt", "--nj", "1", "data/x", OUT)
    assert failed.returncode != 0 and "none.wav" in (recipe / OUT / "log/segment_speakers.1.log").read_text()
    assert not (recipe / OUT / "seg.scp").exists()
    for name in ("wav.scp", "reco2dur"):
        path = recipe / "data/x" / name
        path.write_text("".join(path.read_text().splitlines(True)[:2]))
    (recipe / "conf/segmentation/segment.conf").write_text("--hop-s=5\n--batch=4\n")
    done = call(SEG, "--model", "own.pt", "data/x", OUT)
    assert done.returncode == 0 and len(matrices(recipe / OUT / "seg.scp")["dev00"]) == 5, done.stderr
    missing = call(TURNS, "data/x", OUT, "exp/none", "exp/none", "exp/turns")
    assert missing.returncode != 0 and "exp/none/labels.scp" in missing.stderr


def test_turns_refuse_tables_of_other_recordings(call, tmp_path):
    with MatrixWriter(f"ark:{tmp_path}/seg.ark") as seg, MatrixWriter(f"ark:{tmp_path}/labels.ark") as labels:
        seg.write("a", np.ones((1, FRAMES)))
        seg.write("b", np.ones((1, FRAMES)))
        labels.write("a", np.array([[0, -1, -1]]))
    (tmp_path / "reco2dur").write_text("a 4.5\nb 4.5\n")
    done = call("speakers-to-rttm.py", "ark:seg.ark", "ark:labels.ark", "reco2dur", "hyp.rttm", "talk")
    assert done.returncode == 1 and "b: not in ark:labels.ark" in done.stderr
    assert (tmp_path / "hyp.rttm").read_text() == "SPEAKER a 1 0.000 4.500 <NA> <NA> SPEAKER_00 1.000 <NA>\n"
    assert (tmp_path / "talk").read_text() == "a SPEAKER_00 4.500\n"
    piped = call("speakers-to-rttm.py", "--min-duration-on=5", "ark:seg.ark", "ark:labels.ark", "reco2dur", "-")
    assert "SPEAKER a" not in piped.stdout


@pytest.mark.parametrize("conf, binary", [("segmentation/segment.conf", "segment-speakers.py"),
                                          ("segmentation/segment.conf", "scores-to-spans.py"),
                                          ("turns/overlapping.conf", "speakers-to-rttm.py")])
def test_conf_files_parse_with_their_binaries(call, conf, binary):
    done = call(binary, f"--config={ROOT}/conf/{conf}")
    assert done.returncode == 2 and "expected <" in done.stderr
