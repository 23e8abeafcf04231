"""One embedding per window of a recording's features, with any of the networks."""

import numpy as np

from diarkit.embed.cut import batches, frame_spans, pieces
from diarkit.errors import DiarkitError
from diarkit.models.network import open_network
from diarkit.options import opt, options
from diarkit.tables import forget_pages

FORGET = 16  # batches after which mapped features are let go, so that memory does not grow with the recording


@options
class EmbedOptions:
    """Embeddings"""

    least_s: float = opt(0.5, "a shorter window is widened to both sides to this many seconds", low=0)
    first_s: float = opt(0.0, "hear only the first so many seconds of a window; 0: all of it", low=0)
    batch_frames: int = opt(2400, "most feature frames that go through the network at once: bounds memory", low=1)
    unit_length: bool = opt(False, "scale every embedding to length 1 (clustering by cosine does it anyway)")
    threads: int = opt(1, "processor threads of one job", low=1, high=256)


class Extractor:
    """Embeddings of windows: `extractor(features (T, D), windows (N, 2) seconds) -> (N, E) float32`.

    model: a name of the model table, a file, or an open Network. shift_s: from one feature frame to the next.
    """

    def __init__(self, model, options=None, shift_s=0.01):
        self.options, self.shift_s = options or EmbedOptions(), shift_s
        self.network = open_network(model, self.options.threads) if isinstance(model, str) else model

    def __call__(self, features, windows):
        """Return (N, dim) float32, row i the embedding of windows[i].

        features: (T, mels) float32, one row per frame, may be memory-mapped; windows: (N, 2) start and end, seconds.
        A window longer than the network takes is cut into equal pieces, whose embeddings are averaged by length.
        """
        windows, net = np.asarray(windows, np.float64).reshape(-1, 2), self.network
        if not len(windows):
            return np.zeros((0, net.dim), np.float32)
        self._check(features)
        if self.options.first_s:
            windows = np.minimum(windows, windows[:, :1] + [0, self.options.first_s])
        least_t = max(net.least_t, round(self.options.least_s / self.shift_s))
        starts, lengths = frame_spans(windows, len(features), self.shift_s, min(least_t, net.most_t))
        owner, starts, lengths = pieces(starts, lengths, net.most_t)
        vectors = self._run(features, starts, lengths)
        return self._average(vectors, owner, lengths, len(windows))

    def _check(self, features):
        if features.ndim != 2 or len(features) == 0:
            raise DiarkitError(f"features of shape {features.shape} for windows that hold speech. Make the features "
                               "and the windows from the same recordings")
        if features.shape[1] != self.network.mels:
            raise DiarkitError(f"features with {features.shape[1]} columns, {self.network.name} takes "
                               f"{self.network.mels}")

    def _run(self, features, starts, lengths):
        """Return (M, dim) embeddings of spans in frames; a span longer than the recording repeats its frames."""
        vectors = np.empty((len(starts), self.network.dim), np.float32)
        for number, rows in enumerate(batches(lengths, self.options.batch_frames)):
            index = (starts[rows, None] + np.arange(lengths[rows[0]])) % len(features)
            x = np.ascontiguousarray(features[index], np.float32)
            if self.network.centred:
                x -= x.mean(1, keepdims=True)
            vectors[rows] = self.network.run(x)
            if number % FORGET == FORGET - 1:
                forget_pages(features)
        if not np.isfinite(vectors).all():
            at = starts[~np.isfinite(vectors).all(1)][0] * self.shift_s
            raise DiarkitError(f"{self.network.name} gives no finite embedding of the window at {at:.2f} s. Look for "
                               "infinite values in the features there")
        return vectors

    def _average(self, vectors, owner, lengths, count):
        weights = lengths / np.bincount(owner, lengths)[owner]
        means = np.zeros((count, vectors.shape[1]))
        np.add.at(means, owner, vectors * weights[:, None])
        if self.network.unit or self.options.unit_length:
            means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return means.astype(np.float32)
