"""Bayesian information criterion: are two stretches better described by two Gaussians than by one?"""

import numpy as np

from diarkit.change.gaussians import BLOCK_T, covariance, joined


def log_det(window, floor):
    """Return (b,) log determinants of the full covariances of (n, mean, power)."""
    return np.linalg.slogdet(covariance(window, floor))[1]


def delta_bic(before, after, floor, penalty):
    """Return (b,) Delta BIC of the windows; positive where two Gaussians are the better model: a change.

    before, after: (n, mean, power) with full powers; floor: (D,) added to the variances; penalty: lambda.
    n/2 log|S| - n1/2 log|S1| - n2/2 log|S2| - lambda/2 (D + D (D + 1) / 2) log n, Chen and Gopalakrishnan 1998,
    eq. 5-7; without the last term it is the generalised likelihood ratio of Delacourt and Wellekens 2000, section 2.2.
    """
    both, dims = joined(before, after), len(floor)
    ratio = sum(sign * part[0] * log_det(part, floor) for sign, part in ((1, both), (-1, before), (-1, after))) / 2
    return ratio - penalty / 2 * (dims + dims * (dims + 1) / 2) * np.log(both[0])


def merge_linear(x, cuts, floor, penalty):
    """Return the cuts that are left when, from left to right, each segment joins the one before unless BIC objects.

    x: (T, D) float32, its mean 0; cuts: (C,) ascending frame numbers within. Because a segment grows as others join
    it, this is sure of changes that two short windows are not. The second pass of LIUM (Meignier and Merlin 2010,
    section 3.1).
    """
    kept, edges = [], np.concatenate(([0], cuts, [len(x)])).astype(int)
    before = _moments(x, edges[0], edges[1])
    for start, end in zip(edges[1:-1], edges[2:]):  # one step per segment, not frame
        after = _moments(x, start, end)
        if delta_bic(before, after, floor, penalty) > 0:
            kept.append(start)
            before = after
        else:
            before = joined(before, after)
    return np.array(kept, int)


def _moments(x, start, end):
    """Return (n, mean, power) of one stretch, in blocks."""
    total, power = 0, 0
    for at in range(start, end, BLOCK_T):
        part = x[at:min(at + BLOCK_T, end)].astype(np.float64)
        total, power = total + part.sum(axis=0), power + part.T @ part
    n = end - start
    return n, total / n, power / n
