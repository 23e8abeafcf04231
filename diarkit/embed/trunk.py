"""The frame level of a network, once over a recording: in blocks that equal one pass, and only where it is needed.

An output frame of ResNet34 depends on 225 feature frames around it (the receptive field of its 33 convolutions of
3 x 3 along time), so a block that is run with 14 more output frames at each side gives exactly what one pass over the
recording gives; at the recording's ends both see the same zero padding. The same number of output frames serves other
trunks, whose frames may be further apart or closer, as far as `fits` says.
"""

import collections
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.features.cmvn import Cmvn, CmvnOptions, cmvn_stats
from diarkit.tables import forget_pages

STRIDE, FIELD_T = 8, 225  # ResNet34's feature frames: between two output frames, and how many one depends on
MARGIN = (FIELD_T // 2) // STRIDE  # output frames
GRAIN = 16  # runs have multiples of so many output frames: torch prepares itself anew for every length it meets
SMALL_S = 10.0  # a short recording is cut into two blocks for two threads, but no smaller


def stretches(needed, most):
    """Return (first, end) pairs of output frames that cover what is needed; none is longer than `most`.

    needed: (N,) bool. A gap is skipped where running it would cost more than the margins it saves.
    """
    places = np.flatnonzero(needed)
    if not len(places):
        return []
    cut = np.flatnonzero(np.diff(places) > 2 * MARGIN + 1)
    found = []
    for first, end in zip(places[np.r_[0, cut + 1]], places[np.r_[cut, len(places) - 1]] + 1):
        edges = np.linspace(first, end, -(-(end - first) // most) + 1).round().astype(int)
        found += list(zip(edges[:-1].tolist(), edges[1:].tolist()))
    return found


class Trunk:
    """Frame-level outputs of recordings.

    network: an open Network with a trunk. norm_s: the mean over so many seconds around a frame is taken off its
    features, 0 for the mean of the recording. block_s: so much goes through the network at once, which bounds memory.
    threads: blocks worked on at the same time; with a network that has one thread for itself they change no bit.
    """

    def __init__(self, network, norm_s=10.0, block_s=40.0, threads=1, shift_s=0.01):
        assert network.trunk is not None, f"{network.name}: its frames depend on the whole window"
        self.network, self.norm_t, self.threads, self.stride = network, round(norm_s / shift_s), threads, network.stride
        self.most, self.small = (max(round(s / shift_s / self.stride), 1) for s in (block_s, SMALL_S))
        self.cmvn = Cmvn(CmvnOptions(cmn_window=self.norm_t, center=True))

    def blocks(self, features, needed=None):
        """Yield (first output frame, (n, C) float32 outputs) in order; without `needed` together all of them.

        features: (T, mels) float32, may be memory-mapped; needed: (ceil(T / stride),) bool, None for all.
        Raises DiarkitError for features of another width, and where an output is not finite.
        """
        if features.ndim != 2 or len(features) and features.shape[1] != self.network.mels:
            raise DiarkitError(f"features of shape {features.shape}, {self.network.name} takes {self.network.mels} "
                               "columns")
        total = output_frames(len(features), self.stride)
        needed = np.ones(total, bool) if needed is None else needed
        assert needed.shape == (total,), (needed.shape, total)
        stats = None if self.norm_t or not len(features) else cmvn_stats(features)
        most = min(self.most, max(-(-int(needed.sum()) // 2), self.small))
        spans = stretches(needed, most)
        runs = self._in_order(lambda span: self._run(features, *span, stats), spans)
        yield from ((first, frames) for (first, _), frames in zip(spans, runs))

    def _in_order(self, run, spans):
        """Yield run(span) of each span; as many as there are threads are under way, so that memory stays bounded."""
        if self.threads == 1:
            yield from map(run, spans)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            waiting = collections.deque()
            for span in spans:
                waiting.append(pool.submit(run, span))
                if len(waiting) > self.threads:
                    yield waiting.popleft().result()
            yield from (future.result() for future in waiting)

    def _run(self, features, first, end, stats):
        begin = max(first - MARGIN, 0)
        stop = begin + -(-(end + MARGIN - begin) // GRAIN) * GRAIN
        x = self._centred(features, begin * self.stride, min(stop * self.stride, len(features)), stats)
        frames = self.network.trunk.frames(x[None])[0, :, first - begin:end - begin].T
        if not np.isfinite(frames).all():
            raise DiarkitError(f"{self.network.name} gives no finite output for feature frames {first * self.stride} "
                               f"to {end * self.stride}. Look for infinite values there")
        return frames

    def _centred(self, features, start, stop, stats):
        """Return features[start:stop] less their mean: of the recording, or over a sliding window."""
        low = max(start - self.norm_t, 0)  # so wide that no window of a frame inside is cut
        near = np.asarray(features[low:stop + self.norm_t], np.float32)
        centred = np.ascontiguousarray(self.cmvn(near, stats)[start - low:stop - low])
        forget_pages(features)
        return centred


def output_frames(features_t, stride=STRIDE):
    """Return how many output frames come of so many feature frames."""
    return -(-features_t // stride)


def fits(stride, field_t):
    """Tell whether MARGIN suffices for a trunk whose output frames depend on field_t feature frames (None: on all)."""
    return field_t is not None and field_t // 2 <= stride * MARGIN + stride // 2
