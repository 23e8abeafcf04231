"""Find how peaks of a curve are best taken as changes: the threshold and least distance with the highest F1."""

import numpy as np

from diarkit.change.peaks import PickOptions, pick
from diarkit.change.reference import change_points
from diarkit.change.score import count_matches
from diarkit.options import opt, options

THRESHOLDS = np.round(np.arange(0.02, 0.9, 0.02), 2)
DISTANCES_S = (0.25, 0.5, 0.75, 1.0, 1.5)


@options
class TunePickOptions:
    """Tuning of peaks."""

    tolerance_s: float = opt(0.5, "a change is found when one is this near, seconds", above=0)
    all_boundaries: bool = opt(False, "reference changes are all starts and ends of turns, those beside silence too")


def counts_of(curve, turns, opts):
    """Return (thresholds, distances, 3) int: matches, given and wanted changes of one recording.

    curve: (T, 2) seconds and score; turns: the reference's Turns.
    """
    wanted, counts = change_points(turns, opts.all_boundaries), []
    for threshold in THRESHOLDS:
        for distance_s in DISTANCES_S:
            given = pick(curve, PickOptions(threshold=float(threshold), min_distance_s=distance_s))
            counts.append((count_matches(wanted, given, opts.tolerance_s), len(given), len(wanted)))
    return np.array(counts).reshape(len(THRESHOLDS), len(DISTANCES_S), 3)


def best(counts):
    """Return (threshold, distance_s, F1) of the highest F1; of equal ones the first, with the lowest threshold.

    counts: (thresholds, distances, 3), summed over recordings.
    """
    f1 = 2 * counts[..., 0] / np.maximum(counts[..., 1] + counts[..., 2], 1)
    row, column = np.unravel_index(f1.argmax(), f1.shape)
    return float(THRESHOLDS[row]), DISTANCES_S[column], float(f1[row, column])
