"""Frame labels of the change detector."""

import numpy as np

from diarkit.change.grid import FRAME_S
from diarkit.change.reference import change_points
from diarkit.options import opt, options


@options
class ChangeLabelOptions:
    """Labels: what the network learns to find"""

    all_boundaries: bool = opt(False, "every start and end of a turn, those beside silence too; false: only where "
                               "other people talk than before")
    near_s: float = opt(0.075, "frames within this of a change are labelled 1, seconds", above=0)


def frame_labels(turns, total_t, opts=None):
    """Return (total_t,) uint8: 1 where the frame's centre is within near_s of a change of the reference.

    turns: Turns of one recording. Changes are those of diarkit.change.reference.change_points.
    """
    opts = opts or ChangeLabelOptions()
    changes = change_points(turns, opts.all_boundaries)
    first = np.ceil((changes - opts.near_s) / FRAME_S - 1e-6).clip(0, total_t).astype(np.int64)
    end = (np.floor((changes + opts.near_s) / FRAME_S + 1e-6) + 1).clip(0, total_t).astype(np.int64)
    edges = np.zeros(total_t + 1, np.int32)
    np.add.at(edges, first, 1)
    np.add.at(edges, end, -1)
    return (np.cumsum(edges)[:total_t] > 0).astype(np.uint8)


def frames_within(spans, total_t):
    """Return (total_t,) bool: whose centre lies in one of the spans [(start_s, end_s)]."""
    centres, inside = np.arange(total_t) * FRAME_S, np.zeros(total_t, bool)
    for start_s, end_s in spans:
        inside[np.searchsorted(centres, start_s):np.searchsorted(centres, end_s)] = True
    return inside
