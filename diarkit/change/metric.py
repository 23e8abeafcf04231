"""Changes without training: windows that slide together over the speech, and the peaks of how unlike they are."""

import numpy as np
from scipy.signal import find_peaks

from diarkit.change import gaussians
from diarkit.change.bic import delta_bic, merge_linear
from diarkit.change.divergence import gaussian_divergence, kl2
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.vad.spans import union

METHODS = ("divergence", "kl2", "bic")
LEAST = 1e-6  # a score below this is rounding: even sound has no changes


@options
class MetricOptions:
    """Changes by a distance of neighbouring windows"""

    method: str = opt("bic", "divergence and kl2: diagonal covariances; bic: full ones", choices=METHODS)
    window_s: float = opt(2.5, "length of each of the two windows, seconds of speech", above=0)
    least_s: float = opt(1.0, "shortest window at the start and the end, seconds of speech", above=0)
    hop_s: float = opt(0.05, "from one candidate to the next, seconds", above=0)
    penalty: float = opt(1.0, "[bic] lambda, weight of the penalty: larger finds fewer changes", low=0)
    threshold: float = opt(0.0, "a change is a peak of the curve above this ...", low=0)
    prominence: float = opt(0.0, "... that rises above its surroundings by so many standard deviations of the curve",
                            low=0)
    distance_s: float = opt(2.0, "... and is the highest within this, seconds of speech", low=0)
    snap_s: float = opt(0.8, "then a change moves to the end of a pause that is this near, seconds of speech; 0: off",
                        low=0)
    merge_penalty: float = opt(1.75, "then neighbouring segments are joined unless BIC with this lambda objects; 0: "
                                     "off", low=0)


class MetricDetector:
    """Changes of one recording: `detector(features (T, D), spans) -> (curve (P, 2), changes (C,))`.

    shift_s: from one feature frame to the next, seconds.
    """

    def __init__(self, options=None, shift_s=0.01):
        self.options, self.shift_s = options or MetricOptions(), shift_s

    def __call__(self, features, spans=None):
        """Return the curve as rows (time_s, score), and the changes in ascending seconds.

        spans: (S, 2) seconds of speech; the windows pass over the rest, as if it were cut out. None: all is speech.
        A change after a pause stands where speech sets in again. Too little speech has no candidates and no change.
        """
        o, features = self.options, _checked(features)
        spoken = self._spoken(len(features), spans)
        least_t, hop_t = self._frames(o.least_s), self._frames(o.hop_s)
        at = gaussians.candidates(len(spoken), least_t, hop_t)
        if not len(at):
            return np.zeros((0, 2)), np.zeros(0)
        x, floor = gaussians.centred(features if len(spoken) == len(features) else features[spoken])
        score = self._scores(x, at, floor)
        peaks = self._peaks(score, hop_t)
        cuts = self._snap(at[peaks], spoken)
        cuts = merge_linear(x, cuts, floor, o.merge_penalty) if o.merge_penalty else cuts
        return np.column_stack((spoken[at] * self.shift_s, score)), np.round(spoken[cuts] * self.shift_s, 3)

    def _frames(self, seconds):
        return max(round(seconds / self.shift_s), 1)

    def _spoken(self, frames_t, spans):
        """Return the numbers of the frames whose middle lies in speech."""
        if spans is None:
            return np.arange(frames_t)
        edges = np.clip(np.round(union(spans) / self.shift_s), 0, frames_t).astype(int)
        steps = np.zeros(frames_t + 1, np.int32)
        np.add.at(steps, edges[:, 0], 1)
        np.add.at(steps, edges[:, 1], -1)
        return np.flatnonzero(np.cumsum(steps)[:-1] > 0)

    def _snap(self, cuts, spoken):
        """Return the cuts, those near a pause moved to its end: few people begin in the middle of another's speech."""
        pauses = np.flatnonzero(np.diff(spoken) > 1) + 1
        if not len(pauses):
            return cuts
        bounds = (pauses[1:] + pauses[:-1]) / 2
        nearest = pauses[np.searchsorted(bounds, cuts)]
        close = np.abs(nearest - cuts) <= self.options.snap_s / self.shift_s
        return np.unique(np.where(close, nearest, cuts))

    def _scores(self, x, at, floor):
        o, score = self.options, np.empty(len(at))
        for rows, before, after in gaussians.beside(x, at, self._frames(o.window_s), o.method == "bic"):
            if o.method == "bic":
                score[rows] = delta_bic(before, after, floor, o.penalty)
            else:
                score[rows] = (kl2 if o.method == "kl2" else gaussian_divergence)(before, after, floor)
        return score

    def _peaks(self, score, hop_t):
        """Return the candidates that are changes: as LIUM, the highest of their neighbourhood above a threshold."""
        o = self.options
        wide = max(self._frames(o.distance_s) / hop_t, 1)
        return find_peaks(score, height=max(o.threshold, LEAST), distance=wide,
                          prominence=o.prominence * score.std() or None)[0]


def _checked(features):
    if not np.size(features):
        return np.zeros((0, 1), np.float32)
    if np.ndim(features) != 2:
        raise DiarkitError(f"features of shape {np.shape(features)}, expected (frames, coefficients)")
    bad = np.flatnonzero(~np.isfinite(features.sum(axis=1, dtype=float)))
    if len(bad):
        raise DiarkitError(f"frame {bad[0]} and {len(bad) - 1} others are not finite. Make the features anew")
    return features
