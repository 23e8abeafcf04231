"""Local segmentation of a recording: audio in blocks, windows in batches, classes and scores out."""

import collections
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from diarkit.errors import UsageError
from diarkit.segmentation.aggregate import average, frame_weights
from diarkit.segmentation.changes import change_votes
from diarkit.segmentation.engines import open_engine
from diarkit.segmentation.fusion import BesideSilero, fused
from diarkit.segmentation.grid import RATE_HZ, WINDOW_N, window_count
from diarkit.segmentation.options import SegmentOptions
from diarkit.segmentation.powerset import COUNT


class Segmentation(NamedTuple):
    """classes: (W, 589) int8 powerset classes of the windows; scores: (F, 3) float32 of each global frame, from 0 to 1:
    the probability of speech, of overlap, and the share of windows that see speakers change."""

    classes: np.ndarray
    scores: np.ndarray


class Segmenter:
    """Segment recordings with one network; neither threads nor the size of audio blocks change the result."""

    def __init__(self, options=None):
        self.options = options or SegmentOptions()
        self.engine = open_engine(self.options.segmentation_model, self.options.engine)

    def __call__(self, audio):
        """Return the Segmentation of an audio.AudioFile or the like, at 16 kHz."""
        if audio.options.sample_rate != RATE_HZ:
            raise UsageError(f"--sample-rate must be {RATE_HZ} for the segmentation, not {audio.options.sample_rate}")
        if not self.options.silero_weight:
            return self._segmentation(audio)
        with BesideSilero(audio) as heard:
            found = self._segmentation(heard)
            found.scores[:, 0] = fused(found.scores[:, 0], heard.probabilities(), self.options.silero_weight)
        return found

    def _segmentation(self, audio):
        opts = self.options
        batches = window_batches(audio.blocks(), round(opts.hop_s * RATE_HZ), opts.batch)
        classes, speech = (np.concatenate(parts) for parts in zip(*ordered(self._batch, batches, opts.threads)))
        weights = frame_weights(opts.taper, opts.trim)
        scores = average(speech, opts.hop_s, audio.duration_s, weights)
        votes = change_votes(classes, opts.hop_s, audio.duration_s, weights)
        return Segmentation(classes, np.column_stack([scores / 255, votes]).astype(np.float32))

    def _batch(self, samples, windows):
        """Return classes (W, 589) int8 and probabilities of speech and overlap (W, 589, 2) uint8, in 255ths.

        Bytes, because ten hours at a hop of a second have 42 million of each.
        """
        scores = self.engine(samples, windows, round(self.options.hop_s * RATE_HZ))
        scores = scores + np.where(COUNT > 1, np.float32(self.options.overlap_bias), np.float32(0))
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        odds /= odds.sum(axis=-1, keepdims=True)
        speech = np.stack([1 - odds[..., 0], odds[..., COUNT > 1].sum(axis=-1)], axis=-1)
        return scores.argmax(axis=-1).astype(np.int8), np.rint(speech * 255).astype(np.uint8)


def window_batches(blocks, hop_n, batch):
    """Yield (samples (N,) float32, windows W) with N = (W - 1) hop_n + 160 000; zeros follow the recording's end.

    blocks: float32 (n,) arrays that follow each other. W is `batch` in all but the last.
    """
    whole, held = (batch - 1) * hop_n + WINDOW_N, np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > whole:
            yield held[:whole], batch
            held = held[batch * hop_n:]
    windows = window_count(len(held), hop_n / RATE_HZ)
    yield np.pad(held, (0, (windows - 1) * hop_n + WINDOW_N - len(held))), windows


def ordered(work, items, threads):
    """Yield work(*item) for every item, in order, with at most `threads` at once and no more read ahead than that."""
    if threads == 1:
        yield from (work(*item) for item in items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = collections.deque()
        for item in items:
            waiting.append(pool.submit(work, *item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
