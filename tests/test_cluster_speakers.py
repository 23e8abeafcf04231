"""Local speakers to speakers: the constrained assignment, the count, silence, and the binaries and the step."""

import itertools

import numpy as np
import pytest
from conftest import ROOT

from diarkit.cluster import ClusterOptions, CountOptions
from diarkit.cluster.constrained import assign, fill_empty
from diarkit.cluster.speakers import SpeakerOptions, clean_share, cluster_speakers
from diarkit.errors import DiarkitError
from diarkit.options import read_conf
from diarkit.segmentation.powerset import to_classes
from diarkit.tables import MatrixWriter, read_matrices

DIM, FRAMES = 24, 589
AHC = ClusterOptions(linkage="centroid", threshold=0.3, min_cluster_size=0.01)


def recording(plan, seed=0, noise=0.35):
    """Return (embeddings (3 W, D), active (W, 589, 3)) of windows that list the speakers of their local speakers.

    In window w local speaker k talks alone in his part, and all talk together at the end.
    """
    rng, count = np.random.default_rng(seed), max((max(w, default=-1) for w in plan), default=-1) + 1
    centres = np.linalg.qr(rng.standard_normal((DIM, max(count, 1))))[0].T * np.sqrt(DIM)
    emb, active = np.zeros((len(plan), 3, DIM)), np.zeros((len(plan), FRAMES, 3), bool)
    for w, speakers in enumerate(plan):
        for k, speaker in enumerate(speakers):
            emb[w, k] = centres[speaker] + noise * rng.standard_normal(DIM)
            active[w, 170 * k:170 * (k + 1), k] = active[w, 550:, k] = True
    return emb.reshape(-1, DIM), active


def renumbered(plan):
    """Return the (W, 3) labels that a plan should give, by first appearance."""
    seen, out = {}, np.full((len(plan), 3), -1)
    for w, speakers in enumerate(plan):
        for k, speaker in enumerate(speakers):
            out[w, k] = seen.setdefault(speaker, len(seen))
    return out


PLAN = [[0], [0, 1], [1, 0], [1, 2], [2, 0, 1], [2], [], [3, 1], [3], [0, 3], [2, 3]]


@pytest.mark.parametrize("speakers, clusters", [(1, 4), (2, 2), (2, 4), (3, 3), (3, 5)])
def test_assignment_is_the_best_of_all_that_are_allowed(speakers, clusters):
    rng = np.random.default_rng(speakers * clusters)
    similar = rng.random((40, 3, clusters))
    here = np.zeros((40, 3), bool)
    for row in here:
        row[rng.permutation(3)[:speakers]] = True
    found = assign(similar, here)
    assert ((found >= 0) == here).all()
    for labels, values, rows in zip(found, similar, here):
        rows = np.flatnonzero(rows)
        best = max(values[rows, p].sum() for p in itertools.permutations(range(clusters), len(rows)))
        assert values[rows, labels[rows]].sum() == pytest.approx(best) and len(set(labels[rows])) == len(rows)


def test_fewer_clusters_than_speakers_the_weakest_share():
    similar = np.array([[[0.9, 0.1], [0.8, 0.3], [0.2, 0.7]]])
    assert assign(similar, np.ones((1, 3), bool)).tolist() == [[0, 0, 1]]
    assert assign(similar[:, :, :1], np.array([[True, False, True]])).tolist() == [[0, -1, 0]]
    assert assign(similar[:, :2], np.ones((1, 2), bool)).tolist() == [[0, 1]]
    assert assign(similar[:, :2], np.ones((1, 2), bool), exclusive=False).tolist() == [[0, 0]]
    assert assign(np.zeros((2, 3, 0)), np.ones((2, 3), bool)).tolist() == [[-1] * 3] * 2


def test_no_cluster_stays_empty_while_there_are_local_speakers():
    similar = np.array([[[0.9, 0.2, 0.8]], [[0.9, 0.3, 0.1]]])
    assert fill_empty(np.array([[0], [0]]), similar).tolist() in ([[2], [0]], [[0], [1]])
    assert fill_empty(np.array([[0], [-1]]), similar).tolist() == [[0], [-1]]
    found = fill_empty(np.zeros((3, 1), int), np.random.default_rng(0).random((3, 1, 3)))
    assert sorted(found.ravel()) == [0, 1, 2]


def test_clean_share_counts_frames_without_others():
    _, active = recording([[0, 1]])
    assert clean_share(active)[0].tolist() == pytest.approx([170 / 589, 170 / 589, 0])


@pytest.mark.parametrize("seed", range(3))
def test_speakers_are_found_without_a_count(seed):
    found = cluster_speakers(*recording(PLAN, seed), options=AHC)
    np.testing.assert_array_equal(found.labels, renumbered(PLAN))


@pytest.mark.parametrize("count", range(1, 9))
def test_counts_are_obeyed(count):
    emb, active = recording(PLAN)
    for asked, wanted in ((CountOptions(num_speakers=count), count), (CountOptions(min_speakers=count), max(count, 4)),
                          (CountOptions(max_speakers=count), min(count, 4))):
        found = cluster_speakers(emb, active, options=AHC, count=asked)
        assert set(found.labels.ravel()) - {-1} == set(range(wanted)) and len(found.evidence) == wanted
        assert ((found.labels >= 0) == emb.any(1).reshape(-1, 3)).all()
        for row in found.labels:
            assert wanted < 3 or len(set(row[row >= 0])) == (row >= 0).sum()


def test_more_speakers_than_local_ones():
    emb, active = recording([[0], [0], [1]])
    assert len(cluster_speakers(emb, active, options=AHC, count=CountOptions(num_speakers=7)).evidence) == 3


def test_all_help_where_few_are_clean():
    emb, active = recording([[0, 1]] * 6)
    speaking = SpeakerOptions(min_clean=0.9)
    found = cluster_speakers(emb, active, speaking, AHC)
    assert found.labels.tolist() == [[0, 1, -1]] * 6 and found.evidence[:, 2].tolist() == [6, 6]


def test_unclean_local_speakers_do_not_make_clusters():
    emb, active = recording([[0], [1]] * 8 + [[0, 1]])
    emb[-3] = emb[0] + emb[4]  # a mixture of both
    active[-1, :560] = False
    found = cluster_speakers(emb, active, options=AHC)
    assert len(found.evidence) == 2 and found.evidence[:, 1].sum() == 18 and found.evidence[:, 2].sum() == 16


def test_one_speaker_alone_and_silence():
    emb, active = recording([[0]] * 40)
    assert set(cluster_speakers(emb, active, options=AHC).labels[:, 0]) == {0}
    emb, active = recording([[]] * 5)
    found = cluster_speakers(emb, active, options=AHC, count=CountOptions(num_speakers=2))
    assert (found.labels == -1).all() and found.evidence.shape == (0, 5)
    assert cluster_speakers(np.zeros((0, 0)), np.zeros((0, FRAMES, 3), bool), options=AHC).labels.shape == (0, 3)


def test_evidence():
    emb, active = recording([[0], [0], [0, 1], [2]], noise=0)
    found = cluster_speakers(emb, active, options=AHC, hop_s=2.5, frame_s=0.017)
    talk = np.array([3 * 170 + 3 * 39, 170 + 39, 170 + 39]) * 2.5 / 589
    np.testing.assert_allclose(found.evidence[:, 0], talk)
    assert found.evidence[:, 1].tolist() == found.evidence[:, 2].tolist() == [3, 1, 1]
    np.testing.assert_allclose(found.evidence[:, 4], 1, atol=1e-6)


def test_embeddings_of_another_segmentation_are_refused():
    emb, active = recording(PLAN)
    with pytest.raises(DiarkitError, match="30 embeddings for 11 windows of 3 local speakers"):
        cluster_speakers(emb[:-3], active, options=AHC)


@pytest.fixture
def folder(tmp_path):
    plans = {"four": PLAN, "one": [[0]] * 12, "silent": [[]] * 3}
    with MatrixWriter(f"ark,scp:{tmp_path}/emb.ark,{tmp_path}/emb.scp") as emb, \
            MatrixWriter(f"ark,scp:{tmp_path}/seg.ark,{tmp_path}/seg.scp") as seg:
        for key, plan in plans.items():
            vectors, active = recording(plan)
            emb.write(key, vectors)
            seg.write(key, to_classes(active))
    (tmp_path / "ahc.conf").write_text("--linkage=centroid\n--threshold=0.3\n--min-cluster-size=0.01\n")
    return tmp_path


def test_binaries(call, folder):
    done = call("cluster-speakers.py", "--config=ahc.conf", "scp:emb.scp", "scp:seg.scp", "ark:labels.ark", "ark:e.ark")
    assert done.returncode == 0, done.stderr
    labels = {key: load() for key, load in read_matrices(f"ark:{folder}/labels.ark")}
    np.testing.assert_array_equal(labels["four"], renumbered(PLAN))
    assert (labels["silent"] == -1).all()
    assert call("report-speakers.py", "--config=ahc.conf", "ark:e.ark", "r.tsv").returncode == 0
    rows = [line.split("\t") for line in (folder / "r.tsv").read_text().splitlines()]
    assert len(rows) == 1 + 4 + 1 + 1 and {len(row) for row in rows} == {8}
    assert rows[1][:2] == ["four", "SPEAKER_00"] and rows[1][-1] == "ahc centroid threshold 0.3"
    assert rows[5][:2] == ["one", "SPEAKER_00"] and rows[5][5] == "-" and rows[6][-1] == "no speech"


def test_binaries_with_counts(call, folder):
    (folder / "spk").write_text("four 5\none 14\nsilent 2\n")
    done = call("cluster-speakers.py", "--config=ahc.conf", "--reco2num-spk=spk", "scp:emb.scp", "scp:seg.scp",
                "ark:labels.ark", "ark:e.ark")
    assert done.returncode == 0 and "one: 12 speakers, though more were asked for" in done.stderr, done.stderr
    assert call("report-speakers.py", "--config=ahc.conf", "--reco2num-spk=spk", "ark:e.ark", "r.tsv").returncode == 0
    assert "num-speakers 5" in (folder / "r.tsv").read_text()
    with MatrixWriter(f"ark,scp:{folder}/seg.ark,{folder}/seg.scp") as seg:
        seg.write("one", to_classes(recording([[0]] * 12)[1]))
        seg.write("silent", np.zeros((2, FRAMES)))
    done = call("cluster-speakers.py", "--config=ahc.conf", "scp:emb.scp", "scp:seg.scp", "ark:labels.ark")
    assert done.returncode == 1 and "2 of 3 failed" in done.stderr
    assert "four: not in scp:seg.scp" in done.stderr and "silent: 9 embeddings for 2 windows" in done.stderr
    assert [key for key, _ in read_matrices(f"ark:{folder}/labels.ark")] == ["one"]


def test_conf_file_parses_with_both_binaries(call, folder):
    from diarkit.options import field_table
    conf = read_conf(ROOT / "conf" / "cluster/speakers.conf", field_table(SpeakerOptions, ClusterOptions))
    assert {"method", "threshold", "min-cluster-size"} <= {name for name, _, _ in conf}


def test_very_many_local_speakers_start_from_few_clusters():
    """Noise would give a cluster for each local speaker; the start is bounded, and so are time and memory."""
    from diarkit.cluster.vbx_start import START_MOST
    rng = np.random.default_rng(0)
    active = np.zeros((600, FRAMES, 3), bool)
    active[:, :200, 0] = True
    emb = np.zeros((600, 3, 256))
    emb[:, 0] = rng.standard_normal((600, 256))
    options = ClusterOptions(method="vbx", threshold=0.2, loop_prob=0.0, fa=1.0, fb=0.1)
    assert 1 <= len(cluster_speakers(emb.reshape(-1, 256), active, options=options).evidence) <= START_MOST


@pytest.fixture
def recipe(folder):
    for room in ("steps", "utils", "bin", "conf"):
        (folder / room).symlink_to(ROOT / room)
    for name in ("e", "s"):
        (folder / name).mkdir()
    (folder / "e/emb.scp").write_text((folder / "emb.scp").read_text())
    with MatrixWriter(f"ark,scp:{folder}/e/windows.ark,{folder}/e/windows.scp") as writer:
        for key, _ in read_matrices(f"scp:{folder}/emb.scp"):
            writer.write(key, np.zeros((0, DIM)))
    (folder / "s/seg.scp").write_text((folder / "seg.scp").read_text())
    (folder / "s/seg.conf").write_text("--hop-s=2.5\n")
    return folder


def test_step_makes_skips_and_makes_again(call, recipe):
    words = ["steps/cluster_speakers.sh", "--cluster-config", "ahc.conf", "--nj", "2", "e", "s", "out"]
    done = call(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [key for key, _ in read_matrices(f"scp:{recipe}/out/labels.scp")] == ["four", "one", "silent"]
    assert "ahc centroid threshold 0.3" in (recipe / "out/speakers.tsv").read_text()
    done = call(*words)
    assert "is up to date" in done.stdout + done.stderr
    done = call(*words[:-3], "--num-speakers", "2", "e", "s", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "num-speakers 2" in (recipe / "out/speakers.tsv").read_text()
    (recipe / "s/seg.conf").write_text("--hop-s=5\n")
    done = call(*words)
    assert done.returncode == 0 and "is up to date" not in done.stdout + done.stderr
    (recipe / "s/seg.scp").unlink()
    done = call(*words)
    assert done.returncode != 0 and "s/seg.scp" in done.stdout + done.stderr
