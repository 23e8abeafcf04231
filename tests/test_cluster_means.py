"""k-means with its silhouette, and mean shift against scikit-learn."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import MeanShift
from sklearn.cluster import estimate_bandwidth as sklearn_bandwidth
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from diarkit.cluster import ClusterOptions, CountOptions, cluster, kmeans, meanshift
from diarkit.cluster.counts import merge_down, split_up
from diarkit.cluster.vectors import by_first_appearance, unit_rows


def groups(sizes, noise, dims=20, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    x = rng.standard_normal((len(sizes), dims))[labels] + noise * rng.standard_normal((len(labels), dims))
    return unit_rows(x), by_first_appearance(labels)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10 ** 6), n=st.integers(3, 60), count=st.integers(2, 8))
def test_silhouette_is_sklearns(seed, n, count):
    rng = np.random.default_rng(seed)
    x = unit_rows(rng.standard_normal((n, 5)))
    labels = by_first_appearance(rng.integers(0, min(count, n - 1), n))
    if labels.max() > 0:
        expected = silhouette_score(x.astype(float), labels, metric="cosine")
        assert kmeans.silhouette(x, labels) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("speakers", [1, 2, 4, 7])
def test_kmeans_picks_the_count_by_silhouette(speakers):
    x, truth = groups([25] * speakers, 0.6)
    labels = cluster(x, ClusterOptions(method="kmeans"), CountOptions(max_speakers=9))
    np.testing.assert_array_equal(labels, truth)
    at_least = cluster(x, ClusterOptions(method="kmeans"), CountOptions(min_speakers=speakers))
    np.testing.assert_array_equal(at_least, truth)


def test_one_speaker_wins_below_the_silhouette_that_is_asked_for():
    x, _ = groups([25, 25], 0.6)
    for least, expected in ((0.99, 1), (-1.0, 2)):
        labels = cluster(x, ClusterOptions(method="kmeans", min_silhouette=least), CountOptions(max_speakers=4))
        assert labels.max() + 1 == expected


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("bandwidth", [None, 0.8, 1.0])
@pytest.mark.parametrize("noise", [0.3, 0.7])
def test_mean_shift_is_sklearns(standardise, bandwidth, noise):
    x, _ = groups((40, 25, 10), noise, seed=2)
    bandwidth = bandwidth and bandwidth * (4 if standardise else 1)
    y = StandardScaler().fit_transform(x.astype(float)) if standardise else x.astype(float)
    expected = MeanShift(bandwidth=bandwidth or sklearn_bandwidth(y, quantile=0.3)).fit(y).labels_
    options = ClusterOptions(method="meanshift", bandwidth=bandwidth, quantile=0.3, standardise=standardise)
    np.testing.assert_array_equal(cluster(x, options), by_first_appearance(expected))


@pytest.mark.parametrize("quantile", [0.05, 0.3, 1.0])
def test_bandwidth_is_estimated_as_sklearn_does(quantile):
    x, _ = groups((300, 250, 90), 0.6)
    expected = sklearn_bandwidth(x.astype(float), quantile=quantile)
    assert meanshift.estimate_bandwidth(x, quantile) == pytest.approx(expected, rel=1e-4)


def test_a_tiny_bandwidth_leaves_every_vector_alone_and_a_huge_one_none():
    x, _ = groups((8, 8), 0.5)
    for bandwidth, expected in ((1e-3, 16), (5.0, 1)):
        assert cluster(x, ClusterOptions(method="meanshift", bandwidth=bandwidth)).max() + 1 == expected


def test_merging_down_joins_the_nearest_and_splitting_up_the_widest():
    angle = np.deg2rad([0, 1, 10, 11, 90, 91, 180, 181])
    x, labels = np.column_stack((np.cos(angle), np.sin(angle))), np.repeat(np.arange(4), 2)
    assert merge_down(x, labels, 3).tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert merge_down(x, labels, 4).tolist() == labels.tolist()
    coarse = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    assert split_up(x, coarse, 4, seed=0).tolist() == labels.tolist()
    assert split_up(x, coarse, 3, seed=0).tolist() == coarse.tolist()
    assert sorted(split_up(x, coarse, 8, seed=0)) == list(range(8))


PLACED = ClusterOptions(method="meanshift", standardise=True, tsne=True, threshold=0.5)


def test_mean_shift_after_tsne_finds_groups_and_is_the_same_every_time():
    x, truth = groups((40, 25, 15), 0.5, seed=4)
    labels = cluster(x, PLACED)
    np.testing.assert_array_equal(labels, truth)
    np.testing.assert_array_equal(cluster(x, PLACED), labels)
    wide = dataclasses.replace(PLACED, tsne_bandwidth=1000.0)
    assert cluster(x, wide).max() == 0
    np.testing.assert_array_equal(cluster(x, wide, CountOptions(num_speakers=3)), truth)
    assert meanshift.places(x, 30, 0).shape == (80, 2)


@pytest.mark.parametrize("n", [1, 2, 3, 15, 16, 17])
def test_few_vectors_are_ordinary_after_tsne(n):
    x, truth = groups([(n + 1) // 2, n // 2][:n], 0.2, seed=n)
    labels = cluster(x, PLACED)
    assert labels.shape == (n,) and labels[0] == 0
    if n < meanshift.FEWEST:
        np.testing.assert_array_equal(labels, truth)
    assert cluster(np.ones((n, 8)), PLACED).max() == 0  # one voice
    assert cluster(x, PLACED, CountOptions(num_speakers=min(n, 2))).max() + 1 == min(n, 2)
