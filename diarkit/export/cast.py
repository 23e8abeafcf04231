"""Who talks in a recording: reference, hypothesis, who is whom, and one colour for each in every picture."""

from typing import NamedTuple

from diarkit.annotation import read_rttm, read_uem
from diarkit.export.palette import colours
from diarkit.export.recordings import ReferenceOptions
from diarkit.options import opt, options
from diarkit.scoring.report import compare


@options
class CastOptions(ReferenceOptions):
    """Speakers: turns that were found, and the reference."""

    hyp: str | None = opt(None, "RTTM of the turns that were found")


class Cast(NamedTuple):
    """The speakers of one recording.

    reference, hypothesis: lists of Turns, None when there is none; mapping: {hypothesis speaker: reference speaker};
    score: words that tell the DER.
    """

    reference: list | None = None
    hypothesis: list | None = None
    mapping: dict = {}
    score: str = ""

    def shades(self, more=()):
        """Return ({reference speaker: colour}, {hypothesis speaker: colour}), in order of first appearance.

        A mapped speaker has the colour of its reference speaker, the others have colours of their own. more: names
        of hypothesis speakers who may have no turn.
        """
        ref = names(self.reference or [])
        hyp = list(dict.fromkeys([*names(self.hypothesis or []), *more]))
        paint = colours(len(ref) + len(hyp))
        shade, free = dict(zip(ref, paint)), iter(paint[len(ref):])
        return shade, {s: shade[self.mapping[s]] if s in self.mapping else next(free) for s in hyp}


def names(turns):
    """Return the speakers of Turns in order of first appearance."""
    return list(dict.fromkeys(t.speaker for t in sorted(turns, key=lambda t: t.start_s)))


class Casts:
    """The casts of many recordings, called with a recording's id.

    hypotheses, references: {reco: [Turn]} or None; regions: {reco: [(start_s, end_s)]} that counts for the DER and
    the mapping, None: whole recordings.
    """

    def __init__(self, hypotheses=None, references=None, regions=None):
        self.hypotheses, self.references, self.regions = hypotheses, references, regions

    @classmethod
    def of_files(cls, given):
        """Read the files that CastOptions name."""
        return cls(read_rttm(given.hyp) if given.hyp else None, read_rttm(given.ref) if given.ref else None,
                   read_uem(given.uem) if given.uem else None)

    def __call__(self, reco):
        """Return the Cast of one recording; a recording that a table does not have has no turns in it."""
        hyp, ref = (None if table is None else table.get(reco, []) for table in (self.hypotheses, self.references))
        if hyp is None or ref is None:
            return Cast(ref, hyp)
        whole = [(0, max((t.end_s for t in [*hyp, *ref]), default=1))]
        mapping, words = compare(reco, ref, hyp, (self.regions or {}).get(reco, whole))
        scored = self.regions is None or reco in self.regions
        return Cast(ref, hyp, mapping, words if scored else "not scored: the UEM does not name it")
