"""VBx: the bound, the forward-backward recursion, speakers that vanish, and the method in the clustering."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.options import VbxOptions
from diarkit.cluster.vbx import infer, smoothed, vbx
from diarkit.errors import DiarkitError
from diarkit.options import UsageError
from diarkit.plda import PldaOptions, train, write_backend

DIM = 16
PHI = np.linspace(8, 1, DIM)


def sequence(turns, seed=0, phi=PHI):
    """Return ((N, D) latent vectors, (N,) speakers) for turns [(speaker, vectors)]; variance 1 within."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(*np.array(turns).T)
    centres = rng.standard_normal((truth.max() + 1, len(phi))) * np.sqrt(phi)
    return centres[truth] + rng.standard_normal((len(truth), len(phi))), truth


def same_grouping(a, b):
    return len(set(zip(a, b))) == len(set(a)) == len(set(b))


def chain(pi, loop):
    """Return the dense S x S transitions of eq. (1)."""
    return loop * np.eye(len(pi)) + (1 - loop) * np.tile(pi, (len(pi), 1))


@pytest.mark.parametrize("loop", [0.0, 0.6, 0.99])
def test_inference_is_the_sum_over_all_paths(loop):
    rng = np.random.default_rng(1)
    log_p, pi = 3 * rng.standard_normal((6, 3)) - 1000, np.array([0.5, 0.3, 0.2])
    moves, weight, marginal = chain(pi, loop), [], np.full((6, 3), -np.inf)
    for path in itertools.product(range(3), repeat=6):
        w = np.log(pi[path[0]]) + sum(np.log(moves[a, b]) for a, b in itertools.pairwise(path))
        w += log_p[np.arange(6), path].sum()
        weight.append(w)
        for t, s in enumerate(path):
            marginal[t, s] = np.logaddexp(marginal[t, s], w)
    gamma, log_px, share = infer(log_p, pi, loop)
    assert log_px == pytest.approx(logsumexp(weight), abs=1e-8)
    np.testing.assert_allclose(gamma, np.exp(marginal - logsumexp(weight)), atol=1e-10)
    assert share.sum() == pytest.approx(1)


def test_shares_are_the_expected_entries_into_each_state():
    """Eq. (24): split every transition into staying and drawing anew, and count the draws over all paths."""
    rng = np.random.default_rng(2)
    log_p, pi, loop = rng.standard_normal((4, 2)), np.array([0.7, 0.3]), 0.8
    count, total = np.zeros(2), 0.0
    for path in itertools.product(range(2), repeat=4):
        for drawn in itertools.product((False, True), repeat=3):
            w = pi[path[0]] * np.exp(log_p[np.arange(4), path].sum())
            for (a, b), new in zip(itertools.pairwise(path), drawn):
                w *= (1 - loop) * pi[b] if new else loop * (a == b)
            total += w
            count += w * np.bincount([path[0], *(b for b, new in zip(path[1:], drawn) if new)], minlength=2)
    np.testing.assert_allclose(infer(log_p, pi, loop)[2], count / count.sum(), atol=1e-12)


def test_no_likelihood_is_too_small():
    log_p = np.array([[0.0, -5000.0]] * 50 + [[-5000.0, 0.0]] * 50)
    gamma, log_px, _ = infer(log_p, np.array([1 - 1e-6, 1e-6]), 0.999)
    assert same_grouping(gamma.argmax(1), [0] * 50 + [1] * 50) and np.isfinite(gamma).all()
    assert -30 < log_px < 0


@pytest.mark.parametrize("loop", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("fa, fb", [(1.0, 1.0), (0.3, 17.0), (0.07, 0.8), (0.4, 30.0)])
def test_the_bound_never_falls(loop, fa, fb):
    for seed in range(5):
        x, _ = sequence([(0, 20), (1, 15), (0, 5), (2, 25), (1, 9), (3, 4)], seed, PHI / 4)
        start = np.random.default_rng(seed).integers(0, 12, len(x))
        found = vbx(x, PHI / 4, start, VbxOptions(fa=fa, fb=fb, loop_prob=loop, max_iterations=100))
        assert len(found.elbo) > 1
        assert (np.diff(found.elbo) > -1e-6 * np.abs(found.elbo[1:])).all(), found.elbo


def test_the_bound_is_below_the_evidence():
    """With one speaker and F_A = F_B = 1 the bound is the evidence: the joint Gaussian of all vectors."""
    x, _ = sequence([(0, 7)])
    found = vbx(x, PHI, np.zeros(7, int), VbxOptions(fa=1.0, fb=1.0))
    n, rest = len(x), x - x.mean(0)
    wide = 1 + n * PHI
    evidence = -(x.size * np.log(2 * np.pi) + (rest ** 2).sum() + (np.log(wide) + n * x.mean(0) ** 2 / wide).sum())
    assert found.elbo[-1] == pytest.approx(evidence / 2, abs=1e-8)


@pytest.mark.parametrize("loop", [0.0, 0.9])
def test_superfluous_speakers_vanish_and_the_turns_are_found(loop):
    x, truth = sequence([(0, 30), (1, 25), (2, 20), (1, 15), (0, 30), (2, 4)])
    start = truth * 4 + np.arange(len(x)) % 4  # each true speaker in four pieces
    found = vbx(x, PHI, start, VbxOptions(fa=0.4, fb=4.0, loop_prob=loop))
    assert same_grouping(found.labels, truth)
    assert found.gamma.shape[1] == len(found.pi) < 12 and found.pi.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.gamma.sum(1), 1, atol=1e-9)


def test_one_speaker_stays_one_and_order_helps_where_vectors_do_not():
    x, truth = sequence([(0, 80)])
    assert vbx(x, PHI, np.arange(80) % 5, VbxOptions()).labels.max() == 0
    x, truth = sequence([(0, 40), (1, 40), (0, 40)], 3, PHI / 30)
    start = np.where(np.random.default_rng(0).random(120) < 0.25, 1 - truth, truth)
    errors = []
    for loop in (0.0, 0.98):
        labels = vbx(x, PHI / 30, start, VbxOptions(fa=1.0, fb=1.0, loop_prob=loop)).labels
        errors.append(min((labels != truth).sum(), (labels == truth).sum()))
    assert errors[1] < errors[0]


def test_smoothing():
    start = smoothed(np.array([0, 2, 1]), 5.0)
    assert start.shape == (3, 3) and start.argmax(1).tolist() == [0, 2, 1]
    np.testing.assert_allclose(start[0], np.exp([5, 0, 0]) / (np.exp(5) + 2))


@pytest.fixture(scope="module")
def plda(tmp_path_factory):
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("plda")
    labels = np.repeat(np.arange(80), 6)
    x = 3 * rng.standard_normal((80, DIM))[labels] + rng.standard_normal((480, DIM))
    write_backend(folder, train(x, labels, PldaOptions(lda_dim=DIM)))
    return str(folder)


def recording(speakers, seed=7):
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(speakers).repeat(2), 12)
    return 3 * rng.standard_normal((speakers, DIM))[truth] + rng.standard_normal((len(truth), DIM)), truth


def options(plda, **changes):
    return ClusterOptions(method="vbx", plda=plda, threshold=0.3, **changes)


def test_method_finds_the_speakers(plda):
    for speakers in (1, 2, 4):
        x, truth = recording(speakers)
        assert same_grouping(cluster(x, options(plda)), truth)


@pytest.mark.parametrize("count", range(1, 7))
def test_method_obeys_counts(plda, count):
    x, _ = recording(3)
    assert len(set(cluster(x, options(plda), CountOptions(num_speakers=count)))) == count
    assert len(set(cluster(x, options(plda), CountOptions(min_speakers=count)))) == max(count, 3)
    assert len(set(cluster(x, options(plda), CountOptions(max_speakers=count)))) == min(count, 3)


def test_method_takes_zeros_no_rows_and_many_rows(plda):
    x, truth = recording(3)
    x[10] = 0
    assert same_grouping(cluster(x, options(plda)), truth)
    assert cluster(np.zeros((0, 0)), options(plda)).shape == (0,)
    assert cluster(np.zeros((4, DIM)), options(plda)).tolist() == [0] * 4
    assert same_grouping(cluster(x, options(plda, max_vectors=40)), truth)  # a start from 20 small groups
    same = [cluster(x, options(plda)) for _ in range(2)]
    np.testing.assert_array_equal(*same)


def test_method_refuses_another_models_embeddings(plda):
    with pytest.raises(DiarkitError, match="this PLDA takes 16 columns"):
        cluster(np.random.default_rng(0).standard_normal((9, 5)), options(plda, plda_dims=3))
    with pytest.raises(UsageError, match="--plda=nowhere"):
        cluster(recording(2)[0], ClusterOptions(method="vbx", plda="nowhere"))
    with pytest.raises(UsageError, match="--loop-prob must be less than 1"):
        ClusterOptions(loop_prob=1.0)
