"""Spectral clustering: the graph, its tuning, and the count it finds."""

import numpy as np
import pytest
from scipy.sparse.csgraph import laplacian as scipy_laplacian
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

from diarkit.cluster import ClusterOptions, CountOptions, cluster, spectral
from diarkit.cluster.vectors import unit_rows

KINDS = ("unnormalised", "normalised")


def talk(speakers, windows, noise, seed, dims=192, drift=0.4):
    """Return (vectors, labels) like those of a conversation: unequal shares, a slow drift, heavy noise, many dims."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(speakers, 4.0))
    labels = np.concatenate((np.repeat(np.arange(speakers), 12), rng.choice(speakers, windows, p=share)))
    wander = drift * np.cumsum(rng.standard_normal((len(labels), dims)), axis=0) / np.sqrt(len(labels))
    centres = rng.standard_normal((speakers, dims))
    return centres[labels] + wander + noise * rng.standard_normal((len(labels), dims)), labels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("speakers", [1, 2, 3, 4, 6, 9])
@pytest.mark.parametrize("windows", [60, 250])
def test_finds_the_number_of_speakers(kind, speakers, windows):
    x, truth = talk(speakers, windows, 1.0, seed=speakers)
    labels = cluster(x, ClusterOptions(method="spectral", laplacian=kind))
    assert labels.max() + 1 == speakers and adjusted_rand_score(truth, labels) > 0.98


def test_recordings_longer_than_what_is_tuned_on():
    x, truth = talk(5, 900, 1.0, seed=4)
    labels = cluster(x, ClusterOptions(method="spectral"))
    assert labels.max() + 1 == 5 and adjusted_rand_score(truth, labels) > 0.98


@pytest.mark.filterwarnings("ignore:Graph is not fully connected")
@pytest.mark.parametrize("kind", KINDS)
def test_groups_as_sklearn_does_on_the_same_graph(kind):
    x, truth = talk(4, 200, 1.2, seed=3)
    graph = spectral.neighbour_graph(spectral.similarities(unit_rows(x)), 12)
    theirs = SpectralClustering(4, affinity="precomputed", random_state=0).fit(graph).labels_
    ours = cluster(x, ClusterOptions(method="spectral", laplacian=kind), CountOptions(num_speakers=4))
    assert adjusted_rand_score(theirs, ours) > 0.98 and adjusted_rand_score(truth, ours) > 0.98


@pytest.mark.parametrize("kind", KINDS)
def test_laplacian_is_scipys(kind):
    graph = spectral.neighbour_graph(spectral.similarities(talk(2, 30, 1.0, 1)[0]), 5)
    np.testing.assert_allclose(spectral.laplacian(graph, kind), scipy_laplacian(graph, normed=kind == "normalised"),
                               atol=1e-12)


def test_graph_keeps_the_nearest_neighbours_of_each_row_symmetrically():
    x = np.array([[1, 0], [0.9, 0.1], [0.8, 0.3], [0, 1]])
    graph = spectral.neighbour_graph(spectral.similarities(x), 1)
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 1     # each the other's nearest
    expected[1, 2] = expected[2, 1] = 0.5   # 1 is nearest to 2 alone
    expected[2, 3] = expected[3, 2] = 0.5
    np.testing.assert_array_equal(graph, expected)


def test_equal_vectors_are_neighbours_of_the_same_rows():
    x = np.repeat(np.eye(3), 5, axis=0)
    graph = spectral.neighbour_graph(spectral.similarities(x), 2)
    np.testing.assert_array_equal(graph, np.kron(np.eye(3), np.ones((5, 5))) - np.eye(15))


@pytest.mark.parametrize("bounds, expected", [(dict(max_speakers=3), 3), (dict(min_speakers=5, max_speakers=7), 5),
                                              (dict(min_speakers=2, max_speakers=9), 4), (dict(num_speakers=2), 2)])
def test_the_count_is_brought_within_the_bounds(bounds, expected):
    x, _ = talk(4, 200, 1.0, seed=5)
    assert cluster(x, ClusterOptions(method="spectral"), CountOptions(**bounds)).max() + 1 == expected


def test_more_speakers_than_are_looked_for_by_itself():
    x, truth = talk(24, 200, 0.5, seed=6)
    assert cluster(x, ClusterOptions(method="spectral")).max() + 1 <= 20
    labels = cluster(x, ClusterOptions(method="spectral"), CountOptions(max_speakers=40))
    assert labels.max() + 1 == 24 and adjusted_rand_score(truth, labels) > 0.98
