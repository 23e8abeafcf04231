"""What the channels of a recording have to do with each other, and what to make of them.

A recording of several channels may be a call with one speaker on each, a voice in one channel of six, two channels
that cancel each other, or plain stereo. One look at the levels tells which.
"""

from typing import NamedTuple

import numpy as np

FRAME_S = 0.1
SILENT_DB = 50.0      # a channel so far below the loudest one is silent
CANCEL_DB = 10.0      # the mean of channels that is so far below them has lost the sound
APART_DB = 9.0        # in a call the channel of who speaks is so far above the other
CALL_SHARE = 0.8      # in so much of the time that anyone speaks ...
LEAST_SHARE = 0.1     # ... and each side does for at least this much of it
FLOOR_DB = 25.0       # frames so far below the loud ones are nobody's speech
NOTHING = 1e-10       # mean square of digital silence


class Survey(NamedTuple):
    """levels: (T, C) mean squares of the channels in each 0.1 s; mixed: (T,) mean squares of their mean."""

    levels: np.ndarray
    mixed: np.ndarray


class Choice(NamedTuple):
    """weights: (C,) float32 with which channels are summed; separate: whether each channel is a speaker; why: words,
    "" where there is nothing to tell."""

    weights: np.ndarray
    separate: bool
    why: str


def survey(blocks, sample_rate):
    """Return the Survey of (n, C) blocks of samples."""
    step, held, levels, mixed = round(FRAME_S * sample_rate), None, [], []
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        whole = len(held) // step * step
        _measure(held[:whole].reshape(-1, step, held.shape[1]), levels, mixed)
        held = held[whole:]
    if held is not None and len(held):
        _measure(held[None], levels, mixed)
    return Survey(np.concatenate(levels), np.concatenate(mixed))


def _measure(frames, levels, mixed):
    if len(frames):
        levels.append(np.einsum("tnc,tnc->tc", frames, frames) / frames.shape[1])
        mean = frames.mean(2)
        mixed.append(np.einsum("tn,tn->t", mean, mean) / frames.shape[1])


def choose(found, calls=True):
    """Return the Choice for a Survey; calls: whether one speaker on each channel is looked for."""
    power = found.levels.mean(0)
    count, loudest = len(power), int(power.argmax())
    alive = power > max(power[loudest] * 10 ** (-SILENT_DB / 10), NOTHING)
    if not alive.any():
        return Choice(_mean(np.ones(count, bool)), False, "")
    if calls and alive.sum() == 2 and (shares := _call_shares(found.levels[:, alive])) is not None:
        return Choice(_mean(alive), True, f"a call: one speaker on each of two channels, {shares[0]:.0%} and "
                                          f"{shares[1]:.0%} of the talk")
    if alive.sum() > 1 and found.mixed.mean() * (count / alive.sum()) ** 2 < \
            power[alive].mean() / alive.sum() * 10 ** (-CANCEL_DB / 10):
        return Choice(_mean(np.arange(count) == loudest), False,
                      f"its channels cancel each other when mixed; channel {loudest + 1} is taken")
    if not alive.all():
        names = ", ".join(str(c + 1) for c in np.flatnonzero(~alive))
        return Choice(_mean(alive), False, f"channel{'s' if (~alive).sum() > 1 else ''} {names} of {count} "
                                           f"{'are' if (~alive).sum() > 1 else 'is'} silent and left out")
    return Choice(_mean(alive), False, "")


def _mean(taken):
    return (taken / taken.sum()).astype(np.float32)


def _call_shares(levels):
    """Return the shares of talk of both channels of a call, None where this is no call. levels: (T, 2)."""
    loud = 10 * np.log10(levels + NOTHING)
    speech = np.percentile(loud, 95, axis=0)
    talk = (loud > speech - FLOOR_DB).any(1)
    apart = (loud - speech) @ np.array([1, -1])  # each side against its own level: phones differ
    first, second = (talk & (apart > APART_DB)).sum(), (talk & (apart < -APART_DB)).sum()
    total = max(talk.sum(), 1)
    if first + second < CALL_SHARE * total or min(first, second) < LEAST_SHARE * total:
        return None
    return first / (first + second), second / (first + second)


def leaks(levels, channel):
    """Return (T,) bool, where another channel is so much louder that what is heard on this one is the other speaker."""
    loud = 10 * np.log10(levels + NOTHING)
    loud -= np.percentile(loud, 95, axis=0)
    others = np.delete(loud, channel, axis=1).max(1)
    return loud[:, channel] < others - APART_DB
