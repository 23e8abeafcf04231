"""cluster(): edges, counts and invariants that hold for every method."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.options import METHODS as ALL
from diarkit.cluster.vectors import by_first_appearance
from diarkit.errors import DiarkitError, UsageError

TWO = CountOptions(num_speakers=2)
METHODS = [m for m in ALL if m != "vbx"]  # that one needs a PLDA of these very dimensions: see test_vbx.py


def speakers(sizes, noise=0.4, dims=24, seed=0):
    """Return (vectors, labels): groups of the given sizes around random directions, rows mixed."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = np.linalg.qr(rng.standard_normal((dims, len(sizes))))[0].T * np.sqrt(dims)
    return centres[labels] + noise * rng.standard_normal((len(labels), dims)), by_first_appearance(labels)


def options(method, **more):
    return ClusterOptions(method=method, **more)


def same_partition(a, b):
    return np.array_equal(by_first_appearance(a), by_first_appearance(b))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sizes", [(20, 20), (30, 12, 18)])
def test_finds_well_separated_speakers(method, sizes):
    x, truth = speakers(sizes)
    np.testing.assert_array_equal(cluster(x, options(method), CountOptions(max_speakers=6)), truth)


@pytest.mark.parametrize("method", METHODS)
def test_no_vectors_one_vector_two_vectors(method):
    count = CountOptions(max_speakers=3)
    for empty in (np.zeros((0, 0)), np.zeros((0, 24))):
        found = cluster(empty, options(method), count)
        assert found.shape == (0,) and found.dtype.kind == "i"
    assert cluster(np.ones((1, 5)), options(method), count).tolist() == [0]
    assert cluster(np.eye(2), options(method), TWO).tolist() == [0, 1]
    assert cluster(np.ones((2, 5)), options(method), TWO).tolist() == [0, 1]
    assert len(cluster(np.eye(2), options(method), count)) == 2


@pytest.mark.parametrize("method", METHODS)
def test_equal_vectors_are_one_speaker_unless_more_are_asked_for(method):
    x = np.tile(np.arange(1.0, 9), (12, 1))
    assert cluster(x, options(method), CountOptions(max_speakers=4)).tolist() == [0] * 12
    for wanted in (1, 5, 12):
        assert len(set(cluster(x, options(method), CountOptions(num_speakers=wanted)))) == wanted


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_names_the_row_that_is_not_finite(method, bad):
    x, _ = speakers((5, 5))
    x[7, 3] = bad
    with pytest.raises(DiarkitError, match="row 7 of 10"):
        cluster(x, options(method), TWO)


def test_wants_a_matrix():
    with pytest.raises(DiarkitError, match=r"\(5,\)"):
        cluster(np.ones(5))


@pytest.mark.parametrize("method", METHODS)
def test_a_zero_vector_takes_the_label_before_it(method):
    x, truth = speakers((10, 10))
    x, truth = np.insert(x, [0, 6, 6, 20], 0, axis=0), np.insert(truth, [0, 6, 6, 20], truth[[0, 5, 5, 19]])
    np.testing.assert_array_equal(cluster(x, options(method), TWO), truth)
    assert cluster(np.zeros((4, 3)), options(method), CountOptions(max_speakers=3)).tolist() == [0] * 4
    assert len(set(cluster(np.zeros((4, 3)), options(method), CountOptions(num_speakers=3)))) == 3


@pytest.mark.parametrize("method", METHODS)
def test_length_and_number_type_of_the_vectors_do_not_matter(method):
    x, truth = speakers((15, 15))
    scale = np.random.default_rng(1).uniform(0.01, 100, (30, 1))
    for same in (x * scale, (x * scale).astype(np.float32), np.ascontiguousarray(x[:, ::-1])):
        np.testing.assert_array_equal(cluster(same, options(method), TWO), truth)


@pytest.mark.parametrize("method", METHODS)
def test_input_is_left_alone_and_read_only_input_works(method):
    x, truth = speakers((8, 8))
    x.flags.writeable = False
    np.testing.assert_array_equal(cluster(x, options(method), TWO), truth)


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_labels(method):
    x = np.random.default_rng(3).standard_normal((60, 12))
    runs = [cluster(x, options(method), CountOptions(min_speakers=3, max_speakers=6), seed=9) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_counts_are_obeyed_whatever_the_vectors(method, data):
    n, dims = data.draw(st.integers(1, 14)), data.draw(st.integers(1, 4))
    values = data.draw(st.lists(st.integers(-2, 2), min_size=n * dims, max_size=n * dims))
    x = np.array(values, float).reshape(n, dims)  # few values: many duplicates, zeros and ties
    least = data.draw(st.integers(1, 16))
    most = data.draw(st.integers(least, 18))
    bounds = (CountOptions(num_speakers=least), CountOptions(min_speakers=least), CountOptions(max_speakers=most),
              CountOptions(min_speakers=least, max_speakers=most))
    size = data.draw(st.sampled_from([0.0, 0.3, 2.0]))
    for count, low, high in zip(bounds, (least, least, 1, least), (least, n, most, most)):
        labels = cluster(x, options(method, min_cluster_size=size), count)
        assert min(low, n) <= len(set(labels)) <= high
        assert labels.tolist() == by_first_appearance(labels).tolist() and len(labels) == n


@pytest.mark.parametrize("linkage", ["average", "centroid", "complete", "single", "ward"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10 ** 6), n=st.integers(2, 40), wanted=st.integers(1, 6))
def test_order_of_rows_does_not_change_ahc(linkage, seed, n, wanted):
    rng = np.random.default_rng(seed)
    x, order = rng.standard_normal((n, 6)), rng.permutation(n)
    for count in (CountOptions(), CountOptions(num_speakers=wanted)):
        ahc = options("ahc", linkage=linkage)
        assert same_partition(cluster(x, ahc, count)[order], cluster(x[order], ahc, count))


@pytest.mark.parametrize("method", ["spectral", "kmeans", "meanshift"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10 ** 6))
def test_order_of_rows_does_not_change_clear_groups(method, seed):
    x, _ = speakers((12, 9, 15), seed=seed)
    order, count = np.random.default_rng(seed).permutation(len(x)), CountOptions(max_speakers=5)
    assert same_partition(cluster(x, options(method), count)[order], cluster(x[order], options(method), count))


@pytest.mark.parametrize("method", METHODS)
def test_small_clusters_are_dissolved(method):
    x, truth = speakers((40, 30, 6))
    count = CountOptions(min_speakers=3, max_speakers=3)
    assert sorted(np.bincount(cluster(x, options(method), count))) == [6, 30, 40]
    labels = cluster(x, options(method, min_cluster_size=0.1), CountOptions(min_speakers=1, max_speakers=3))
    assert len(set(labels)) == 2
    big = np.bincount(truth)[truth] > 6
    assert same_partition(labels[big], truth[big])
    assert len(set(cluster(x, options(method, min_cluster_size=0.1), count))) == 3  # the count that is asked for wins


@pytest.mark.parametrize("method", METHODS)
def test_more_vectors_than_the_limit_are_condensed(method):
    x, truth = speakers((150, 100, 50))
    labels = cluster(x, options(method, max_vectors=60), CountOptions(max_speakers=6))
    np.testing.assert_array_equal(labels, truth)
    assert len(set(cluster(x, options(method, max_vectors=4), CountOptions(num_speakers=9)))) == 9


def test_kmeans_needs_a_count():
    with pytest.raises(UsageError, match="--num-speakers"):
        cluster(np.eye(3), options("kmeans"))


@pytest.mark.parametrize("bad", [dict(num_speakers=2, max_speakers=3), dict(num_speakers=2, min_speakers=1),
                                 dict(min_speakers=4, max_speakers=3), dict(num_speakers=0), dict(max_speakers=-1)])
def test_counts_that_make_no_sense(bad):
    with pytest.raises(UsageError, match="speakers"):
        CountOptions(**bad)


def test_a_count_above_the_number_of_vectors_is_said():
    count = CountOptions(num_speakers=5)
    assert cluster(np.eye(3), None, count).tolist() == [0, 1, 2]
    assert count.shortfall(3) == "5 speakers were asked for, but there are only 3 vectors"
    assert count.shortfall(5) is None and count.shortfall(0) is None
    assert CountOptions(max_speakers=9).shortfall(2) is None
