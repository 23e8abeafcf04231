"""Recordings with frame labels, and the windows of them that the change detector is trained and measured on."""

import hashlib

import numpy as np

from diarkit.annotation import read_rttm, read_uem
from diarkit.change.grid import FRAME_S, STEP_S, WINDOW_T, window_starts
from diarkit.change.labels import ChangeLabelOptions, frame_labels, frames_within
from diarkit.cli import log
from diarkit.errors import DiarkitError
from diarkit.features.change import DIM
from diarkit.tables import read_matrices


class ChangeSet:
    """Annotated recordings; features stay where they are (memory-mapped), labels are one byte per frame.

    feats: rspecifier of (T, 35) matrices; rttm: their reference; uem: only windows inside its stretches are used.
    Recordings shorter than a window are left out.
    """

    def __init__(self, feats, rttm, label_options=None, uem=None):
        turns, regions = read_rttm(rttm), read_uem(uem) if uem else None
        self.label_options = label_options or ChangeLabelOptions()
        self.recos, self.feats, self.labels, self.counted, short = [], [], [], [], 0
        for reco, load in read_matrices(feats):
            matrix = load()
            if matrix.ndim != 2 or matrix.size and matrix.shape[1] != DIM:
                raise DiarkitError(f"{feats}: {reco} has shape {matrix.shape}, expected (frames, {DIM}). Make the "
                                   "features with compute-change-feats.py")
            self.recos.append(reco)
            if len(matrix) < WINDOW_T:
                short += 1
                continue
            self.feats.append(matrix)
            self.labels.append(frame_labels(turns.get(reco, []), len(matrix), self.label_options))
            self.counted.append(frames_within(regions.get(reco, []), len(matrix)) if uem else None)
        self._check(turns, rttm, feats, short)
        self.work = self._fingerprint()

    def _check(self, turns, rttm, feats, short):
        unknown = sorted(set(turns) - set(self.recos))
        if unknown:
            raise DiarkitError(f"{rttm}: {len(unknown)} of its {len(turns)} recordings are not in {feats}, such as "
                               f"{unknown[0]}. Take the reference of these recordings")
        if not self.feats:
            raise DiarkitError(f"{feats}: no recording of at least {WINDOW_T} frames ({WINDOW_T * FRAME_S:.1f} s)")
        silent = len(set(self.recos) - set(turns))
        log(f"{len(self.recos)} recordings, {sum(map(len, self.labels)) * FRAME_S / 3600:.2f} h; {silent} without any "
            f"turn in {rttm}; {short} left out, shorter than {WINDOW_T * FRAME_S:.1f} s")

    def _fingerprint(self):
        """Return a short text that other features, labels or regions do not have (of the features, some rows)."""
        digest = hashlib.sha256(repr(self.recos).encode())
        for matrix, labels, counted in zip(self.feats, self.labels, self.counted):
            for part in (matrix[::max(len(matrix) // 8, 1)], labels, b"" if counted is None else counted):
                digest.update(np.ascontiguousarray(part).data if len(part) else b"")
        return digest.hexdigest()[:16]

    def seconds(self, which):
        """Return the seconds of the recordings of these numbers."""
        return sum(len(self.labels[r]) for r in which) * FRAME_S

    def split(self, share, seed):
        """Return (train, dev) recording numbers: about `share` of the recordings, one at least, are for dev.

        With one recording alone, or a share of 0, dev is empty.
        """
        count = len(self.feats)
        dev_count = min(max(round(share * count), 1), count - 1) if share > 0 else 0
        order = np.random.default_rng((seed, 1)).permutation(count)
        return np.sort(order[dev_count:]), np.sort(order[:dev_count])

    def windows(self, which, step_s=STEP_S, min_positive=None, to_the_end=False):
        """Return (W, 2) int64, recording and first frame, of the windows with more than min_positive labels of 1."""
        found = []
        for r in which:
            starts = window_starts(len(self.labels[r]), step_s=step_s, to_the_end=to_the_end)
            keep = np.ones(len(starts), bool)
            if min_positive is not None:
                keep &= _sums(self.labels[r], starts) > min_positive
            if self.counted[r] is not None:
                keep &= _sums(self.counted[r], starts) == WINDOW_T
            found.append(np.column_stack([np.full(keep.sum(), r), starts[keep]]))
        return np.concatenate([np.zeros((0, 2), np.int64), *found])

    def batch(self, windows):
        """Return features (B, 137, 35) float32 and labels (B, 137) float32 of windows (B, 2)."""
        feats, labels = (np.empty((len(windows), WINDOW_T, *more), np.float32) for more in ((DIM,), ()))
        for n, (r, start) in enumerate(windows.tolist()):
            feats[n] = self.feats[r][start:start + WINDOW_T]
            labels[n] = self.labels[r][start:start + WINDOW_T]
        return feats, labels


def _sums(values, starts):
    """Return (W,) the sum of the WINDOW_T values from each start on."""
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return sums[starts + WINDOW_T] - sums[starts]
