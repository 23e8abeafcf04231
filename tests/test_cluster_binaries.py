"""cluster-embeddings.py and labels-to-text.py as a user runs them."""

import os

import numpy as np
import pytest
from cluster_set import PLAN, write_set
from conftest import ROOT

from diarkit.cluster.options import METHODS, ClusterOptions
from diarkit.options import from_conf
from diarkit.tables import MatrixWriter, read_matrices


@pytest.fixture
def folder(tmp_path):
    write_set(tmp_path)
    return tmp_path


def labels_in(folder, name="labels.ark"):
    return {key: load().astype(int).tolist() for key, load in read_matrices(f"ark:{folder}/{name}")}


def cluster(call, *words, emb="scp:emb.scp", out="ark:labels.ark"):
    return call("cluster-embeddings.py", *words, emb, out)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "vbx"])
def test_labels_every_recording_also_the_silent_one(call, folder, method):
    done = cluster(call, "--method", method, "--max-speakers=4")
    assert done.returncode == 0, done.stderr
    assert labels_in(folder) == PLAN


def test_ark_scp_and_a_conf_file(call, folder):
    done = cluster(call, f"--config={ROOT}/conf/cluster/ahc.conf", emb="ark:emb.ark", out="ark,scp:x.ark,x.scp")
    assert done.returncode == 0, done.stderr
    assert labels_in(folder, "x.ark") == PLAN
    assert [line.split()[0] for line in (folder / "x.scp").read_text().splitlines()] == list(PLAN)


@pytest.mark.parametrize("method", METHODS)
def test_conf_file_names_its_method_and_holds_the_defaults(method):
    shown = from_conf(ClusterOptions, ROOT / "conf/cluster" / f"{method}.conf")
    of_the_model = {"ahc": dict(threshold=0.66, min_cluster_size=0.02),
                    "vbx": dict(threshold=0.6, min_cluster_size=0.02),
                    "meanshift": dict(bandwidth=0.88, min_cluster_size=0.05)}.get(method, {})
    assert shown == ClusterOptions(method=method, **of_the_model)


def test_a_count_is_obeyed_and_one_that_cannot_be_is_said(call, folder):
    done = cluster(call, "--num-speakers", "4")
    assert done.returncode == 0 and "one: 4 speakers were asked for, but there are only 1 vectors" in done.stderr
    assert "two: 4" not in done.stderr
    assert {key: len(set(labels)) for key, labels in labels_in(folder).items()} == {
        "two": 4, "three-x_1": 4, "one": 1, "silent": 0}


def test_a_count_for_each_recording(call, folder):
    (folder / "spk").write_text("two 5\nthree-x_1 1\none 1\nsilent 2\n")
    done = cluster(call, "--reco2num-spk=spk", "--method=kmeans")
    assert done.returncode == 0, done.stderr
    assert [len(set(labels)) for labels in labels_in(folder).values()] == [5, 1, 1, 0]


def test_a_recording_without_a_count_fails_alone(call, folder):
    (folder / "spk").write_text("two 2\none 0\nsilent 2\n")
    done = cluster(call, "--reco2num-spk=spk")
    assert done.returncode == 1
    assert "2 of 4 failed" in done.stderr and "three-x_1: not in spk. Add a line `three-x_1 <speakers>`" in done.stderr
    assert "one: --num-speakers must be at least 1, not 0" in done.stderr
    assert list(labels_in(folder)) == ["two", "silent"]


def test_a_bad_vector_costs_only_its_recording(call, folder):
    with MatrixWriter(f"ark:{folder}/bad.ark") as writer:
        writer.write("broken", np.array([[1, 2], [np.nan, 1]]))
        writer.write("fine", np.eye(2))
    done = cluster(call, emb="ark:bad.ark")
    assert done.returncode == 1 and "broken: row 1 of 2" in done.stderr
    assert labels_in(folder) == {"fine": [0, 1]}


@pytest.mark.parametrize("words, message", [
    (["--method=kmeans"], "--method kmeans needs --num-speakers"),
    (["--method=dbscan"], "--method must be one of ahc, spectral, kmeans, meanshift, vbx, not 'dbscan'"),
    (["--num-speakers=0"], "--num-speakers must be at least 1"),
    (["--num-speakers=two"], "--num-speakers must be int, not 'two'"),
    (["--num-speakers=2", "--max-speakers=3"], "--num-speakers excludes"),
    (["--min-speakers=3", "--max-speakers=2"], "--min-speakers 3 is more than --max-speakers 2"),
    (["--num-speakers=2", "--reco2num-spk=spk"], "--reco2num-spk excludes --num-speakers"),
    (["--threshold=-1"], "--threshold must be at least 0"),
    (["--seed=-1"], "--seed must be at least 0"),
    (["--linkage"], "--linkage must be one of average, centroid, complete, single, ward, not 'scp:emb.scp'"),
    (["ark:third"], "expected <emb-rspecifier> <labels-wspecifier>, got 3"),
])
def test_bad_options_are_usage_errors_and_write_nothing(call, folder, words, message):
    before = sorted(os.listdir(folder))
    done = cluster(call, *words)
    assert done.returncode == 2 and message in done.stderr
    assert sorted(os.listdir(folder)) == before


def test_missing_table_of_counts(call, folder):
    done = cluster(call, "--reco2num-spk=nowhere")
    assert done.returncode == 1 and "nowhere: cannot be read" in done.stderr


def test_text_has_a_line_per_window(call, folder):
    assert cluster(call).returncode == 0
    done = call("labels-to-text.py", "ark:labels.ark", "subsegments", "labels")
    assert done.returncode == 0, done.stderr
    ids = [line.split()[0] for line in (folder / "subsegments").read_text().splitlines()]
    flat = [label for labels in PLAN.values() for label in labels]
    assert (folder / "labels").read_text().splitlines() == [f"{i} {label}" for i, label in zip(ids, flat)]


def test_text_refuses_labels_of_other_windows(call, folder):
    with MatrixWriter(f"ark:{folder}/labels.ark") as writer:
        writer.write("two", np.zeros(3))
        writer.write("three-x_1", np.full(23, 0.5))
        writer.write("one", np.zeros(1))
    done = call("labels-to-text.py", "ark:labels.ark", "subsegments", "labels")
    assert done.returncode == 1 and "two: 3 labels but 20 subsegments" in done.stderr
    assert "three-x_1: the labels must be whole numbers" in done.stderr and not (folder / "labels").exists()


def test_text_refuses_a_table_without_some_recording(call, folder):
    with MatrixWriter(f"ark:{folder}/labels.ark") as writer:
        writer.write("two", np.zeros(20))
    done = call("labels-to-text.py", "ark:labels.ark", "subsegments", "labels")
    assert done.returncode == 1 and "2 recordings of subsegments have no labels: one three-x_1" in done.stderr
    assert not (folder / "labels").exists()
