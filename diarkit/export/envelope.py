"""A recording as few numbers: the lowest and the highest of each stretch."""

import numpy as np


def envelope(blocks, least=2000):
    """Return ((M, 2) lowest and highest sample of each stretch, samples in a stretch, samples in all).

    blocks: iterable of (n,) float32, of any lengths: the result is the same. least <= M <= 2 least where there are so
    many samples. Memory is bounded: as the samples come, stretches are joined in pairs and become twice as long.
    """
    step, total, held, rest = 1, 0, np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    for block in blocks:
        total += len(block)
        rest = np.concatenate([rest, block])
        while len(rest) >= step:
            count = min(2 * least - len(held), len(rest) // step)
            held = np.concatenate([held, _extremes(rest[:count * step].reshape(count, step))])
            rest = rest[count * step:]
            if len(held) == 2 * least:
                held, step = np.stack([held[:, 0].reshape(-1, 2).min(1), held[:, 1].reshape(-1, 2).max(1)], 1), 2 * step
    if len(rest):
        held = np.concatenate([held, _extremes(rest[None])])
    return held, step, total


def _extremes(rows):
    return np.stack([rows.min(1), rows.max(1)], 1)


def thin_curve(curve, least=2000):
    """Return (times (M,), lowest (M,), highest (M,)) of a curve (T, 2) of time_s and score.

    Of more than 2 least points, neighbours are taken together.
    """
    step = max(1, -(-len(curve) // (2 * least)))
    starts = np.arange(0, len(curve), step)
    if not len(starts):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    return (curve[starts, 0], np.minimum.reduceat(curve[:, 1], starts), np.maximum.reduceat(curve[:, 1], starts))
