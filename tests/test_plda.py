"""PLDA: scores against the closed form, training that never gets worse, and Kaldi's files."""

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from scipy.stats import multivariate_normal

from diarkit.annotation import read_reco2dur, read_segments
from diarkit.cluster.vectors import group_means
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_table
from diarkit.options import from_conf
from diarkit.plda import Plda, PldaOptions, open_backend, read_backend, read_plda, train, write_backend, write_plda
from diarkit.plda.model import diagonalise
from diarkit.plda.training import covariances as covariances_of
from diarkit.plda.training import discriminants, log_likelihood, maximise, shrunk, spread
from diarkit.tables import MatrixWriter

DIM = 4


def covariances(seed=0, dim=DIM):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, dim, dim))
    return rng.standard_normal(dim), a @ a.T + 0.1 * np.eye(dim), b @ b.T + 0.5 * np.eye(dim)


def draw(speakers, each, mean, between, within, seed=0):
    """Return (vectors, labels) of the two-covariance model; speaker s has each[s % len(each)] vectors."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(speakers), [each[s % len(each)] for s in range(speakers)])
    centres = rng.multivariate_normal(mean, between, speakers)
    return centres[labels] + rng.multivariate_normal(np.zeros(len(mean)), within, len(labels)), labels


def joint(mean, between, within, count):
    """Return the Gaussian of `count` stacked vectors of one speaker."""
    cov = np.kron(np.ones((count, count)), between) + np.kron(np.eye(count), within)
    return multivariate_normal(np.tile(mean, count), cov)


def test_both_covariances_become_diagonal():
    mean, between, within = covariances()
    plda = diagonalise(mean, between, within)
    np.testing.assert_allclose(plda.transform @ within @ plda.transform.T, np.eye(DIM), atol=1e-10)
    np.testing.assert_allclose(plda.transform @ between @ plda.transform.T, np.diag(plda.psi), atol=1e-10)
    assert (np.diff(plda.psi) <= 0).all()


def test_scores_are_the_closed_form_of_two_vectors():
    mean, between, within = covariances()
    plda, (x, _) = diagonalise(mean, between, within), draw(6, [1], mean, between, within)
    u = plda.latent(x)
    one, two = joint(mean, between, within, 1), joint(mean, between, within, 2)
    wanted = [[two.logpdf(np.r_[a, b]) - one.logpdf(a) - one.logpdf(b) for b in x] for a in x]
    np.testing.assert_allclose(plda.scores(u, u), wanted, atol=1e-9)


def test_scores_of_several_enrolled_vectors_are_the_closed_form():
    mean, between, within = covariances(1)
    plda, (x, _) = diagonalise(mean, between, within), draw(1, [5], mean, between, within)
    u = plda.latent(x)
    found = plda.scores(u[:3].mean(0, keepdims=True), u[3:], [3])
    one, three, four = (joint(mean, between, within, n) for n in (1, 3, 4))
    first = x[:3].ravel()
    wanted = [four.logpdf(np.r_[first, v]) - three.logpdf(first) - one.logpdf(v) for v in x[3:]]
    np.testing.assert_allclose(found[0], wanted, atol=1e-9)


def test_log_likelihood_is_the_closed_form():
    mean, between, within = covariances(2)
    x, labels = draw(5, [1, 3, 4], mean, between, within)
    wanted = sum(joint(mean, between, within, n).logpdf(x[labels == s].ravel())
                 for s, n in enumerate(np.bincount(labels)))
    assert log_likelihood(diagonalise(mean, between, within), x, labels) == pytest.approx(wanted, abs=1e-8)


def test_expectation_maximisation_never_falls_and_finds_the_truth():
    mean, between, within = covariances(3)
    x, labels = draw(400, [2, 5, 9], mean, between, within)
    plda = diagonalise(mean, np.eye(DIM), np.eye(DIM))
    seen = [log_likelihood(plda, x, labels)]
    for _ in range(60):
        plda = maximise(plda, x, labels)
        seen.append(log_likelihood(plda, x, labels))
    assert (np.diff(seen) > -1e-7).all() and seen[-1] > seen[0] + 100
    assert seen[-1] >= log_likelihood(diagonalise(mean, between, within), x, labels) - 1
    found = np.linalg.inv(plda.transform)
    np.testing.assert_allclose(found @ found.T, within, atol=0.15 * np.abs(within).max())
    np.testing.assert_allclose(found * plda.psi @ found.T, between, atol=0.2 * np.abs(between).max())


def test_spread_and_discriminants():
    mean, between, within = covariances(4)
    x, labels = draw(3000, [4], mean, between, within)
    found = spread(x, labels)
    np.testing.assert_allclose(found.within, within, atol=0.1 * np.abs(within).max())
    np.testing.assert_allclose(found.between, between, atol=0.1 * np.abs(between).max())
    lda = discriminants(found, 2)
    np.testing.assert_allclose(lda @ found.within @ lda.T, np.eye(2), atol=1e-3)
    rates = np.diag(lda @ found.between @ lda.T)
    assert rates == pytest.approx(np.sort(np.linalg.eigvals(np.linalg.solve(found.within, found.between)).real)[:1:-1],
                                  rel=1e-3)


def test_shrinkage_keeps_the_total_variance_and_ends_in_the_cosine():
    found = covariances_of(diagonalise(*covariances()))
    for made, given in zip(found, covariances()):
        np.testing.assert_allclose(made, given, atol=1e-9)
    for share in (0.0, 0.4, 1.0):
        less = shrunk(found, share)
        assert np.trace(less.within) == pytest.approx(np.trace(found.within))
        np.testing.assert_allclose(less.between - np.diag(np.diag(less.between)),
                                   (1 - share) * (found.between - np.diag(np.diag(found.between))), atol=1e-9)
    x, labels = speakers()
    backend = train(x, labels, PldaOptions(lda_dim=24, shrinkage=1.0))
    u, z = backend.latent(x[:50]), x / np.linalg.norm(x, axis=1, keepdims=True) - backend.mean
    z = z[:50] / np.linalg.norm(z[:50], axis=1, keepdims=True)
    rows, cols = np.triu_indices(50, 1)
    order = np.argsort((z @ z.T)[rows, cols])
    assert np.ptp(backend.plda.psi) < 1e-6 and np.corrcoef(backend.plda.scores(u, u)[rows, cols][order],
                                                           (z @ z.T)[rows, cols][order])[0, 1] > 0.999


def speakers(seed=0, dim=24, count=60, each=8, noise=0.5):
    """Embeddings with much chance in dimensions of their own: what the cosine suffers from and PLDA does not."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), each)
    wide = np.r_[np.full(8, 3.0), np.full(dim - 8, noise)]
    return rng.standard_normal((count, dim))[labels] + wide * rng.standard_normal((len(labels), dim)), labels


def error_rate(scores, labels):
    """Return the equal error rate of an (N, N) matrix."""
    rows, cols = np.triu_indices(len(labels), 1)
    same, values = labels[rows] == labels[cols], scores[rows, cols]
    order = np.argsort(-values)
    miss, false = 1 - same[order].cumsum() / same.sum(), (~same[order]).cumsum() / (~same).sum()
    return float(miss[np.argmin(np.abs(miss - false))])


@pytest.mark.parametrize("unit", [True, False])
def test_a_trained_backend_beats_the_cosine_on_new_speakers(unit):
    backend = train(*speakers(), PldaOptions(lda_dim=12, unit_length=unit))
    x, labels = speakers(seed=1)
    u, unit_x = backend.latent(x), x / np.linalg.norm(x, axis=1, keepdims=True)
    assert error_rate(backend.plda.scores(u, u), labels) < 0.7 * error_rate(unit_x @ unit_x.T, labels)
    assert backend.latent(x, 5).shape == (len(x), 5)
    np.testing.assert_allclose(np.linalg.norm(backend.project(x), axis=1), np.sqrt(12))


def test_latent_space_is_as_promised():
    x, labels = speakers(count=300)
    backend = train(x, labels, PldaOptions(lda_dim=12, shrinkage=0.0))
    u = backend.latent(x)
    rest = u - group_means(u, labels)[0][labels]
    np.testing.assert_allclose(rest.T @ rest / (len(x) - 300), np.eye(12), atol=0.05)


@pytest.mark.parametrize("binary", [True, False])
def test_kaldi_file_round_trip(tmp_path, binary):
    plda = diagonalise(*covariances(5))
    write_plda(tmp_path / "plda", plda, binary)
    again = read_plda(tmp_path / "plda")
    for name in ("mean", "transform", "psi"):
        np.testing.assert_array_equal(getattr(again, name), getattr(plda, name))


def test_text_and_binary_as_kaldi_writes_them(tmp_path):
    """The bytes below follow Plda::Write of Kaldi: tokens with one blank, arrays without a mark of their own."""
    text = b"<Plda>  [ 1 2 ]\n [\n  1 0.5 \n  0 2 ]\n [ 3 0.25 ]\n</Plda> "
    size = b"\4\2\0\0\0"
    doubles = (np.array(v, "<f8").tobytes() for v in ([1, 2], [1, 0.5, 0, 2], [3, 0.25]))
    head = (b"DV " + size, b"DM " + size + size, b"DV " + size)
    binary = b"\0B<Plda> " + b"".join(h + d for h, d in zip(head, doubles)) + b"</Plda> "
    for data in (text, binary):
        (tmp_path / "plda").write_bytes(data)
        plda = read_plda(tmp_path / "plda")
        assert (plda.mean.tolist(), plda.transform.tolist(), plda.psi.tolist()) == ([1, 2], [[1, .5], [0, 2]], [3, .25])
    write_plda(tmp_path / "again", plda)
    assert (tmp_path / "again").read_bytes() == binary


@pytest.mark.parametrize("data, words", [
    (b"", "it starts with"), (b"\0BDV \4\2\0\0\0", "not with <Plda>"), (b"<Plda>  [ 1 ]\n", "not a PLDA"),
    (b"<Plda>  [ 1 2 ]\n [\n  1 0\n  0 1 ]\n [ 1 -1 ]\n</Plda> ", "psi below 0"),
    (b"<Plda>  [ 1 2 ]\n [\n  1 0\n  0 1 ]\n [ 1 2 3 ]\n</Plda> ", "same dimension"),
    (b"<Plda>  [ 1 2 ]\n [\n  1 0\n  0 1 ]\n [ 1 nan ]\n</Plda> ", "not finite"),
    (b"<Plda>  [ 1 2 ]\n [\n  1 0\n  0 1 ]\n [ 1 2 ]\nmore", "it ends with"),
    (b"<Plda>  [ 1 2 ]\n [ 1 2 ]\n [ 1 2 ]\n</Plda> ", "shapes"),
])
def test_what_is_no_plda_is_said(tmp_path, data, words):
    (tmp_path / "plda").write_bytes(data)
    with pytest.raises(DiarkitError, match=words) as error:
        read_plda(tmp_path / "plda")
    assert str(tmp_path / "plda") in str(error.value)


def test_backend_folder_round_trip(tmp_path):
    x, labels = speakers()
    backend = train(x, labels, PldaOptions(lda_dim=12))
    write_backend(tmp_path / "plda", backend)
    again = read_backend(tmp_path / "plda")
    assert again.unit_length
    np.testing.assert_allclose(again.latent(x), backend.latent(x), atol=1e-4)
    write_backend(tmp_path / "raw", train(x, labels, PldaOptions(lda_dim=12, unit_length=False)))
    assert not read_backend(tmp_path / "raw").unit_length


def test_kaldis_lda_with_an_offset(tmp_path):
    x, labels = speakers()
    backend = train(x, labels, PldaOptions(lda_dim=12, unit_length=False))
    write_backend(tmp_path, backend)
    shift = np.arange(24.0)
    with MatrixWriter(f"ark:{tmp_path}/a") as writer:
        writer.write("m", backend.mean - shift)
        writer.write("t", np.column_stack([backend.lda, -backend.lda @ shift]))
    data = (tmp_path / "a").read_bytes()
    at = data.index(b"t \0B")
    (tmp_path / "mean.vec").write_bytes(data[2:at])
    (tmp_path / "transform.mat").write_bytes(data[at + 2:])
    (tmp_path / "backend.conf").unlink()
    np.testing.assert_allclose(read_backend(tmp_path).latent(x), backend.latent(x), atol=1e-3)


def test_parts_that_do_not_fit_are_said(tmp_path):
    x, labels = speakers()
    write_backend(tmp_path, train(x, labels, PldaOptions(lda_dim=12)))
    write_plda(tmp_path / "plda", diagonalise(*covariances()))
    with pytest.raises(DiarkitError, match="do not fit"):
        read_backend(tmp_path)
    with pytest.raises(UsageError, match="--plda=nowhere: neither a folder nor one of"):
        open_backend("nowhere")
    with pytest.raises(DiarkitError, match="takes 24 columns"):
        train(x, labels, PldaOptions(lda_dim=12)).latent(x[:, :5])


def test_too_little_to_train_on():
    x, labels = speakers(count=3, each=4)
    with pytest.raises(DiarkitError, match="12 embeddings .* of 3 speakers"):
        train(x, labels, PldaOptions(lda_dim=12))
    with pytest.raises(DiarkitError, match="0 embeddings .* of 0 speakers"):
        train(x, np.arange(12), PldaOptions(lda_dim=2))
    with pytest.raises(DiarkitError):
        Plda(np.zeros(2), np.eye(3), np.ones(2))


def test_binaries(call, tmp_path):
    x, labels = speakers()
    with MatrixWriter(f"ark,scp:{tmp_path}/emb.ark,{tmp_path}/emb.scp") as writer:
        for s in range(60):
            writer.write(f"u{s}", x[labels == s])
        writer.write("empty", np.zeros((0, 0)))
    (tmp_path / "utt2spk").write_text("".join(f"u{s} name{s}\n" for s in range(60)) + "empty name0\n")
    done = call("train-plda.py", "--lda-dim=12", "scp:emb.scp", "utt2spk", "out")
    assert done.returncode == 0 and "480 embeddings of 60 speakers" in done.stderr, done.stderr
    wanted = train(x, labels, PldaOptions(lda_dim=12))
    np.testing.assert_allclose(np.abs(read_backend(tmp_path / "out").latent(x)), np.abs(wanted.latent(x)), atol=1e-3)
    assert call("copy-plda.py", "--binary=false", "out/plda", "text").returncode == 0
    assert (tmp_path / "text").read_text().startswith("<Plda>  [ ")
    assert call("copy-plda.py", "text", "again").returncode == 0
    assert (tmp_path / "again").read_bytes() == (tmp_path / "out" / "plda").read_bytes()
    (tmp_path / "utt2spk").write_text("u0 name0\n")
    done = call("train-plda.py", "scp:emb.scp", "utt2spk", "more")
    assert done.returncode == 1 and "u1: not in utt2spk" in done.stderr and not (tmp_path / "more").exists()


def test_conf_file_shows_the_defaults():
    assert from_conf(PldaOptions, ROOT / "conf" / "train/plda.conf") == PldaOptions()


def test_the_shipped_plda_is_whole():
    backend = open_backend("resnet34")
    assert backend.unit_length and backend.lda.shape == (256, 256) and (backend.plda.psi > 0.1).all()
    u = backend.latent(np.random.default_rng(0).standard_normal((5, 256)))
    assert (np.diag(backend.plda.scores(u, u)) > 20).all()
    card = (ROOT / "diarkit/weights/plda_resnet34" / "README.md").read_text(encoding="utf-8")
    for word in ("licence", "CC BY 4.0", "LibriSpeech", "speechocean762", "Credit"):
        assert word in card


def test_crops_and_the_training_step_on_real_speech(call, tmp_path, speech):
    """Two speakers' crops through make_crops.py; the step trains on embeddings, and again only when asked to."""
    for room in ("steps", "utils", "bin", "conf"):
        (tmp_path / room).symlink_to(ROOT / room)
    tables = {"wav.scp": "", "utt2spk": ""}
    for n, part in enumerate(np.array_split(speech, 3)):
        soundfile.write(tmp_path / f"u{n}.wav", part, 16000)
        tables["wav.scp"] += f"u{n} u{n}.wav\n"
        tables["utt2spk"] += f"u{n} s{n // 2}\n"
    for name, text in tables.items():
        (tmp_path / name).write_text(text)
    crops = str(ROOT / "local/plda/make_crops.py")
    done = call(crops, "--max-crop=2", "wav.scp", "utt2spk", "data")
    assert done.returncode == 0, done.stderr
    made = read_segments(tmp_path / "data/subsegments")
    durations = read_reco2dur(tmp_path / "data/reco2dur")
    assert set(made) == set(durations) == set(read_table(tmp_path / "data/wav.scp"))
    lengths = [s.end_s - s.start_s for parts in made.values() for s in parts]
    assert len(lengths) > 3 and 1.499 <= min(lengths) and max(lengths) <= 2.001
    assert all(s.end_s <= durations[reco] + 0.001 for reco, parts in made.items() for s in parts)
    assert call(crops, "--min-crop=60", "--max-crop=60", "wav.scp", "utt2spk", "none").returncode == 1

    x, labels = speakers()
    (tmp_path / "emb").mkdir()
    with MatrixWriter(f"ark,scp:{tmp_path}/emb/emb.ark,{tmp_path}/emb/emb.scp") as writer:
        for s in range(60):
            writer.write(f"u{s}", x[labels == s])
    (tmp_path / "data/utt2spk").write_text("".join(f"u{s} name{s}\n" for s in range(60)))
    (tmp_path / "plda.conf").write_text("--lda-dim=12\n")
    words = ["steps/train_plda.sh", "--plda-config", "plda.conf", "data", "emb", "out"]
    done = call(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_backend(tmp_path / "out").lda.shape == (12, 24)
    done = call(*words)
    assert "is up to date" in done.stdout + done.stderr
    done = call(str(ROOT / "local/plda/score_pairs.py"), "scp:emb/emb.scp", "data/utt2spk", "out")
    assert done.returncode == 0, done.stderr  # each speaker is one utterance here: no pairs of one speaker, no rates
