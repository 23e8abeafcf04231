"""Changes without training: distances against their formulas, peaks on made and on real sound, dull input."""

import shutil

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.annotation import read_reco2dur, read_rttm
from diarkit.change.bic import delta_bic, merge_linear
from diarkit.change.divergence import gaussian_divergence, kl2
from diarkit.change.gaussians import beside, candidates, centred, joined
from diarkit.change.metric import METHODS, MetricDetector, MetricOptions
from diarkit.change.peaks import pick
from diarkit.change.score import score
from diarkit.errors import DiarkitError
from diarkit.tables import MatrixWriter, load_matrix, read_scp

NONE = np.zeros(3)


def sound(*lengths, dims=3, seed=0):
    """Return frames of several voices in turn: Gaussians of their own mean and covariance."""
    rng = np.random.default_rng(seed)
    voices = [rng.normal(size=(n, dims)) @ rng.normal(size=(dims, dims)) + 2 * rng.normal(size=dims) for n in lengths]
    return np.concatenate(voices).astype(np.float32)


def windows(x, at, window_t, full):
    """Return the window moments of single boundaries, in one block."""
    (rows, before, after), = beside(x, np.array(at), window_t, full)
    assert rows == slice(0, len(at))
    return before, after


def logdet(x):
    return np.linalg.slogdet(np.cov(x.T.astype(float), bias=True))[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(20, 60), st.integers(20, 60), st.sampled_from([0.0, 1.0, 2.5]))
def test_distances_are_those_of_the_papers(seed, n1, n2, penalty):
    x = sound(n1, n2, seed=seed)
    a, b = x[:n1].astype(float), x[n1:].astype(float)
    full, diagonal = windows(x, [n1], 1000, True), windows(x, [n1], 1000, False)
    n, parameters = n1 + n2, 3 + 3 * 4 / 2
    bic = (n * logdet(x) - n1 * logdet(a) - n2 * logdet(b)) / 2 - penalty / 2 * parameters * np.log(n)
    assert delta_bic(*full, NONE, penalty) == pytest.approx(bic, rel=1e-6, abs=1e-6)
    v1, v2, apart = a.var(0), b.var(0), (a.mean(0) - b.mean(0)) ** 2
    assert gaussian_divergence(*diagonal, NONE) == pytest.approx((apart / np.sqrt(v1 * v2)).sum(), rel=1e-6)
    both_ways = sum((np.log(w / v) + (v + apart) / w - 1).sum() / 2 for v, w in ((v1, v2), (v2, v1)))
    assert kl2(*diagonal, NONE) == pytest.approx(both_ways, rel=1e-6)


def test_windows_are_the_same_in_many_blocks(monkeypatch):
    x, at = sound(700, 500), candidates(1200, 50, 7)
    assert at[0] == 50 and at[-1] <= 1150 < at[-1] + 7
    whole = windows(x, at, 120, True)
    monkeypatch.setattr("diarkit.change.gaussians.BLOCK_T", 100)
    parts = list(beside(x, at, 120, True))
    assert len(parts) > 5
    for side in (0, 1):
        for number in range(3):
            joint = np.concatenate([part[1 + side][number] for part in parts])
            np.testing.assert_allclose(joint, whole[side][number], rtol=1e-9, atol=1e-9)
    for row in (0, 60, len(at) - 1):  # a window is cut where the recording ends
        first, last = max(at[row] - 120, 0), min(at[row] + 120, 1200)
        np.testing.assert_allclose(whole[0][1][row], x[first:at[row]].mean(0), atol=1e-4)
        assert whole[1][0][row] == last - at[row]
    np.testing.assert_allclose(joined(*whole)[1][60], x[at[60] - 120:at[60] + 120].mean(0), atol=1e-4)


def test_the_second_pass_keeps_what_two_models_explain_better():
    x, floor = centred(sound(300, 200, 400, seed=3))
    assert merge_linear(x, np.array([90, 300, 420, 500, 700]), floor, 1.0).tolist() == [300, 500]
    assert merge_linear(x, np.array([300]), floor, 1e6).tolist() == []
    assert merge_linear(x, np.zeros(0, int), floor, 1.0).tolist() == []
    assert merge_linear(x, np.array([90, 300]), floor, 0.0).tolist() == [90, 300]  # two models always fit better


@pytest.mark.parametrize("method", METHODS)
def test_changes_of_made_sound_are_found(method):
    x = sound(500, 600, 450, dims=8, seed=1)
    curve, changes = MetricDetector(MetricOptions(method=method, prominence=0.5))(x)
    np.testing.assert_allclose(changes, [5, 11], atol=0.1)
    assert curve.shape[1] == 2 and (np.diff(curve[:, 0]) > 0).all() and curve[0, 0] == 1.0
    if method == "bic":
        assert set(np.round(pick(curve), 1)) >= {5.0, 11.0}  # the curve serves pick-changes.py as well


def test_the_windows_pass_over_what_is_not_speech():
    x = sound(500, 300, 600, dims=8, seed=1)
    x[500:800] = 40  # a pause, unlike any voice
    speech = [(0, 5), (8, 14)]
    _, changes = MetricDetector()(x, speech)
    assert changes.tolist() == [8.0]
    curve, _ = MetricDetector()(x, speech)
    assert not ((curve[:, 0] > 5) & (curve[:, 0] < 8)).any()


def test_a_change_moves_to_the_pause_beside_it():
    x = sound(500, 600, dims=8, seed=1)
    speech = [(0, 4.6), (4.8, 11)]  # the voice changes at 5 s, someone paused just before
    assert MetricDetector(MetricOptions(snap_s=0.5))(x, speech)[1].tolist() == [4.8]
    assert abs(MetricDetector(MetricOptions(snap_s=0.1))(x, speech)[1][0] - 5) < 0.1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("frames", [0, 1, 5, 199, 200, 201, 900])
def test_dull_sound_has_no_changes(method, frames):
    detector, noise = MetricDetector(MetricOptions(method=method)), np.random.default_rng(2).normal(size=(frames, 13))
    for x in (np.zeros((frames, 13)), np.full((frames, 13), 7.123), noise):
        curve, changes = detector(x.astype(np.float32))
        assert changes.shape == (0,) and curve.shape == (max((frames - 200) // 5 + 1, 0), 2)
        assert np.isfinite(curve).all()
    assert detector(noise.astype(np.float32), np.zeros((0, 2)))[1].shape == (0,)
    assert detector(np.zeros((0, 0), np.float32), [(0, 5)])[1].shape == (0,)


def test_features_that_cannot_be_are_refused():
    with pytest.raises(DiarkitError, match="shape"):
        MetricDetector()(np.zeros(30, np.float32))
    x = sound(500)
    x[77, 1] = np.inf
    with pytest.raises(DiarkitError, match="frame 77"):
        MetricDetector()(x)


@pytest.fixture
def recipe(tmp_path, conversations):
    """A recipe's folder with two real conversations and 50 ms of silence."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    data = tmp_path / "data/x"
    data.mkdir(parents=True)
    soundfile.write(tmp_path / "short.wav", np.zeros(800), 16000)
    recos = ("dev00", "trn04")
    (data / "wav.scp").write_text("".join(f"{r} {conversations}/{r}.flac\n" for r in recos) + "zz short.wav\n")
    (data / "reco2dur").write_text("dev00 30\ntrn04 30\nzz 0.05\n")
    lines = (conversations / "ref.rttm").read_text().splitlines(keepends=True)
    (data / "ref.rttm").write_text("".join(line for line in lines if line.split()[1] in recos))
    return tmp_path


@pytest.mark.parametrize("method", METHODS)
def test_the_step_finds_changes_in_real_conversations(recipe, call, method):
    for words in (("make_mfcc.sh", "data/x", "exp/mfcc"),
                  ("compute_vad.sh", "--method", "oracle", "data/x", "exp/vad"),
                  ("detect_changes_metric.sh", "--method", method, "--nj", "2", "exp/mfcc", "exp/vad", "exp/found")):
        done = call("steps/" + words[0], *words[1:])
        assert done.returncode == 0, done.stderr
    changes = {reco: load_matrix(f"{recipe}/{entry}")
               for reco, entry in read_scp(str(recipe / "exp/found/changes.scp")).items()}
    turns, durations = read_rttm(recipe / "data/x/ref.rttm"), read_reco2dur(recipe / "data/x/reco2dur")
    assert len(changes["zz"]) == 0 and changes["dev00"].dtype == np.float64
    for reco in turns:
        assert (np.diff(changes[reco]) > 0).all() and (changes[reco] < durations[reco]).all()
    whole = [score(turns[reco], changes[reco], [(0, 30)]) for reco in turns]
    assert sum(s.matches[2] for s in whole) >= 2 and all(s.purity > 0.6 for s in whole)
    again = call("steps/detect_changes_metric.sh", "--method", method, "exp/mfcc", "exp/vad", "exp/found")
    assert "up to date" in again.stdout + again.stderr


def test_what_is_missing_is_said(recipe, call):
    done = call("steps/detect_changes_metric.sh", "--method", "glr", "exp/mfcc", "exp/vad", "exp/found")
    assert done.returncode != 0 and "steps/make_mfcc.sh" in done.stderr and "conf/change/glr.conf" in done.stderr
    made = call("bin/compute-mfcc-feats.py", "scp:data/x/wav.scp", "ark,scp:f.ark,f.scp")
    assert made.returncode == 0, made.stderr
    said = call("bin/detect-changes-metric.py", "scp:f.scp", "ark:c.ark", "ark:x.ark")
    assert said.returncode == 2 and "--feats-config is required" in said.stderr
    with MatrixWriter(f"ark:{recipe}/vad.ark") as writer:
        writer.write("dev00", np.array([[0.0, 30.0]]))
    said = call("bin/detect-changes-metric.py", "--feats-config=conf/features/mfcc.conf", "--speech=ark:vad.ark",
                "scp:f.scp", "ark:c.ark", "ark,scp:x.ark,x.scp")
    assert said.returncode == 1 and "2 of 3 failed" in said.stderr and "trn04: not in ark:vad.ark" in said.stderr
    assert list(read_scp(str(recipe / "x.scp"))) == ["dev00"]
