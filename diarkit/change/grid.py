"""The frames of the change features, and the windows of the network over them."""

import numpy as np

RATE_HZ = 22050
HOP_N = 512
FRAME_S = HOP_N / RATE_HZ  # 23.2 ms; frame t is centred at t FRAME_S
WINDOW_T = 137  # 3.2 s
STEP_S = 0.8


def window_starts(total_t, window_t=WINDOW_T, step_s=STEP_S, to_the_end=False):
    """Return (W,) int64 first frames of the windows that lie in total_t frames, one every step_s.

    to_the_end: where frames are left over, one more window ends with the last frame; needs total_t >= window_t.
    """
    count = int((total_t - window_t) * FRAME_S / step_s + 1e-9) + 1 if total_t >= window_t else 0
    starts = np.floor(np.arange(count) * step_s / FRAME_S + 1e-9).astype(np.int64)
    if to_the_end and count and starts[-1] + window_t < total_t:
        starts = np.append(starts, total_t - window_t)
    return starts
