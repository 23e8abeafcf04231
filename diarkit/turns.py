"""From one speaker number per window to speaker turns."""

import math

import numpy as np

from diarkit.annotation import Turn
from diarkit.errors import DiarkitError
from diarkit.options import opt, options

TOUCH_S = 1e-6  # two times closer than this are the same time: what is left of decimal fractions in binary


@options
class TurnOptions:
    """Turns from window labels."""

    join_s: float = opt(0.0, "join two turns of one speaker with at most this much silence between them", low=0)
    min_duration_s: float = opt(0.0, "give shorter turns to the longer neighbour they touch; 0 keeps every turn", low=0)


def labels_to_turns(windows, labels, duration_s, options=None):
    """Return [(start_s, end_s, label)] in time order, at most one speaker at a time.

    windows: (N, 2) seconds, start and end, may overlap; labels: (N,) whole numbers; duration_s: end of the recording.
    Where consecutive windows overlap the speaker changes in the middle of the overlap. A turn that is too short but
    touches no other stays as it is: nothing that was spoken is dropped.
    """
    options = options or TurnOptions()
    windows, labels = np.asarray(windows, np.float64).reshape(-1, 2), np.asarray(labels).reshape(-1)
    _check(windows, labels)
    spans, labels = _tile(windows, labels.astype(np.int64))
    end_s = math.floor(duration_s * 1000 + TOUCH_S) / 1000  # an RTTM's milliseconds must not round past the end
    spans = np.clip(spans, 0, end_s)
    real = spans[:, 1] - spans[:, 0] > TOUCH_S
    spans, labels = _merge(spans[real], labels[real], options.join_s)
    spans, labels = _absorb(spans, labels, options)
    return [(float(a), float(b), int(label)) for (a, b), label in zip(spans, labels)]


def _check(windows, labels):
    if len(windows) != len(labels):
        raise DiarkitError(f"{len(windows)} windows but {len(labels)} labels. Cluster these very windows again")
    if not np.isfinite(windows).all() or (windows[:, 1] <= windows[:, 0]).any():
        row = np.flatnonzero(~(windows[:, 1] > windows[:, 0]))[:1]
        raise DiarkitError(f"window {row} is {windows[row].tolist()}. Make start < end")
    if not (np.isfinite(labels).all() and (labels == np.floor(labels)).all() and (labels >= 0).all()):
        raise DiarkitError("labels must be whole numbers from 0 on")


def _tile(windows, labels):
    """Return (spans, labels) in time order that no longer overlap and cover what the windows cover.

    Consecutive windows are cut in the middle of what they share. A window that lies within a longer one keeps its
    middle half, as it would between two neighbours that each share half of it.
    """
    order = np.lexsort((labels, windows[:, 1], windows[:, 0]))
    windows, labels = windows[order], labels[order]
    inner = windows[:, 1] < np.maximum.accumulate(windows[:, 1])
    spans = _cut(windows[~inner])
    return _paint(spans, labels[~inner], windows[inner], labels[inner]) if inner.any() else (spans, labels)


def _cut(windows):
    """Return windows whose starts and ends both ascend, cut in the middle of what consecutive ones share."""
    spans = windows.copy()
    shared = windows[1:, 0] < windows[:-1, 1]
    middle = (windows[1:, 0] + windows[:-1, 1]) / 2
    spans[:-1, 1] = np.where(shared, middle, windows[:-1, 1])
    spans[1:, 0] = np.where(shared, middle, windows[1:, 0])
    return spans


def _paint(spans, labels, inner, inner_labels):
    """Return (spans, labels) with the middle halves of the inner windows laid over the spans, the shortest on top."""
    length = inner[:, 1] - inner[:, 0]
    order = np.argsort(-length, kind="stable")
    inner, inner_labels = (inner + np.column_stack((length, -length)) / 4)[order], inner_labels[order]
    edges = np.unique(np.concatenate((spans, inner)))
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.searchsorted(spans[:, 0], middle, "right") - 1
    owner = np.where(middle < spans[below, 1], labels[below], -1)
    for (start_s, end_s), label in zip(inner, inner_labels):
        owner[np.searchsorted(edges, start_s):np.searchsorted(edges, end_s)] = label
    return np.column_stack((edges[:-1], edges[1:]))[owner >= 0], owner[owner >= 0]


def _merge(spans, labels, join_s):
    """Join neighbours of one label whose gap is at most join_s."""
    if not len(spans):
        return spans, labels
    new = (labels[1:] != labels[:-1]) | (spans[1:, 0] - spans[:-1, 1] > join_s + TOUCH_S)
    first = np.flatnonzero(np.r_[True, new])
    last = np.r_[first[1:] - 1, len(spans) - 1]
    return np.column_stack((spans[first, 0], spans[last, 1])), labels[first]


def _absorb(spans, labels, options):
    """Give each too short turn, shortest first, to its longer touching neighbour."""
    while True:
        length = spans[:, 1] - spans[:, 0]
        touch = spans[1:, 0] - spans[:-1, 1] <= TOUCH_S
        before = np.r_[0.0, np.where(touch, length[:-1], 0)][:len(spans)]
        after = np.r_[np.where(touch, length[1:], 0), 0.0][:len(spans)]
        short = np.flatnonzero((length < options.min_duration_s - TOUCH_S) & (before + after > 0))
        if not len(short):
            return spans, labels
        i = short[np.argmin(length[short])]
        labels = labels.copy()
        labels[i] = labels[i - 1] if before[i] >= after[i] else labels[i + 1]
        spans, labels = _merge(spans, labels, options.join_s)


def speaker_name(label):
    """Return the name of speaker number `label`, `SPEAKER_00` on, as pyannote writes it."""
    return f"SPEAKER_{label:02d}"


def as_turns(reco, spans):
    """Return Turns of `reco` from [(start_s, end_s, label)] or [(start_s, end_s, label, confidence)]."""
    return [Turn(reco, start_s, end_s, speaker_name(int(label)), *sure) for start_s, end_s, label, *sure in spans]


def one_at_a_time(turns):
    """Return Turns that do not overlap: where several people talk, the most confident turn stays, else the longest.

    turns: Turns of one recording. What is left of a turn on both sides of another stays as two.
    """
    edges = sorted({s for t in turns for s in (t.start_s, t.end_s)})
    left, talking, at = sorted(turns, key=lambda t: t.start_s), [], 0
    found = []
    for start_s, end_s in zip(edges, edges[1:]):
        while at < len(left) and left[at].start_s <= start_s:
            talking.append(left[at])
            at += 1
        talking = [t for t in talking if t.end_s > start_s]
        if not talking:
            continue
        best = max(talking, key=lambda t: (t.confidence or 0, t.end_s - t.start_s, -t.start_s))
        if found and found[-1][0] is best and found[-1][1].end_s == start_s:
            found[-1] = (best, found[-1][1]._replace(end_s=end_s))
        else:
            found.append((best, best._replace(start_s=start_s, end_s=end_s)))
    return [turn for _, turn in found]


def talk_time(turns):
    """Return {speaker: seconds} of a list of Turns, most talkative first."""
    seconds = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end_s - turn.start_s
    return dict(sorted(seconds.items(), key=lambda item: (-item[1], item[0])))
