"""Where the speaker changes in a reference: the one definition that training and scoring share."""

import numpy as np

SHORT_S = 0.1  # an overlap or gap below this is the annotator's slip, not two changes a blink apart


def change_points(turns, all_boundaries=False, short_s=SHORT_S):
    """Return (C,) float64 ascending seconds at which the set of people who talk becomes another.

    turns: Turns of one recording. Silence is nobody's set and is passed over: a pause within one speaker's speech is
    no change, and across a pause the change stands where the new set begins, which is where the new voice is first
    heard. A moment of overlap is a set of its own (A, A+B, A are two changes) unless it lasts less than short_s.
    all_boundaries: count every start and end of a turn instead, those beside silence too, whoever talks; starts and
    ends closer than short_s are still one.

    Yin, Bredin and Barras 2017, section 2, look for the boundaries between the turns of *different* speakers: where
    speech stops and goes on is the task of speech activity detection. The published system counts all boundaries.
    """
    edges, active = activity(turns)
    if all_boundaries:
        new = (active[1:] != active[:-1]).any(axis=1)
        times = edges[1:-1][new]
        times = np.concatenate((edges[:1][edges[:1] > 0], times, edges[-1:]))
        return times[np.diff(times, prepend=-np.inf) >= short_s - 1e-9]
    kept = active.any(axis=1) & (np.diff(edges) >= short_s - 1e-9)
    starts, active = edges[:-1][kept], active[kept]
    return starts[1:][(active[1:] != active[:-1]).any(axis=1)]


def activity(turns):
    """Return (edges (E + 1,) seconds, active (E, speakers) bool): who talks between one edge and the next.

    Times are rounded to the millisecond of an RTTM, so that turns that touch do touch; the speakers are sorted by
    name. Without turns both are empty.
    """
    names = sorted({turn.speaker for turn in turns})
    spans = np.round(np.array([(turn.start_s, turn.end_s) for turn in turns], np.float64).reshape(-1, 2), 3)
    edges, at = np.unique(spans, return_inverse=True)
    who = np.searchsorted(names, [turn.speaker for turn in turns]) if names else np.zeros(0, int)
    steps = np.zeros((len(edges), len(names)), np.int32)
    np.add.at(steps, (at.reshape(spans.shape)[:, 0], who), 1)
    np.add.at(steps, (at.reshape(spans.shape)[:, 1], who), -1)
    return edges, np.cumsum(steps, axis=0)[:-1] > 0
