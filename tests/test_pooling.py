"""Pooling under masks: who is pooled over what, shares of frames, sums, and the network on the window itself."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from diarkit.embed.pooling import pooled, row_statistics, speaker_masks, weight_matrix
from diarkit.models.resnet34 import weighted_stats
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES

RNG = np.random.default_rng(5)
STEP_S, CENTRE_S = 0.08, 0.0125


def window(*runs):
    """Return (589,) classes: 0 but for (first, end, class) runs."""
    classes = np.zeros(FRAMES, int)
    for first, end, number in runs:
        classes[first:end] = number
    return classes


def test_overlap_is_left_out_where_enough_is_left():
    classes = np.stack([window((0, 100, 1), (100, 150, 4), (150, 160, 2), (300, 305, 3))])
    mask = speaker_masks(classes, min_clean_s=0.5, least_s=0.2)[0]
    assert np.array_equal(np.flatnonzero(mask[:, 0]), np.arange(100))  # 1.7 s alone
    assert np.array_equal(np.flatnonzero(mask[:, 1]), np.arange(100, 160))  # 0.17 s alone: the overlap too
    assert not mask[:, 2].any()  # 0.08 s in all
    assert np.array_equal(np.flatnonzero(speaker_masks(classes, 0.1, 0.2)[0, :, 1]), [])  # 0.17 s alone: too little
    assert speaker_masks(classes, 0, 0.05)[0, :, 2].sum() == 5


@given(st.lists(st.integers(0, 6), min_size=12, max_size=12), st.floats(0.3, 7), st.integers(20, 400))
@settings(max_examples=40, deadline=None)
def test_weights_are_shares_of_time(numbers, hop_s, total):
    """Against counting instants, a thousand in each output frame."""
    classes = np.repeat(np.array(numbers).reshape(2, 6), [98, 98, 98, 98, 98, 99], axis=1)
    found = weight_matrix(classes, hop_s, total, STEP_S, CENTRE_S, min_clean_s=0, least_s=0).toarray()
    instants = CENTRE_S + (np.arange(total * 1000) + 0.5) * STEP_S / 1000 - STEP_S / 2
    masks = speaker_masks(classes, 0, 0)
    for w in range(2):
        frame = np.floor((instants - w * hop_s - FIRST_S) / FRAME_S).astype(int)
        inside = (frame >= 0) & (frame < FRAMES)
        for k in range(3):
            talk = np.where(inside, masks[w, np.clip(frame, 0, FRAMES - 1), k], False).reshape(total, 1000).mean(1)
            assert np.abs(found[3 * w + k] - talk).max() <= 0.01


def test_weights_of_many_windows_are_those_of_each():
    classes = RNG.integers(0, 7, (600, 6)).repeat([98, 98, 98, 98, 98, 99], axis=1)
    whole = weight_matrix(classes, 1.0, 8000, STEP_S, CENTRE_S)
    assert whole.shape == (1800, 8000) and whole.has_sorted_indices
    for w in (0, 255, 256, 599):
        alone = weight_matrix(classes[:w + 1], 1.0, 8000, STEP_S, CENTRE_S)[3 * w:]
        assert np.allclose((whole[3 * w:3 * w + 3] - alone).toarray(), 0)
    assert weight_matrix(classes[:0], 1.0, 50, STEP_S, CENTRE_S).shape == (0, 50)


def test_pooling_is_the_networks_own():
    frames = RNG.normal(size=(40, 6)).astype(np.float32) + 3
    weights = np.where(RNG.random((5, 40)) < 0.5, RNG.random((5, 40)), 0)
    weights[3], weights[4] = 0, np.eye(40)[7]
    found = pooled(sparse.csr_matrix(weights), frames)
    assert found.shape == (5, 12) and not found[3:].any()  # nobody, and a single frame: no deviation
    many = torch.from_numpy(np.repeat(frames.T[None], 3, axis=0)).double()
    wanted = torch.cat(weighted_stats(many, torch.from_numpy(weights[:3])), 1)
    assert np.allclose(found[:3], wanted, atol=1e-9)


def test_pooling_survives_frames_far_from_zero():
    frames = np.full((30, 2), 1e4, np.float32)
    found = pooled(sparse.csr_matrix(np.ones((1, 30))), frames)
    assert np.allclose(found[0], [1e4, 1e4, 1e-4, 1e-4], atol=1e-3)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.integers(0, 2 ** 32 - 1))
@settings(max_examples=40, deadline=None)
def test_rows_are_pooled_as_soon_as_their_frames_are_there(sizes, seed):
    rng, total = np.random.default_rng(seed), sum(sizes)
    weights = np.zeros((20, total))
    for row in weights:
        first, end = np.sort(rng.integers(0, total + 1, 2))
        row[first:end] = rng.random(end - first) * (rng.random(end - first) < 0.7)
    frames, matrix = rng.normal(size=(total, 3)).astype(np.float32), sparse.csr_matrix(weights)
    parts = list(row_statistics(matrix, np.split(frames, np.cumsum(sizes)[:-1])))
    found = np.zeros((20, 6))
    for rows, stats in parts:
        assert not found[rows].any()
        found[rows] = stats
    assert np.array_equal(found, pooled(matrix, frames))


def test_a_row_without_its_frames_is_a_fault():
    with pytest.raises(AssertionError, match="without their frames"):
        list(row_statistics(sparse.csr_matrix(np.ones((1, 9))), [np.ones((5, 2), np.float32)]))
