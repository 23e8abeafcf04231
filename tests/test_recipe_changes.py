"""egs/wavs/v1/run_changes.sh as its users run it: pieces between changes, with references and on next to no sound."""

import csv
import shutil

import numpy as np
import pytest
import soundfile
from recipes import make_recipe, results, run

from diarkit.annotation import read_segments


@pytest.mark.models
def test_real_conversations_with_references(tmp_path, environment, conversations):
    folder = make_recipe(tmp_path, "wavs", "run_changes.sh")
    (folder / "audio").mkdir()
    for reco in ("dev00", "trn04"):
        shutil.copy(conversations / f"{reco}.flac", folder / "audio")
    lines = (conversations / "ref.rttm").read_text().splitlines(keepends=True)
    (folder / "ref.rttm").write_text("".join(line for line in lines if line.split()[1] in ("dev00", "trn04")))
    words = ["--audio", "audio", "--rttm", "ref.rttm", "--detector", "bic", "--clustering", "kmeans"]
    status, said = run(folder, environment, *words)
    assert status == 0, said
    assert sorted(p.name for p in (results(folder) / "rttm").iterdir() if p.is_file()) == ["dev00.rttm", "trn04.rttm"]
    found = results(folder).parent
    counts = dict(line.split() for line in (folder / "data/wavs/reco2num_spk").read_text().splitlines())
    speakers = {line.split()[1] + line.split()[7] for line in (found / "turns/hyp.rttm").read_text().splitlines()}
    assert len(speakers) == sum(map(int, counts.values()))  # k-means had the counts of the references
    changes = list(csv.DictReader((folder / "exp/changes_bic_webrtc/wavs/score/changes.tsv").open(), delimiter="\t"))
    assert [row["reco"] for row in changes] == ["dev00", "trn04", "TOTAL"] and float(changes[-1]["purity"]) > 50
    pieces = read_segments(folder / "exp/pieces_bic_webrtc/wavs/subsegments")
    assert all(a.end_s <= b.start_s for parts in pieces.values() for a, b in zip(parts, parts[1:]))
    status, said = run(folder, environment, *words)
    assert status == 0 and said.count("is up to date") >= 9 and "to do in" not in said, said


@pytest.mark.models
@pytest.mark.parametrize("detector", ["divergence", "segmentation"])
def test_next_to_no_sound_is_nobody(tmp_path, environment, detector):
    folder = make_recipe(tmp_path, "wavs", "run_changes.sh")
    (folder / "audio").mkdir()
    soundfile.write(folder / "audio/short.wav", np.zeros(800), 16000)
    soundfile.write(folder / "audio/silent.wav", np.zeros(5 * 8000), 8000)
    status, said = run(folder, environment, "--audio", "audio", "--detector", detector)
    assert status == 0, said
    assert (results(folder) / "rttm" / "silent.rttm").read_text() == ""
