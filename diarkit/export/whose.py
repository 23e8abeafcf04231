"""Whose speech a vector is of: how much of it there is, and who of the reference talks most in it."""

import numpy as np

from diarkit.annotation import read_segments
from diarkit.change.reference import activity
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import from_conf, opt, options
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES
from diarkit.segmentation.options import SegmentOptions
from diarkit.segmentation.powerset import to_multilabel
from diarkit.tables import load_matrix, read_scp

BLOCK_W = 512  # windows looked at together


@options
class WindowsOptions:
    """What the vectors are vectors of"""

    subsegments: str | None = opt(None, "the windows of the vectors, in their order")
    seg: str | None = opt(None, "scp of the segmentation whose local speakers have these vectors")
    seg_config: str | None = opt(None, "seg.conf that the segmentation was made with, for its hop")

    def check(self):
        if bool(self.seg) != bool(self.seg_config) or self.seg and self.subsegments:
            raise UsageError("give --subsegments, or --seg and --seg-config, or none of them")


def owners(options):
    """Return a function (reco, reference Turns or None) -> ((N,) seconds of speech, (N,) who talks most by the
    reference, "" for nobody); each is None where it is not known."""
    if options.subsegments:
        windows = read_segments(options.subsegments)
        return lambda reco, turns: _of_spans(np.array([s[2:] for s in windows.get(reco, [])]).reshape(-1, 2), turns)
    if options.seg:
        table, hop_s = read_scp(options.seg), from_conf(SegmentOptions, options.seg_config).hop_s
        return lambda reco, turns: _of_locals(_active(table, reco, options.seg), hop_s, turns)
    return lambda reco, turns: (None, None)


def _active(table, reco, path):
    if reco not in table:
        raise DiarkitError(f"not in {path}. Give the segmentation these vectors were made of")
    return to_multilabel(load_matrix(table[reco]))


def _of_spans(spans, turns):
    return np.diff(spans, axis=1)[:, 0], None if turns is None else main_speaker(*talk_in_spans(spans, turns))


def _of_locals(active, hop_s, turns):
    seconds = active.sum(axis=1).ravel() * FRAME_S
    return seconds, None if turns is None else main_speaker(*talk_of_locals(active, hop_s, turns))


def talk_before(turns):
    """Return [(speaker, times (E,), seconds (E,))]: how long each speaker has talked by each time, straight between."""
    edges, active = activity(turns)
    seconds = np.zeros((len(edges), active.shape[1]))
    seconds[1:] = np.cumsum(np.diff(edges)[:, None] * active, axis=0)
    return [(name, edges, seconds[:, n]) for n, name in enumerate(sorted({t.speaker for t in turns}))]


def talk_in_spans(spans, turns):
    """Return ([speaker], (N, S) seconds that each speaker of the Turns talks in each of (N, 2) spans in seconds)."""
    spans, found = np.asarray(spans, float).reshape(-1, 2), talk_before(turns)
    columns = [np.diff(np.interp(spans, times, seconds), axis=1)[:, 0] for _, times, seconds in found]
    return [name for name, *_ in found], np.array(columns).reshape(len(found), len(spans)).T


def talk_of_locals(active, hop_s, turns):
    """Return ([speaker], (3 W, S) seconds that each speaker talks while local speaker k of window w does, row 3 w + k).

    active: (W, 589, 3) bool, windows one every hop_s seconds.
    """
    assert active.ndim == 3 and active.shape[1] == FRAMES, active.shape
    found, local = talk_before(turns), active.shape[2]
    out = np.zeros((len(active) * local, len(found)))
    edges = FIRST_S + np.arange(FRAMES + 1) * FRAME_S
    for at in range(0, len(active), BLOCK_W):
        here = active[at:at + BLOCK_W].astype(np.float32)
        times = (at + np.arange(len(here)))[:, None] * hop_s + edges
        for n, (_, known, seconds) in enumerate(found):
            talks = np.diff(np.interp(times, known, seconds), axis=1)
            out[at * local:(at + len(here)) * local, n] = np.einsum("wt,wtk->wk", talks, here).ravel()
    return [name for name, *_ in found], out


def main_speaker(names, seconds):
    """Return (N,) the name that talks most in each row of (N, S) seconds, "" where nobody does."""
    best = np.full(len(seconds), "", object)
    if names and len(seconds):
        talks = seconds.max(axis=1) > 1e-6
        best[talks] = np.asarray(names, object)[seconds[talks].argmax(axis=1)]
    return best
