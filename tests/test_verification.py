"""Verification: rates by hand and by brute force, trials, scores against plain formulas, the binaries, the pictures."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from diarkit.errors import DiarkitError
from diarkit.plda import Backend, Plda, write_backend
from diarkit.tables import MatrixWriter
from diarkit.verification.rates import det_points, equal_error_rate, min_dcf
from diarkit.verification.report import summary
from diarkit.verification.scores import Scorer, ScoreTrialsOptions
from diarkit.verification.trials import TrialOptions, make_trials, read_trials

RNG = np.random.default_rng(6)


def test_rates_by_hand():
    """Targets 4 3 1, others 3 2 0 0: at 3 a third is missed and a quarter let in; at 1 nothing and a half."""
    scores = np.array([4, 3, 1, 3, 2, 0, 0.0])
    same = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    points = det_points(scores, same)
    assert points.thresholds.tolist() == [np.inf, 4, 3, 2, 1, 0]
    assert points.misses == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3, 0, 0])
    assert points.alarms.tolist() == [0, 0, 0.25, 0.5, 0.5, 1]
    rate, threshold = equal_error_rate(scores, same)
    assert rate == pytest.approx(1 / 3) and threshold == 3
    assert min_dcf(scores, same, 0.5) == (pytest.approx(0.5), 1)
    assert min_dcf(scores, same, 0.01) == (pytest.approx(2 / 3), 4)


def test_rates_of_what_is_clear():
    assert equal_error_rate([3, 2, 1, 0], [True, True, False, False]) == (0, 2)
    assert equal_error_rate([0, 1], [True, False])[0] == 1
    assert equal_error_rate([1, 1, 1, 1], [True, False, True, False])[0] == pytest.approx(0.5)
    assert min_dcf([3, 2, 1, 0], [True, True, False, False])[0] == 0
    assert min_dcf([0, 0, 1, 1], [True, True, False, False])[0] == 1


def test_rates_against_brute_force():
    scores, same = np.round(RNG.normal(size=300), 1), RNG.random(300) < 0.3
    scores[same] += 1.2
    thresholds = np.append(np.unique(scores), np.inf)
    misses = np.array([(scores[same] < t).mean() for t in thresholds])
    alarms = np.array([(scores[~same] >= t).mean() for t in thresholds])
    for p in (0.01, 0.05, 0.5):
        costs = (p * misses + (1 - p) * alarms) / min(p, 1 - p)
        assert min_dcf(scores, same, p)[0] == pytest.approx(costs.min(), abs=1e-12)
    rate, _ = equal_error_rate(scores, same)
    assert np.max(np.minimum(misses, alarms)) <= rate <= np.min(np.maximum(misses, alarms))


def test_rates_of_two_gaussians_are_the_closed_form():
    scores = np.concatenate([RNG.normal(2, 1, 40000), RNG.normal(0, 1, 40000)])
    rate, threshold = equal_error_rate(scores, np.arange(80000) < 40000)
    assert rate == pytest.approx(0.1587, abs=0.003) and threshold == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("scores, same", [([1, 2], [True, True]), ([1, 2], [False, False]),
                                          ([1, np.nan], [True, False])])
def test_rates_need_both_kinds_and_numbers(scores, same):
    with pytest.raises(DiarkitError):
        equal_error_rate(scores, same)


def test_trials_are_all_pairs_or_so_many():
    speakers, groups = list("aaabbc"), list("xxxxyy")
    a, b, same = make_trials(speakers)
    assert len(a) == 15 and same.sum() == 4 and (a < b).all() and len({*zip(a, b)}) == 15
    assert all((speakers[x] == speakers[y]) == s for x, y, s in zip(a, b, same))
    a, b, same = make_trials(speakers, groups)
    assert {(x, y) for x, y, s in zip(a, b, same) if not s} == {(0, 3), (1, 3), (2, 3), (4, 5)}
    few, again = (make_trials(speakers, None, TrialOptions(targets=2, others=3)) for _ in range(2))
    assert few[2].sum() == 2 and len(few[2]) == 5
    assert all(np.array_equal(p, q) for p, q in zip(few, again))
    with pytest.raises(DiarkitError, match="no trial of one speaker"):
        make_trials(list("abc"))


def test_trials_in_both_orders_and_bad_ones(tmp_path):
    path = tmp_path / "trials"
    path.write_text("u1 u2 target\nu1 u3 0\n1 u2 u4\n")
    assert read_trials(path)[0] == ["u1", "u1", "u2"] and read_trials(path)[2].tolist() == [True, False, True]
    path.write_text("u1 u2 target\nu1 u3 maybe\n")
    with pytest.raises(DiarkitError, match="trials:2: .*maybe"):
        read_trials(path)


def table(path, vectors):
    with MatrixWriter(f"ark,scp:{path}.ark,{path}.scp") as writer:
        for n, vector in enumerate(vectors):
            writer.write(f"u{n}", vector)
    return f"scp:{path}.scp"


def test_as_norm_against_plain_loops(tmp_path):
    x, cohort = RNG.normal(size=(5, 8)), RNG.normal(size=(20, 8))
    options = ScoreTrialsOptions(cohort=table(tmp_path / "cohort", cohort), cohort_top=6)
    a, b = np.array([0, 1, 4]), np.array([2, 3, 0])
    cosine = lambda u, v: u @ v / np.linalg.norm(u) / np.linalg.norm(v)  # noqa: E731
    expected = []
    for i, j in zip(a, b):
        parts = []
        for side in (i, j):
            near = np.sort([cosine(x[side], c) for c in cohort])[-6:]
            parts.append((cosine(x[i], x[j]) - near.mean()) / near.std())
        expected.append(np.mean(parts))
    assert Scorer(options)(x, a, b) == pytest.approx(expected, abs=1e-5)


def test_plda_scores_are_log_likelihood_ratios(tmp_path):
    psi = np.array([2.0, 0.5, 0.1])
    write_backend(tmp_path / "plda", Backend(np.zeros(3), np.eye(3), Plda(np.zeros(3), np.eye(3), psi), False))
    x = RNG.normal(size=(4, 3))
    latent = x / np.linalg.norm(x, axis=1, keepdims=True) * np.sqrt(3)
    expected = []
    for i, j in ((0, 1), (2, 3)):
        pair = np.concatenate([latent[i], latent[j]])
        across, own = np.diag(psi), np.diag(1 + psi)
        same = np.block([[own, across], [across, own]])
        other = np.block([[own, 0 * across], [0 * across, own]])
        expected.append(multivariate_normal.logpdf(pair, cov=same) - multivariate_normal.logpdf(pair, cov=other))
    scorer = Scorer(ScoreTrialsOptions(backend="plda", plda=str(tmp_path / "plda")))
    assert scorer(x, np.array([0, 2]), np.array([1, 3])) == pytest.approx(expected, abs=1e-4)


def test_the_binaries(tmp_path, call):
    """Three speakers of four utterances; u11 is a matrix, the others are vectors."""
    centres = RNG.normal(size=(3, 16))
    vectors = [centres[n // 4] + RNG.normal(0, 0.5, 16) for n in range(12)]
    emb = table(tmp_path / "emb", [*vectors[:-1], np.stack([vectors[-1], 2 * vectors[-1]])])
    (tmp_path / "utt2spk").write_text("".join(f"u{n} s{n // 4}\n" for n in range(12)))
    assert "18 trials of one speaker, 48 of two" in call("make-trials.py", "utt2spk", "trials").stderr
    done = call("score-trials.py", "trials", emb, "out/one")
    assert done.returncode == 0, done.stderr
    names, values = ((tmp_path / "out/one/verification.tsv").read_text().splitlines())
    found = dict(zip(names.split("\t"), map(float, values.split("\t"))))
    unit = np.stack(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
    a, b = np.triu_indices(12, 1)
    expected = summary((unit @ unit.T)[a, b], a // 4 == b // 4)
    assert found == pytest.approx(expected, abs=1e-4) and f"EER {found['eer']:.3f} %" in done.stdout
    drawn = call("draw-det.py", f"--embeddings={emb}", "--utt2spk=utt2spk", "out/one/scores", "pictures")
    assert drawn.returncode == 0, drawn.stderr
    for name in ("det", "distances"):
        assert (tmp_path / f"pictures/{name}.png").read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "trials").write_text("u0 nobody target\n")
    done = call("score-trials.py", "trials", emb, "out/two")
    assert done.returncode == 1 and "1 utterances of trials are not here, such as nobody" in done.stderr
