"""Spans of time as (S, 2) float64 arrays of [start_s, end_s]: union, intersection, complement, length."""

import numpy as np

from diarkit.errors import DiarkitError


def as_spans(values):
    """Return any list of (start, end) pairs, or an empty matrix of any shape, as (S, 2) float64.

    Raises DiarkitError for another shape, for a number that is not finite and for an end before its start.
    """
    spans = np.asarray(values, np.float64)
    if spans.size == 0:
        return np.zeros((0, 2))
    if spans.ndim != 2 or spans.shape[1] != 2:
        raise DiarkitError(f"spans must have two columns, start and end; the shape is {spans.shape}")
    if not np.isfinite(spans).all() or (spans[:, 1] < spans[:, 0]).any():
        bad = spans[~(np.isfinite(spans).all(axis=1) & (spans[:, 1] >= spans[:, 0]))][0]
        raise DiarkitError(f"the span from {bad[0]:g} s to {bad[1]:g} s is none")
    return spans


def union(*groups):
    """Return what at least one of the groups covers, sorted and disjoint; spans that touch become one."""
    return _covered([as_spans(g) for g in groups], 1)


def intersect(first, second):
    """Return what both groups cover, sorted and disjoint."""
    return _covered([union(first), union(second)], 2)


def subtract(first, second):
    """Return what the first group covers and the second does not, sorted and disjoint."""
    first, second = union(first), union(second)
    if not len(first) or not len(second):
        return first
    low, high = min(first[0, 0], second[0, 0]), max(first[-1, 1], second[-1, 1])
    gaps = np.column_stack([np.append(low, second[:, 1]), np.append(second[:, 0], high)])
    return intersect(first, gaps)


def length_s(spans):
    """Return how many seconds disjoint spans last together."""
    return float(np.sum(spans[:, 1] - spans[:, 0]))


def _covered(groups, least):
    """Return where at least `least` spans lie over each other, by sweeping over all starts and ends in order."""
    spans = np.concatenate(groups)
    times = spans.T.ravel()  # all starts, then all ends
    steps = np.repeat([1, -1], len(spans))
    order = np.lexsort((-steps, times))  # at one time starts come first, so that spans that touch are one
    inside = np.cumsum(steps[order]) >= least
    change = np.flatnonzero(np.diff(inside, prepend=False))
    found = times[order][change].reshape(-1, 2)
    return found[found[:, 1] > found[:, 0]]
