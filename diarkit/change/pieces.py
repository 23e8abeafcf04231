"""Speech runs cut at the speaker changes inside them: the pieces that get one embedding each."""

import numpy as np

from diarkit.options import opt, options
from diarkit.vad.smoothing import join
from diarkit.vad.spans import as_spans, union


@options
class PieceOptions:
    """Pieces of speech between changes"""

    join_s: float = opt(1.0, "join speech across pauses shorter than this first, seconds; 0: only speech that touches",
                        low=0)
    min_last_s: float = opt(0.2, "a last piece of a run shorter than this stays with the piece before it, seconds",
                            low=0)
    min_piece_s: float = opt(0.0, "pass over a change that leaves a shorter piece before it, seconds", low=0)
    gap_s: float = opt(0.01, "a piece ends this long before the change that ends it, seconds", low=0)


def split_at_changes(spans, changes, options=None):
    """Return (pieces (P, 2), runs (R, 2)) float64 seconds, both in time order, in whole milliseconds.

    spans: (S, 2) speech, start and end; changes: (C,) seconds, in any order. The runs are the speech after joining;
    every run is covered by its pieces but for gap_s before each change; a change outside all runs, or nearer to the
    start of a run than a piece needs, cuts nothing.
    """
    options = options or PieceOptions()
    runs_ms = _ms(union(join(union(spans), options.join_s)))
    runs_ms = runs_ms[runs_ms[:, 1] > runs_ms[:, 0]]
    gap = round(options.gap_s * 1000)
    cuts = _cuts(runs_ms, np.unique(_ms(changes)), options, gap)
    starts = np.sort(np.concatenate((runs_ms[:, 0], cuts)))
    ends = np.sort(np.concatenate((runs_ms[:, 1], cuts - gap)))
    return as_spans(np.column_stack((starts, ends)) / 1000), as_spans(runs_ms / 1000)


def _ms(seconds):
    return np.round(np.asarray(seconds, np.float64) * 1000).astype(np.int64)


def _cuts(runs_ms, changes_ms, options, gap):
    """Return the changes, ascending milliseconds, that cut a run."""
    if not len(runs_ms):
        return np.zeros(0, np.int64)
    run = np.searchsorted(runs_ms[:, 0], changes_ms, "right") - 1
    starts, ends = runs_ms[run].T
    last = max(round(options.min_last_s * 1000), 1)
    inside = (run >= 0) & (ends - changes_ms >= last)
    least, kept, begin = gap + max(round(options.min_piece_s * 1000), 1), [], -1
    for start, change in zip(starts[inside].tolist(), changes_ms[inside].tolist()):  # one step per change, not frame
        begin = max(begin, start)
        if change - begin >= least:
            kept.append(change)
            begin = change
    return np.array(kept, np.int64)
