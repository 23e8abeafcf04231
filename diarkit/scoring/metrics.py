"""DER, Jaccard error rate, purity, coverage and speaker counts of one recording, on pyannote.metrics."""

from typing import NamedTuple

from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import (
    DiarizationCoverage,
    DiarizationErrorRate,
    DiarizationPurity,
    JaccardErrorRate,
)
from pyannote.metrics.identification import IdentificationErrorRate

from diarkit.scoring.protocols import FULL
from diarkit.scoring.regions import edges_of_annotation, scored_region, timeline, without

__all__ = ["Score", "annotation", "best_names", "pool", "score", "timeline"]


class Score(NamedTuple):
    """What one recording adds up to; sums, so that recordings can be pooled. Times in seconds.

    jer_sum: Jaccard errors summed over jer_count reference speakers; pure_s of the hyp_s seconds the hypothesis talks
    belong to its speakers' main reference speaker; covered_s of the ref_s seconds likewise; off_count: |ref - hyp|.
    """

    miss_s: float
    fa_s: float
    conf_s: float
    total_s: float
    jer_sum: float
    jer_count: float
    pure_s: float
    hyp_s: float
    covered_s: float
    ref_s: float
    ref_speakers: int
    hyp_speakers: int
    off_count: int
    right_count: int
    recos: int = 1

    @property
    def der(self):
        """Diarization error rate, 1.0 = 100 %; without reference speech 1 if the hypothesis talks, 0 if it does not."""
        return self.share(self.miss_s + self.fa_s + self.conf_s)

    @property
    def jer(self):
        """Jaccard error rate, the mean over reference speakers; None when there is none."""
        return self.jer_sum / self.jer_count if self.jer_count else None

    @property
    def purity(self):
        """Share of the hypothesis's speech that belongs to its speakers' main reference speaker; None without any."""
        return self.pure_s / self.hyp_s if self.hyp_s else None

    @property
    def coverage(self):
        """Share of the reference's speech that lies in its speakers' main hypothesis speaker; None without any."""
        return self.covered_s / self.ref_s if self.ref_s else None

    def share(self, seconds):
        """Return `seconds` of error relative to the reference speech, as the DER counts it."""
        return seconds / self.total_s if self.total_s else float(seconds > 0)


def pool(scores):
    """Return the Score of several recordings together: every field is summed."""
    return Score(*(sum(column) for column in zip(*scores)))


def annotation(reco, turns):
    """Return (pyannote Annotation, number of turns merged away): overlapping turns of one speaker are one turn.

    turns: Turns of that recording; times are rounded to the microsecond, so that touching turns do touch.
    """
    found = Annotation(uri=reco)
    for number, turn in enumerate(turns):
        found[Segment(round(turn.start_s, 6), round(turn.end_s, 6)), number] = turn.speaker
    merged = found.support()
    return merged, len(turns) - sum(1 for _ in merged.itertracks())


def score(reference, hypothesis, region, protocol=FULL, edges=None, sounds=()):
    """Return the Score of one recording, by the definitions of md-eval.

    reference, hypothesis: pyannote Annotations as `annotation` makes them; region: Timeline that is evaluated;
    edges: times of all boundaries of reference turns, where touching ones had been joined in `reference`;
    sounds: [(start_s, end_s)] of NON-LEX that are not scored. Speakers are mapped on `region`, before collars.
    """
    cut = DiarizationErrorRate().uemify
    counted = cut(reference, hypothesis, uem=region)
    ref_speakers, hyp_speakers = (len(a.labels()) for a in counted)
    edges = edges_of_annotation(reference) if edges is None else edges
    scored = without(scored_region(region, edges, reference, protocol), list(sounds))
    # Purity and coverage know no region of their own in pyannote.metrics: everything is cut to the scored time first.
    ref, hyp = cut(reference, hypothesis, uem=scored)
    named = hyp.rename_labels(_names(reference, hypothesis, region))
    der = IdentificationErrorRate()(ref, named, uem=scored, detailed=True)
    jer = JaccardErrorRate()(ref, hyp, uem=scored, detailed=True)
    pure, covered = DiarizationPurity()(ref, hyp, detailed=True), DiarizationCoverage()(ref, hyp, detailed=True)
    return Score(der["missed detection"], der["false alarm"], der["confusion"], der["total"],
                 jer["speaker error"], jer["speaker count"], pure["correct"], pure["total"],
                 covered["correct"], covered["total"], ref_speakers, hyp_speakers,
                 abs(ref_speakers - hyp_speakers), int(ref_speakers == hyp_speakers))


def _names(reference, hypothesis, region):
    """Return {hypothesis speaker: name}: the reference speaker it is mapped to, or a name that no reference has."""
    mapping = best_names(reference, hypothesis, region)
    return {label: mapping.get(label, ("nobody", label)) for label in hypothesis.labels()}


def best_names(reference, hypothesis, region):
    """Return {hypothesis speaker: reference speaker}, the one-to-one mapping that shares the most time.

    A hypothesis speaker that shares no time with a free reference speaker is left out.
    """
    return DiarizationErrorRate().optimal_mapping(reference, hypothesis, uem=region)
