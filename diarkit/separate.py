"""A call with one speaker on each channel: every channel is heard by itself, and what leaks into it is left out."""

import functools

import numpy as np

from diarkit.channels import FRAME_S, leaks
from diarkit.cluster.options import CountOptions
from diarkit.cluster.speakers import Speakers
from diarkit.pipeline import Found

LEAST_S = 0.1  # what is left of a turn and is shorter than this is dropped


def merged(chain, channel_of, source, progress=None):
    """Return the Found of a recording whose channels are its speakers, in the order in which they first speak.

    chain: a pipeline.Chain; channel_of: function from a channel's number, from 1, to the audio of it; source: the
    recording, for its survey. Channels on which nobody speaks are no speakers.
    """
    levels, parts = source.survey.levels, []
    for channel in range(source.channels):
        tell = functools.partial(_shared, progress, channel, source.channels)
        found = chain(channel_of(channel + 1), CountOptions(num_speakers=1), tell)
        turns = _without(found.turns, leaks(levels, channel)) if levels.shape[1] > 1 else found.turns
        if turns:
            parts.append((turns, found))
    parts.sort(key=lambda part: part[0][0][0])
    return _together(parts, source, found)


def _shared(progress, channel, channels, stage, share):
    if progress:
        progress(stage, (channel + share) / channels)


def _without(turns, leak):
    """Return turns without the frames in which only the other speaker is heard."""
    kept = []
    for start_s, end_s, label, sure in turns:
        first, end = int(start_s / FRAME_S), int(np.ceil(end_s / FRAME_S))
        own = ~leak[first:end]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], own, [False]]).astype(np.int8)))
        for low, high in edges.reshape(-1, 2) + first:
            a, b = max(low * FRAME_S, start_s), min(high * FRAME_S, end_s)
            if b - a >= LEAST_S:
                kept.append((round(a, 3), round(b, 3), label, sure))
    return kept


def _together(parts, source, last):
    turns = sorted((a, b, label, sure) for label, (own, _) in enumerate(parts) for a, b, _, sure in own)
    means = np.concatenate([np.zeros((0, last.means.shape[1]), np.float32), *(found.means[:1] for _, found in parts)])
    far = 1 - means @ means.T
    np.fill_diagonal(far, np.inf)
    rows = [[sum(end_s - start_s for start_s, end_s, *_ in own), *found.speakers.evidence[0, 1:3],
             far[k].argmin() if len(parts) > 1 else -1, far[k].min() if len(parts) > 1 else 2.0]
            for k, (own, found) in enumerate(parts)]
    speakers = Speakers(last.speakers.labels, np.array(rows).reshape(-1, 5), last.speakers.shares)
    return Found(turns, one_at_a_time(turns), speakers, means, last.segmentation, round(source.duration_s, 3))


def one_at_a_time(turns):
    """Return turns cut so that no two overlap: who began earlier goes on until that turn ends."""
    found, at = [], 0.0
    for start_s, end_s, label, sure in turns:
        if end_s > max(start_s, at) + 1e-6:
            found.append((max(start_s, at), end_s, label, sure))
            at = end_s
    return found
