"""Clusters that sound alike are joined, as far as the recording itself shows."""

import numpy as np
import pytest

from diarkit.cluster.join import join_alike
from diarkit.cluster.speakers import SpeakerOptions
from diarkit.errors import UsageError


def alike(*pairs, each=5, count=4):
    """Return (unit rows, groups): `count` groups, unlike but for `pairs` (i, j, cosine), where j is made out of i."""
    means = np.eye(count, 8)
    for i, j, cosine in pairs:
        means[j] = cosine * means[i] + np.sqrt(1 - cosine ** 2) * np.eye(8)[j]
    return np.repeat(means, each, axis=0), np.repeat(np.arange(count), each)


def sizes(x, groups, *bounds):
    return np.bincount(join_alike(x, groups, *bounds)).tolist()


def test_pieces_of_one_voice_become_one():
    assert sizes(*alike((0, 1, 0.9)), 0.8, 0.6) == [10, 5, 5]
    assert sizes(*alike((0, 1, 0.9), (2, 3, 0.85)), 0.8, 0.6) == [10, 10]


def test_unlike_voices_stay_whatever_the_gap():
    assert sizes(*alike((0, 1, 0.59)), 0.8, 0.6) == [5, 5, 5, 5]


def test_the_widest_gap_decides_between_the_bounds():
    assert sizes(*alike((0, 1, 0.75)), 0.8, 0.6) == [10, 5, 5]  # nearer to the upper bound: one voice
    assert sizes(*alike((0, 1, 0.65)), 0.8, 0.6) == [5, 5, 5, 5]
    assert sizes(*alike((0, 1, 0.78), (2, 3, 0.62)), 0.8, 0.6) == [10, 5, 5]


def test_equal_bounds_are_one_threshold():
    x, groups = alike((0, 1, 0.75), (2, 3, 0.65))
    assert sizes(x, groups, 0.7, 0.7) == [10, 5, 5] and sizes(x, groups, 0.6, 0.6) == [10, 10]
    assert sizes(x, groups, 0.9, 0.9) == [5, 5, 5, 5]


def test_no_fewer_than_asked_for_and_nothing_at_all():
    x, groups = alike((0, 1, 0.9), (2, 3, 0.85))
    assert sizes(x, groups, 0.8, 0.6, 3) == [10, 5, 5]
    assert sizes(x, groups, 0.8, 0.6, 4) == [5, 5, 5, 5]
    assert len(join_alike(np.zeros((0, 8)), np.zeros(0, int), 0.8, 0.6)) == 0


def test_bounds_must_be_in_order():
    with pytest.raises(UsageError, match="--unlike 0.9 must not exceed --alike 0.8"):
        SpeakerOptions(unlike=0.9)
