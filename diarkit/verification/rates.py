"""Misses and false alarms of scores: the equal error rate, the detection cost, the points of a DET curve.

A trial is accepted where its score is at least the threshold. Equal scores stand or fall together.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError


class Points(NamedTuple):
    """Rates at every threshold, strictest first: thresholds (K,) from +inf down, misses (K,) 1..0, alarms (K,) 0..1."""

    thresholds: np.ndarray
    misses: np.ndarray
    alarms: np.ndarray


def det_points(scores, same):
    """Return the Points of scores (P,) of trials with the same speaker or not, same (P,) bool.

    Raises DiarkitError where there are no trials of one of the two kinds, or a score is not finite.
    """
    scores, same = np.asarray(scores, np.float64), np.asarray(same, bool)
    assert scores.ndim == 1 and scores.shape == same.shape, (scores.shape, same.shape)
    targets, others = int(same.sum()), int((~same).sum())
    if not targets or not others:
        raise DiarkitError(f"{targets} trials of the same speaker and {others} of different ones: rates need both")
    if not np.isfinite(scores).all():
        raise DiarkitError(f"{np.count_nonzero(~np.isfinite(scores))} of {len(scores)} scores are not finite")
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], same[order]
    last = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))  # of each run of equal scores
    hit, alarm = np.cumsum(hits)[last], np.cumsum(~hits)[last]
    return Points(np.append(np.inf, falling[last]), np.append(1.0, 1 - hit / targets), np.append(0.0, alarm / others))


def equal_error_rate(scores, same):
    """Return (rate, threshold) where misses and false alarms are as frequent, on the line between two thresholds.

    scores: (P,), same: (P,) bool. The threshold is that of the stricter or the laxer side, whichever is nearer.
    """
    points = det_points(scores, same)
    behind = points.misses - points.alarms  # falls from 1 to -1
    after = int(np.argmax(behind <= 0))
    gap = behind[after - 1] - behind[after]
    share = behind[after - 1] / gap
    rate = points.misses[after - 1] + share * (points.misses[after] - points.misses[after - 1])
    near = after if share >= 0.5 or after == 1 else after - 1
    return float(rate), float(points.thresholds[near])


def min_dcf(scores, same, p_target=0.01, c_miss=1.0, c_alarm=1.0):
    """Return (cost, threshold): the least detection cost, 1 where no trial is worth looking at.

    p_target: how likely a target is before; c_miss, c_alarm: what an error costs. Source: NIST SRE 2016 evaluation
    plan: C = c_miss P_miss p + c_alarm P_alarm (1 - p), over the lesser of c_miss p, c_alarm (1 - p).
    """
    assert 0 < p_target < 1, p_target
    points = det_points(scores, same)
    costs = c_miss * p_target * points.misses + c_alarm * (1 - p_target) * points.alarms
    best = int(np.argmin(costs))
    return float(costs[best] / min(c_miss * p_target, c_alarm * (1 - p_target))), float(points.thresholds[best])
