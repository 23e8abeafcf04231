"""Detection of changes: averaged windows against a plain loop, short recordings, both ways to pick peaks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.change import detect
from diarkit.change.detect import DetectOptions, Detector
from diarkit.change.grid import FRAME_S
from diarkit.change.network import ChangeNet
from diarkit.change.peaks import PickOptions, pick
from diarkit.errors import DiarkitError, UsageError
from diarkit.tables import MatrixWriter, load_matrix, read_scp

PUBLISHED = PickOptions(method="published")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "any.pt"
    torch.save({"state_dict": ChangeNet().state_dict()}, path)
    return str(path)


def plain_curve(network, feats, step_s=0.8):
    """The mean score of all windows over each frame, window by window."""
    width = min(137, len(feats))
    starts = [int(k * step_s / FRAME_S + 1e-9) for k in range(10 ** 4) if k * step_s / FRAME_S <= len(feats) - width]
    total, count = np.zeros(len(feats)), np.zeros(len(feats))
    for start in sorted({*starts, len(feats) - width}):
        with torch.no_grad():
            scores = network(torch.from_numpy(feats[None, start:start + width]))[0].sigmoid().numpy()
        total[start:start + width] += scores
        count[start:start + width] += 1
    return total / count


@pytest.mark.parametrize("total, step_s, batch", [(1, 0.8, 64), (50, 0.8, 64), (137, 0.8, 64), (138, 0.8, 1),
                                                  (700, 0.8, 3), (700, 0.8, 64), (1500, 3.1, 2), (411, 3.0, 8)])
def test_windows_are_averaged_to_the_end_of_the_recording(weights, total, step_s, batch):
    feats = np.random.default_rng(total).normal(size=(total, 35)).astype(np.float32)
    detector = Detector(DetectOptions(model=weights, step_s=step_s, batch=batch))
    curve = detector(feats)
    assert curve.shape == (total, 2) and curve.dtype == np.float64
    np.testing.assert_allclose(curve[:, 0], np.arange(total) * 512 / 22050)
    np.testing.assert_allclose(curve[:, 1], plain_curve(detector.network, feats, step_s), atol=1e-6)


def test_memory_mapped_features_are_read_batch_by_batch(weights, tmp_path, monkeypatch):
    feats = np.random.default_rng(0).normal(size=(3000, 35)).astype(np.float32)
    with MatrixWriter(f"ark,scp:{tmp_path}/f.ark,{tmp_path}/f.scp") as writer:
        writer.write("a", feats)
    mapped, forgotten = load_matrix(read_scp(f"{tmp_path}/f.scp")["a"]), []
    monkeypatch.setattr(detect, "forget_pages", forgotten.append)
    detector = Detector(DetectOptions(model=weights, batch=16))
    assert np.array_equal(detector(mapped), detector(feats)) and len(forgotten) == 2 * 6


def test_no_frames_and_wrong_features_and_wrong_options(weights, tmp_path, call, monkeypatch):
    monkeypatch.chdir(tmp_path)
    detector = Detector(DetectOptions(model=weights))
    assert detector(np.zeros((0, 0), np.float32)).shape == (0, 2)
    with pytest.raises(DiarkitError, match=r"\(100, 13\).*compute-change-feats"):
        detector(np.zeros((100, 13), np.float32))
    with pytest.raises(UsageError, match="longer than a window"):
        DetectOptions(step_s=3.3)
    with MatrixWriter(f"ark,scp:{tmp_path}/f.ark,{tmp_path}/f.scp") as writer:
        writer.write("a", np.zeros((0, 35)))
        writer.write("b", np.zeros((100, 13)))
        writer.write("c", np.zeros((100, 35)))
    done = call("detect-changes.py", f"--model={weights}", "scp:f.scp", "ark,scp:c.ark,c.scp")
    assert done.returncode == 1 and "1 of 3 failed" in done.stderr and list(read_scp(f"{tmp_path}/c.scp")) == ["a", "c"]
    done = call("pick-changes.py", "--threshold=0.9999", "scp:c.scp", "ark,scp:p.ark,p.scp")
    assert done.returncode == 0, done.stderr
    assert all(load_matrix(entry).size == 0 for entry in read_scp(f"{tmp_path}/p.scp").values())
    (tmp_path / "no.pt").write_text("no weights")
    done = call("detect-changes.py", "--model=no.pt", "scp:f.scp", "ark:c.ark")
    assert done.returncode == 1 and "no.pt: no weights of the change detector" in done.stderr.splitlines()[-1]


def curve(scores, frame_s=FRAME_S):
    return np.column_stack([np.arange(len(scores)) * frame_s, scores])


def spikes(total, **at):
    scores = np.zeros(total)
    for name, height in at.items():
        scores[int(name[1:])] = height
    return curve(scores)


@pytest.mark.parametrize("given_curve, frames", [
    (spikes(1000, t150=0.9, t190=0.8, t210=0.7), [150, 210]),     # 190 is skipped, the next window is 200-399
    (spikes(1000, t150=0.6, t190=0.8, t245=0.7, t999=0.51), [190, 245, 999]),  # found to the last frame
    (spikes(1000, t150=0.4, t450=0.6, t599=0.8), [599]),          # the window grew to 0-599
    (spikes(1000, t599=0.6, t600=0.8), [599]),                    # 600 is past that window, then skipped
    (spikes(1000, t3=0.5), []), (spikes(1), []), (spikes(1, t0=0.6), [0]), (spikes(30, t29=0.6), [29])])
def test_the_published_picker_by_hand(given_curve, frames):
    np.testing.assert_allclose(pick(given_curve, PUBLISHED), np.array(frames) * FRAME_S)


def plain_published(scores):
    """The published loop over frames: a window of 200 that grows by 200, its highest frame, then 50 on."""
    found, start = [], 0
    while start < len(scores):
        end = start + 200
        while end < len(scores) and scores[start:end].max() <= 0.5:
            end += 200
        if scores[start:end].max() <= 0.5:
            break
        found.append(start + int(scores[start:end].argmax()))
        start = found[-1] + 50
    return found


def plain_threshold(scores, least, distance):
    """Local maxima from the highest down, each unless a higher one is nearer than the distance."""
    padded, kept = np.pad(scores, 1, constant_values=-1), []
    peaks = [t for t in range(len(scores)) if scores[t] >= least and padded[t] < scores[t] > padded[t + 2]]
    for t in sorted(peaks, key=lambda t: -scores[t]):
        if all(abs(t - other) >= distance for other in kept):
            kept.append(t)
    return sorted(kept)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10 ** 6), st.integers(1, 2500), st.sampled_from([2, 20, 300]))
def test_both_pickers_against_plain_loops(seed, total, power):
    scores = np.random.default_rng(seed).random(total) ** power
    np.testing.assert_allclose(pick(curve(scores), PUBLISHED), np.array(plain_published(scores)) * FRAME_S)
    wide = PickOptions(threshold=0.3, min_distance_s=10 * FRAME_S)
    np.testing.assert_allclose(pick(curve(scores), wide), np.array(plain_threshold(scores, 0.3, 10)) * FRAME_S)


def test_the_pickers_take_seconds_not_frames():
    rng = np.random.default_rng(5)
    scores = np.repeat(rng.random(100) ** 4, 20) * np.tile(np.hanning(20), 100)
    ten_ms = pick(curve(scores, 0.01), PickOptions(threshold=0.1, min_distance_s=0.5))
    assert len(ten_ms) > 3 and np.diff(ten_ms).min() >= 0.5
    late = np.column_stack([100 + np.arange(2000) * 0.01, scores])
    np.testing.assert_allclose(pick(late, PickOptions(threshold=0.1, min_distance_s=0.5)), ten_ms + 100)
    first = pick(curve(scores, 0.01), PickOptions(method="published", threshold=0.1, window_s=2, skip_s=0.5))
    assert len(first) > 3 and np.diff(first).min() >= 0.5


@pytest.mark.parametrize("wrong", [np.zeros((5, 3)), np.zeros(5), curve([0.1, np.nan]), curve([0.1, 0.2])[::-1]])
def test_a_curve_of_another_form_is_refused(wrong):
    with pytest.raises(DiarkitError, match="curve"):
        pick(wrong)
    assert pick(np.zeros((0, 0))).shape == (0,)
