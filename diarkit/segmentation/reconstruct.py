"""From local speakers and their clusters to turns of the whole recording, several speakers at once."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.segmentation.aggregate import frame_weights, speaker_count
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES, first_frames, frame_count, frame_edges
from diarkit.segmentation.options import OverlappingTurnOptions
from diarkit.vad.smoothing import VadOptions, runs, smooth

BLOCK_T = 1 << 16  # frames whose activity is held at once, 18 minutes: 50 speakers take 13 MB


class ShortWindows(NamedTuple):
    """times: (N, 2) seconds of short windows; shares: (N, K) how far each is each speaker's, rows sum to 1."""

    times: np.ndarray
    shares: np.ndarray


def reconstruct(active, labels, hop_s, duration_s, options=None, weights=None, count=None, short=None):
    """Return [(start_s, end_s, label)] in time order; speakers may overlap.

    active: (W, 589, 3) bool, local speakers of windows, one every hop_s; labels: (W, 3) their clusters, -1: none.
    weights: (589,) how much a window's frames count, None for aggregate.frame_weights(). count: (F,) how many talk in
    each frame, as spans.counted has it of the scores; None for the mean number that the windows see.
    short: ShortWindows, None for none. A cluster's activity in a frame is the mean over the windows there; to it comes
    options.short_weight times its share in the short windows around. The `count` most active clusters talk.
    """
    options = options or OverlappingTurnOptions()
    labels = _checked(active, labels)
    weights, frames = frame_weights() if weights is None else weights, frame_count(len(active), hop_s, duration_s)
    active = active & (labels >= 0)[:, None]
    count = speaker_count(active, hop_s, duration_s, weights) if count is None else count
    count = np.minimum(_fitted(count, frames), options.max_overlap if options.overlap else 1)
    names, place = np.unique(labels[labels >= 0], return_inverse=True)
    longest = np.bincount(place, active.sum(axis=1)[labels >= 0], len(names))
    found = _Activity(active, labels, names, hop_s, weights, short, options.short_weight)
    talking = [np.zeros((0, len(names)), bool)]
    for start in range(0, frames if len(names) else 0, BLOCK_T):
        stop = min(start + BLOCK_T, frames)
        talking.append(most_active(found(start, stop), count[start:stop], longest))
    return _turns(np.concatenate(talking), names, duration_s, options)


def agreement(active, labels, hop_s, duration_s, weights, turns, short=None, short_weight=0.0):
    """Return [(start_s, end_s, label, confidence)]: how far the windows agree that this speaker talks in the turn.

    turns: [(start_s, end_s, label)] of `reconstruct`, whose other arguments these are. The confidence is the mean over
    the turn's frames of the share of windows in which the speaker talks, from 0 to 1, the short ones among them.
    """
    if not turns:
        return []
    labels, frames = _checked(active, labels), frame_count(len(active), hop_s, duration_s)
    names, edges = np.unique(labels[labels >= 0]), frame_edges(frames, duration_s)
    found = _Activity(active & (labels >= 0)[:, None], labels, names, hop_s, weights, short, short_weight)
    shares = np.concatenate([found.shares(start, min(start + BLOCK_T, frames)).astype(np.float16)
                             for start in range(0, frames, BLOCK_T)])
    sure = []
    for start_s, end_s, label in turns:
        low = np.searchsorted(edges, start_s + 1e-6, "right") - 1
        high = max(np.searchsorted(edges, end_s - 1e-6, "left"), low + 1)
        column = shares[low:high, np.searchsorted(names, label)]
        sure.append((start_s, end_s, label, round(float(column.mean(dtype=np.float64)), 3)))
    return sure


class _Activity:
    """How active each cluster of `names` is in global frames start..stop: (stop - start, K) float32."""

    def __init__(self, active, labels, names, hop_s, weights, short, short_weight):
        self.parts, self.names = (active, labels, names, hop_s, weights), names
        self.short = short if short is not None and len(short.times) and short_weight else None
        self.weight = short_weight if self.short else 0.0
        places = first_frames(len(active), hop_s)[:, None] + np.arange(FRAMES)
        self.total = np.maximum(np.bincount(places.ravel(), np.tile(weights, len(active))), 1e-6).astype(np.float32)

    def __call__(self, start, stop):
        found = _activity(*self.parts, start, stop)
        if not self.short:
            return found
        return found / self.total[start:stop, None] + np.float32(self.weight) * self._short(start, stop)

    def shares(self, start, stop):
        """Return the same as shares, from 0 to 1."""
        found = self(start, stop)
        return np.clip(found / (1 + self.weight) if self.short else found / self.total[start:stop, None], 0, 1)

    def _short(self, start, stop):
        """Return the shares of the short windows around each frame, in a straight line from middle to middle."""
        middles, at = self.short.times.mean(1), FIRST_S + (np.arange(start, stop) + 0.5) * FRAME_S
        right = np.clip(np.searchsorted(middles, at), 1, max(len(middles) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(middles) - 1)
        gap = np.maximum(middles[right] - middles[left], 1e-9)
        part = np.clip((at - middles[left]) / gap, 0, 1).astype(np.float32)[:, None]
        shares = self.short.shares[:, self.names].astype(np.float32)
        return shares[left] * (1 - part) + shares[right] * part


def _checked(active, labels):
    assert active.ndim == 3 and active.shape[1] == FRAMES and active.dtype == bool, (active.shape, active.dtype)
    labels = np.asarray(labels)
    if labels.shape != (len(active), active.shape[2]):
        raise DiarkitError(f"labels are {labels.shape}, the segmentation has {len(active)} windows of "
                           f"{active.shape[2]} speakers. Cluster this very segmentation again")
    if (labels != np.floor(labels)).any() or (labels < -1).any():
        raise DiarkitError("labels must be whole numbers from 0 on, or -1 for a local speaker without a cluster")
    return labels.astype(np.int64)


def _fitted(count, frames):
    """Return the counts of just these frames: a duration rounded to the millisecond may make or cost the last one."""
    if abs(len(count) - frames) > 1:
        raise DiarkitError(f"counts of {len(count)} frames where the segmentation has {frames}. Take the scores that "
                           "were made with it")
    return np.pad(count, (0, 1), "edge")[:frames]


def _activity(active, labels, names, hop_s, weights, start, stop):
    """Return (stop - start, K) float32 summed activities of the clusters `names` in global frames start..stop.

    Of two local speakers of one window in one cluster the more active counts. The sum over windows serves as their
    mean: it is only compared within a frame, where all clusters have the same windows.
    """
    found, first = np.zeros((stop - start, len(names)), np.float32), first_frames(len(active), hop_s)
    for w in range(np.searchsorted(first, start - FRAMES, "right"), np.searchsorted(first, stop)):
        low, high = max(start - first[w], 0), min(stop - first[w], FRAMES)
        rows = slice(first[w] + low - start, first[w] + high - start)
        for name in np.unique(labels[w][labels[w] >= 0]):
            talks = active[w, low:high, labels[w] == name].any(axis=0)
            found[rows, np.searchsorted(names, name)] += talks * weights[low:high]
    return found


def most_active(activity, count, talk):
    """Return (T, K) bool: in each frame the `count` (T,) clusters of the highest activity (T, K) above zero.

    Of equally active clusters the one with the most `talk` (K,) goes first.
    """
    longest = np.argsort(-talk, kind="stable")
    order = np.argsort(-activity[:, longest], axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    chosen = np.zeros(activity.shape, bool)
    chosen[:, longest] = rank < count[:, None]
    return chosen & (activity > 0)


def _turns(talking, names, duration_s, options):
    edges, turns = frame_edges(len(talking), duration_s), []
    rules = VadOptions(min_silence_s=options.min_duration_off, min_speech_s=options.min_duration_on, pad_s=0.0)
    for column, name in enumerate(names):
        spans = smooth(edges[runs(talking[:, column])].reshape(-1, 2), rules, duration_s)
        turns += [(start_s, end_s, int(name)) for start_s, end_s in spans.tolist()]
    return sorted(turns)
