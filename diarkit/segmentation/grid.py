"""The frames of the segmentation: 589 in each window of ten seconds, laid on one grid for the whole recording.

Frame i of a window is centred on the middle of what the network sees of it: 0.0309375 + 0.016875 i seconds after the
window's start (diarkit.models.pyannet). Windows start anywhere; their frames are moved to the nearest global frame,
at most 8.4 ms away.
"""

import math

import numpy as np

RATE_HZ, WINDOW_S, FRAMES, FRAME_S = 16000, 10.0, 589, 0.016875
WINDOW_N = 160000
FIRST_S = 0.0309375 - FRAME_S / 2  # global frame f has the time FIRST_S + [f, f + 1) FRAME_S as its own


def window_count(samples_n, hop_s):
    """Return how many windows, one every hop_s seconds, it takes to cover samples_n samples at 16 kHz; at least one."""
    return max(math.ceil((samples_n - WINDOW_N) / round(hop_s * RATE_HZ)), 0) + 1


def first_frames(windows, hop_s):
    """Return (W,) int64, the global frame that each window's first frame is."""
    return np.floor(np.arange(windows) * hop_s / FRAME_S + 0.5).astype(np.int64)


def frame_count(windows, hop_s, duration_s):
    """Return F, how many global frames a recording has: no frame begins after its end, nor after the last window's."""
    inside = math.ceil((duration_s - FIRST_S) / FRAME_S - 1e-6)
    return int(min(max(inside, 1), first_frames(windows, hop_s)[-1] + FRAMES))


def frame_edges(frames, duration_s):
    """Return (F + 1,) seconds where global frames begin and end; the first begins at 0, the last ends at duration_s."""
    edges = FIRST_S + np.arange(frames + 1) * FRAME_S
    edges[0], edges[-1] = 0.0, duration_s
    return np.minimum(edges, duration_s)
