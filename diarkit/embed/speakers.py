"""Embeddings of the local speakers of a segmentation, from one pass of the network's trunk over each recording.

The frames of ResNet34 and small depend on their surroundings alone, so the trunk runs once, whatever the hop. CAM++
looks at the whole window: it runs over each window once, and the three local speakers are pooled from that. Networks
without frame-level statistics (GE2E) cannot be pooled under masks.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from diarkit.embed.pooling import row_statistics, weight_matrix
from diarkit.embed.short import short_windows
from diarkit.embed.trunk import Trunk, output_frames
from diarkit.embed.windowed import window_statistics
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.segmentation.grid import FRAMES
from diarkit.segmentation.powerset import SPEAKERS

CENTRE_S = 0.0125  # the middle of the first feature frame: 25 ms from 0


@options
class SpeakerEmbedOptions:
    """Embeddings of local speakers"""

    min_clean_s: float = opt(0.5, "a speaker with so many seconds alone is pooled without overlapped speech", low=0)
    least_s: float = opt(0.2, "a speaker with fewer seconds in a window gets a row of zeros", low=0.16)
    norm_s: float = opt(10.0, "the mean over so many seconds around a frame is taken off it; 0: of all", low=0)
    block_s: float = opt(40.0, "seconds that go through the network at once: bounds memory", low=1)
    threads: int = opt(1, "blocks worked on at the same time by one job; they change no bit", low=1, high=64)


class Grains(NamedTuple):
    """Embeddings of a recording, large and small.

    speakers: (3 W, dim) float32, row 3 w + k is local speaker k of window w, zeros where that one does not talk enough.
    windows: (N, dim) float32, one for each short window that lies in speech; times: (N, 2) float64, its start and end
    in seconds. A network that looks at whole windows has no short ones.
    """

    speakers: np.ndarray
    windows: np.ndarray
    times: np.ndarray


class SpeakerEmbedder:
    """`embedder(features (T, D), classes (W, 589), hop_s) -> (3 W, E) float32`; network: an open Network."""

    def __init__(self, network, options=None, shift_s=0.01):
        self.network, self.options, self.shift_s = network, options or SpeakerEmbedOptions(), shift_s
        if network.trunk is None and network.context is None:
            raise UsageError(f"--model: {network.name} has no frame-level outputs that could be pooled under the masks "
                             "of speakers. Take resnet34 or campplus")

    def __call__(self, features, classes, hop_s):
        """Return the local speakers alone, (3 W, dim) float32; see `both`."""
        return self.both(features, classes, hop_s).speakers

    def both(self, features, classes, hop_s, progress=None):
        """Return the Grains of a recording.

        features: (T, mels) float32, may be memory-mapped; classes: (W, 589) powerset classes of windows, one every
        hop_s seconds. progress: called with the share that is done, from 0 to 1.
        """
        classes = np.asarray(classes)
        if classes.ndim != 2 or len(classes) and classes.shape[1] != FRAMES:
            raise DiarkitError(f"a segmentation of shape {classes.shape}, expected (windows, {FRAMES})")
        if features.ndim != 2 or len(features) and features.shape[1] != self.network.mels:
            raise DiarkitError(f"features of shape {features.shape}, {self.network.name} takes {self.network.mels} "
                               "columns")
        local, times = SPEAKERS * len(classes), np.zeros((0, 2))
        if self.network.trunk:
            times, statistics = self._one_pass(features, classes, hop_s)
        else:
            statistics = self._windows(features, classes, hop_s)
        found = np.zeros((local + len(times), self.network.dim), np.float32)
        for rows, stats in statistics:
            found[rows] = (self.network.trunk or self.network.context).project(stats)
            if progress and len(rows):
                progress(min((rows.min() + 1) / max(local, 1), 1.0))
        return Grains(found[:local], found[local:], times)

    def _one_pass(self, features, classes, hop_s):
        """Return (times of the short windows, the rows' statistics as they come): local speakers, then windows."""
        o, stride = self.options, self.network.stride
        total, step_s = output_frames(len(features), stride), stride * self.shift_s
        weights = weight_matrix(classes, hop_s, total, step_s, CENTRE_S, o.min_clean_s, o.least_s)
        times, short = short_windows(classes, hop_s, total, step_s, CENTRE_S)
        weights = sparse.vstack([weights, short], format="csr")
        needed = np.bincount(weights.indices, minlength=total) > 0
        trunk = Trunk(self.network, o.norm_s, o.block_s, o.threads, self.shift_s)
        blocks = (frames[needed[first:first + len(frames)]] for first, frames in trunk.blocks(features, needed))
        return times, row_statistics(weights[:, needed], blocks)

    def _windows(self, features, classes, hop_s):
        o = self.options
        return window_statistics(self.network, features, classes, hop_s, self.shift_s, CENTRE_S, o.min_clean_s,
                                 o.least_s)
