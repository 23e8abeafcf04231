"""Agglomerative clustering against scipy, and where the dendrogram is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import pdist

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.agglomerate import Dendrogram, agglomerate
from diarkit.cluster.cut import choose_cut, labels_after, large_clusters, merges_below
from diarkit.cluster.options import LINKAGES
from diarkit.cluster.vectors import by_first_appearance, unit_rows

COSINE = ("average", "complete", "single")


def rows(n, dims, seed, groups=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, dims))
    return unit_rows(x + 2 * rng.standard_normal((groups, dims))[rng.integers(0, groups, n)] if groups else x)


def tree_of(x, linkage):
    return agglomerate(x, np.ones(len(x)), linkage)


def scipy_tree(x, linkage):
    """Return scipy's linkage matrix with its heights in our unit."""
    tree = scipy_linkage(pdist(x.astype(float), "cosine" if linkage in COSINE else "euclidean"), linkage)
    tree[:, 2] = tree[:, 2] if linkage in COSINE else tree[:, 2] ** 2 / 2
    return tree


@pytest.mark.parametrize("linkage", LINKAGES)
@pytest.mark.parametrize("groups", [0, 5])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10 ** 6), n=st.integers(2, 120), dims=st.integers(8, 40))
def test_heights_and_cuts_are_scipys(linkage, groups, seed, n, dims):
    x = rows(n, dims, seed, groups)
    ours, theirs = tree_of(x, linkage), scipy_tree(x, linkage)
    np.testing.assert_allclose(np.sort(ours.height), np.sort(theirs[:, 2]), atol=5e-6)
    for threshold in np.quantile(theirs[:, 2], (0.3, 0.9)) + 1e-4:
        if np.abs(theirs[:, 2] - threshold).min() < 1e-5:
            continue
        expected = by_first_appearance(fcluster(theirs, threshold, "distance"))
        np.testing.assert_array_equal(labels_after(ours, merges_below(ours, threshold)), expected)


@pytest.mark.parametrize("linkage", COSINE)
def test_cluster_stops_at_the_threshold_like_scipy(linkage):
    x = rows(150, 16, 1, groups=6)
    for threshold in (0.3, 0.55, 0.8):
        labels = cluster(x * 7, ClusterOptions(linkage=linkage, threshold=threshold))
        expected = by_first_appearance(fcluster(scipy_tree(x, linkage), threshold, "distance"))
        np.testing.assert_array_equal(labels, expected)


def test_centroid_heights_do_fall_and_every_count_is_still_to_be_had():
    x = rows(80, 3, 4)
    tree = tree_of(x, "centroid")
    assert (np.diff(tree.height) < -1e-3).any()
    for wanted in range(1, 81):
        labels = cluster(x, ClusterOptions(linkage="centroid"), CountOptions(num_speakers=wanted))
        assert len(set(labels)) == wanted


def test_no_merge_above_the_threshold_is_made_for_the_sake_of_a_later_one_below_it():
    tree = Dendrogram(np.array([1, 1, 3]), np.array([0, 2, 1]), np.array([0.2, 0.9, 0.7]), np.ones(4))
    assert merges_below(tree, 0.8) == 1
    assert labels_after(tree, 1).tolist() == [0, 0, 1, 2]
    assert merges_below(tree, 0.1) == 0 and merges_below(tree, 0.95) == 3


@pytest.mark.parametrize("linkage", ["average", "centroid", "ward"])
def test_a_weight_counts_like_that_many_equal_rows(linkage):
    x, weights = rows(25, 8, 2), np.random.default_rng(2).integers(1, 5, 25)
    light, heavy = agglomerate(x, weights, linkage), tree_of(np.repeat(x, weights, axis=0), linkage)
    np.testing.assert_allclose(np.sort(light.height), np.sort(heavy.height)[-24:], rtol=1e-4, atol=1e-5)
    for wanted in (2, 5, 9):
        mine = np.repeat(labels_after(light, 25 - wanted), weights)
        np.testing.assert_array_equal(by_first_appearance(mine), labels_after(heavy, weights.sum() - wanted))


def test_every_cut_nests_in_the_next():
    tree = tree_of(rows(40, 6, 5), "centroid")
    for merges in range(39):
        fine, coarse = labels_after(tree, merges), labels_after(tree, merges + 1)
        assert fine.max() + 1 == 40 - merges
        assert all(len(set(coarse[fine == label])) == 1 for label in range(40 - merges))


@pytest.mark.parametrize("size", [0, 2, 3, 5])
def test_large_clusters_are_counted_at_every_cut(size):
    tree = tree_of(rows(30, 4, 7), "centroid")
    expected = [(np.bincount(labels_after(tree, merges)) >= size).sum() for merges in range(30)]
    assert large_clusters(tree, size).tolist() == expected


def test_cut_is_the_one_nearest_to_the_threshold_within_the_bounds():
    tree = tree_of(rows(50, 10, 8, groups=5), "average")
    natural = 50 - merges_below(tree, 0.6)
    assert 50 - choose_cut(tree, 0.6, 1, 50) == natural
    assert 50 - choose_cut(tree, 0.6, natural + 3, 50) == natural + 3
    assert 50 - choose_cut(tree, 0.6, 1, natural - 1) == natural - 1
    assert 50 - choose_cut(tree, 0.6, 4, 4) == 4


def test_outliers_take_no_speakers_place_when_small_clusters_do_not_count():
    rng = np.random.default_rng(0)
    x = np.repeat(np.eye(6), [30, 30, 1, 1, 1, 1], axis=0)
    x[:60] += 0.9 * np.eye(6)[1 - np.repeat([0, 1], 30)]  # two speakers much closer than the four stray vectors
    x += 0.02 * rng.standard_normal(x.shape)
    two = CountOptions(num_speakers=2)
    plain = cluster(x, ClusterOptions(), two)
    kept = cluster(x, ClusterOptions(min_cluster_size=0.1), two)
    assert len(set(plain[:60])) == 1
    assert kept[:60].tolist() == [0] * 30 + [1] * 30 and kept.max() == 1
