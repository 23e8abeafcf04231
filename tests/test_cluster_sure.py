"""Clustering in which short pieces found no speaker."""

import numpy as np
import pytest

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.sure import cluster_sure
from diarkit.tables import MatrixWriter

KMEANS = ClusterOptions(method="kmeans")


def voices(rng, who, spread=0.1):
    """Return one vector near the axis of each speaker in `who`."""
    return np.eye(8)[np.asarray(who)] + rng.normal(0, spread, (len(who), 8))


def test_a_short_piece_joins_the_nearest_and_founds_nobody():
    x = voices(np.random.default_rng(0), [0, 1, 0, 1, 5, 0, 1])
    x[4] += 0.8 * np.eye(8)[1]  # a short noise, a little like the second voice
    lengths_s = [2, 2, 2, 2, 0.1, 2, 2]
    assert cluster_sure(x, lengths_s, 1.0, KMEANS, CountOptions(num_speakers=2)).tolist() == [0, 1, 0, 1, 1, 0, 1]
    assert len(set(cluster_sure(x, lengths_s, 0, KMEANS, CountOptions(num_speakers=3)))) == 3


@pytest.mark.parametrize("least_s", [0.0, 1.0])
def test_where_all_are_long_or_none_asked_for_it_is_plain_clustering(least_s):
    x = voices(np.random.default_rng(1), [0, 1, 2, 2, 1, 0])
    count = CountOptions(num_speakers=3)
    assert (cluster_sure(x, np.full(6, 1.5), least_s, KMEANS, count) == cluster(x, KMEANS, count)).all()


def test_the_longest_count_as_long_where_too_few_are():
    x = voices(np.random.default_rng(2), [3, 0, 1, 0])
    found = cluster_sure(x, [0.1, 0.3, 0.4, 0.2], 1.0, KMEANS, CountOptions(num_speakers=2))
    assert found[1] == found[3] != found[2] and len(set(found)) == 2


def test_no_vectors_and_a_silent_short_piece():
    assert cluster_sure(np.zeros((0, 8)), [], 1.0, KMEANS, CountOptions(num_speakers=2)).tolist() == []
    x = voices(np.random.default_rng(3), [0, 1, 1, 0])
    x[2] = 0
    assert cluster_sure(x, [2, 2, 0.1, 2], 1.0, KMEANS, CountOptions(num_speakers=2)).tolist() == [0, 1, 1, 0]


def test_the_binary_takes_lengths_from_subsegments(call, tmp_path):
    x = voices(np.random.default_rng(4), [0, 1, 5, 0]).astype(np.float32)
    with MatrixWriter(f"ark,scp:{tmp_path}/e.ark,{tmp_path}/e.scp") as writer:
        writer.write("r", x)
    times = [(0, 2), (2, 4), (4, 4.2), (5, 7)]
    lines = [f"r-{round(a * 1000):08d}-{round(b * 1000):08d} r {a} {b}\n" for a, b in times]
    (tmp_path / "subsegments").write_text("".join(lines))
    words = ("cluster-embeddings.py", "--method=kmeans", "--num-speakers=2", "--sure-s=1")
    assert call(*words, "scp:e.scp", "ark:l.ark").returncode == 2
    done = call(*words, "--pieces=subsegments", "scp:e.scp", "ark,t:labels")
    assert done.returncode == 0, done.stderr
    found = [float(word) for word in (tmp_path / "labels").read_text().split()[2:-1]]
    assert found[0] == found[3] != found[1] and len(found) == 4
    (tmp_path / "subsegments").write_text("".join(lines[:3]))
    done = call(*words, "--pieces=subsegments", "scp:e.scp", "ark:l.ark")
    assert done.returncode == 1 and "4 vectors, but 3 pieces" in done.stderr
