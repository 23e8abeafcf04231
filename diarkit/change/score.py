"""How well the changes were found: purity and coverage of the segmentation, precision and recall of its boundaries."""

from typing import NamedTuple

import numpy as np
from pyannote.core import Segment, Timeline
from pyannote.metrics.segmentation import CVG_INTER, PTY_INTER, PTY_TOTAL, SegmentationPurityCoverageFMeasure

from diarkit.annotation import Turn
from diarkit.change.reference import change_points
from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.scoring.metrics import annotation

TINY_S = 1e-6  # a distance that is the tolerance but for binary fractions is within it


@options
class ChangeScoreOptions:
    """Scoring of changes"""

    tolerances: str = opt("0.25,0.5,1", "a change is found when one is this near, seconds: several, commas between")
    all_boundaries: bool = opt(False, "reference changes are all starts and ends of turns, those beside silence too; "
                                      "false: only where other people talk than before")
    fill_s: float = opt(0.5, "purity and coverage: fill a speaker's pauses shorter than this, as pyannote does", low=0)
    uem: str | None = opt(None, "score only what this UEM names; none scores whole recordings")

    def check(self):
        if not all(t > 0 for t in self.each_tolerance):
            raise UsageError(f"--tolerances must be greater than 0, not {self.tolerances}")

    @property
    def each_tolerance(self):
        """The tolerances as a tuple of seconds."""
        try:
            return tuple(float(text) for text in self.tolerances.split(","))
        except ValueError:
            raise UsageError(f"--tolerances must be seconds with commas between, not {self.tolerances!r}") from None


class ChangeScore(NamedTuple):
    """Counts of one recording or of several together; every field is summed by `pool`.

    matches: (tolerances,) reference changes that were found; pure_s, covered_s: seconds of speech in the largest
    reference turn of their hypothesis segment, and the other way round; total_s: seconds of speech.
    """

    ref_changes: int
    hyp_changes: int
    matches: np.ndarray
    pure_s: float
    covered_s: float
    total_s: float

    @property
    def purity(self):
        """Share of the speech; None where there is no speech."""
        return self.pure_s / self.total_s if self.total_s else None

    @property
    def coverage(self):
        """Share of the speech; None where there is no speech."""
        return self.covered_s / self.total_s if self.total_s else None

    def boundaries(self, number):
        """Return (precision, recall, F1) at one tolerance; each None where there is nothing to divide by."""
        found, wanted, given = self.matches[number], self.ref_changes, self.hyp_changes
        pairs = ((found, given), (found, wanted), (2 * found, given + wanted))
        return tuple(part / whole if whole else None for part, whole in pairs)


def score(turns, changes, spans, options=None):
    """Return the ChangeScore of one recording.

    turns: its reference Turns; changes: (C,) seconds; spans: [(start_s, end_s)] that is scored. Reference changes
    are those of diarkit.change.reference.change_points on the whole recording, within the spans.
    """
    options = options or ChangeScoreOptions()
    spans = sorted(spans)
    wanted = _within(change_points(turns, options.all_boundaries), spans)
    given = _within(np.unique(changes), spans)
    matches = np.array([count_matches(wanted, given, tolerance) for tolerance in options.each_tolerance], float)
    return ChangeScore(len(wanted), len(given), matches, *purity_coverage(_cut(turns, spans), given, options.fill_s))


def pool(scores):
    """Return the ChangeScore of several recordings together."""
    return ChangeScore(*(sum(column) for column in zip(*scores)))


def count_matches(wanted, given, tolerance_s):
    """Return how many pairs of one wanted and one given time lie within the tolerance, each time in one pair at most.

    wanted, given: ascending seconds. Takes the earliest partner left for each, which gives the most pairs there can
    be; pyannote.metrics takes the nearest pairs first, which may leave one out where changes are crowded.
    """
    found = at = 0
    for time_s in wanted:
        while at < len(given) and given[at] < time_s - tolerance_s - TINY_S:
            at += 1
        if at < len(given) and given[at] <= time_s + tolerance_s + TINY_S:
            found, at = found + 1, at + 1
    return found


def purity_coverage(turns, changes, fill_s=0.5):
    """Return (pure_s, covered_s, total_s) of speech, by pyannote.metrics; times 100 / total_s they are percent.

    The hypothesis is the reference's extent cut at the changes. What nobody says counts for nothing; where two talk
    at once, their overlap is a reference segment of its own.
    """
    if not turns:
        return 0.0, 0.0, 0.0
    reference = annotation("", turns)[0]
    extent = reference.get_timeline().extent()
    inside = changes[(changes > extent.start) & (changes < extent.end)]
    edges = np.concatenate(([extent.start], inside, [extent.end]))
    hypothesis = Timeline(Segment(*pair) for pair in zip(edges[:-1].tolist(), edges[1:].tolist()))
    found = SegmentationPurityCoverageFMeasure(tolerance=fill_s).compute_components(reference, hypothesis)
    return found[PTY_INTER], found[CVG_INTER], found[PTY_TOTAL]


def _within(times, spans):
    inside = np.zeros(len(times), bool)
    for start_s, end_s in spans:
        inside |= (times >= start_s) & (times <= end_s)
    return times[inside]


def _cut(turns, spans):
    parts = ((t, max(t.start_s, a), min(t.end_s, b)) for t in turns for a, b in spans)
    return [Turn(t.reco, start_s, end_s, t.speaker) for t, start_s, end_s in parts if end_s - start_s > TINY_S]
