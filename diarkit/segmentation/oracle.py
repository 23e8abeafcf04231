"""What a reference says, in the segmentation's own frames: for training, for tests, and for the best DER in reach."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from diarkit.segmentation.grid import FRAME_S, FRAMES
from diarkit.segmentation.powerset import SPEAKERS

CENTRE_S = 0.0309375  # of a window's first frame


def speakers_of(turns):
    """Return the names of the speakers of a list of Turns, in alphabetical order."""
    return sorted({turn.speaker for turn in turns})


def window_activity(turns, speakers, start_s, frames=FRAMES):
    """Return (T, S) bool: which of the named speakers talk at the centre of each frame of the window at start_s."""
    centres = start_s + CENTRE_S + np.arange(frames) * FRAME_S
    active = np.zeros((frames, len(speakers)), bool)
    column = {name: place for place, name in enumerate(speakers)}
    for turn in turns:
        active[np.searchsorted(centres, turn.start_s):np.searchsorted(centres, turn.end_s), column[turn.speaker]] = True
    return active


def ideal_windows(turns, speakers, windows, hop_s):
    """Return (active (W, 589, 3) bool, labels (W, 3) int64, -1 for silent ones) of a perfect segmentation.

    The three who talk most in a window are its local speakers, numbered by first appearance.
    """
    active, labels = np.zeros((windows, FRAMES, SPEAKERS), bool), np.full((windows, SPEAKERS), -1)
    for w in range(windows):
        truth = window_activity(turns, speakers, w * hop_s)
        most = np.argsort(-truth.sum(axis=0), kind="stable")[:SPEAKERS]
        most = most[truth[:, most].any(axis=0)]
        most = most[np.argsort(truth[:, most].argmax(axis=0), kind="stable")]
        active[w, :, :len(most)], labels[w, :len(most)] = truth[:, most], most
    return active, labels


def assign(active, turns, speakers, hop_s):
    """Return labels (W, 3) int64: in each window the one-to-one assignment to reference speakers that shares most time.

    active: (W, 589, 3) bool; turns: Turns of the reference; a local speaker who shares no time with any has -1.
    """
    labels = np.full((len(active), SPEAKERS), -1)
    for w, window in enumerate(active):
        shared = window.T.astype(np.float32) @ window_activity(turns, speakers, w * hop_s).astype(np.float32)
        for local, name in zip(*linear_sum_assignment(-shared)):
            if shared[local, name] > 0:
                labels[w, local] = name
    return labels
