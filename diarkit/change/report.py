"""Scores of changes of all recordings, and the two tables they are written to: changes.txt and changes.tsv."""

import numpy as np

from diarkit.annotation import read_rttm
from diarkit.change.score import ChangeScore, pool, score
from diarkit.errors import DiarkitError
from diarkit.files import write_text
from diarkit.scoring.trial import check_known, read_durations, regions_of
from diarkit.tables import read_matrices

TOTAL = "TOTAL"
NAMES = ("precision", "recall", "f1")


def score_files(ref_path, durations_path, changes_rspecifier, options):
    """Return ({reco: ChangeScore}, lines of notes) of every recording of a reco2dur or wav.scp.

    One that the changes do not have has found none: its changes are missed, it is not left out.
    """
    durations, references = read_durations(durations_path), read_rttm(ref_path)
    changes = {reco: read_changes(reco, load()) for reco, load in read_matrices(changes_rspecifier)}
    check_known(ref_path, references, durations, durations_path)
    check_known(changes_rspecifier, changes, durations, durations_path)
    regions, notes = regions_of(durations, durations_path, options.uem)
    if not any(reco in references for reco in regions):
        raise DiarkitError(f"{ref_path}: no speech in any of the {len(regions)} recordings to score. "
                           "Check that it is the reference of this set")
    notes += [f"{reco}: not in {changes_rspecifier}, all its changes are missed" for reco in regions
              if reco not in changes]
    none = np.zeros(0)
    return {reco: score(references.get(reco, []), changes.get(reco, none), spans, options)
            for reco, spans in regions.items()}, notes


def read_changes(reco, values):
    """Return the (C,) ascending seconds of a table's vector, or of a matrix of one column."""
    times = np.sort(np.asarray(values, np.float64).reshape(-1))
    if np.ndim(values) > 1 and np.shape(values)[1] > 1 or not np.isfinite(times).all():
        raise DiarkitError(f"{reco}: changes must be one vector of seconds, here is {np.shape(values)}")
    return times


def head(options):
    """Return the lines that say what was scored and how."""
    kind = "all starts and ends of turns" if options.all_boundaries else "where other people talk than before"
    region = options.uem or "none, whole recordings are scored"
    return [f"Reference changes: {kind}. UEM: {region}.",
            f"Purity, coverage and their F: share of the speech, a speaker's pauses below {options.fill_s:g} s filled.",
            "P, R, F1: changes found within so many seconds, one to one. All in percent."]


def rows(scores):
    """Yield (name, ChangeScore) by name, TOTAL last."""
    yield from sorted(scores.items())
    yield TOTAL, pool(list(scores.values()))


def write_tsv(path, scores, options):
    """Write {reco: ChangeScore}: `reco ref_changes hyp_changes speech_s purity coverage f precision_0.25 ...`.

    Rates are percent, `nan` where there is nothing to measure.
    """
    tags = [f"{name}_{t:g}" for t in options.each_tolerance for name in NAMES]
    lines = ["\t".join(["reco", "ref_changes", "hyp_changes", "speech_s", "purity", "coverage", "f", *tags])]
    for reco, s in rows(scores):
        cells = [f"{100 * x:.3f}" if x is not None else "nan" for x in _rates(s)]
        lines.append("\t".join([reco, str(s.ref_changes), str(s.hyp_changes), f"{s.total_s:.3f}", *cells]))
    write_text(path, lines)


def table(scores, options):
    """Return the lines of {reco: ChangeScore} as a table to read."""
    width = max(len("recording"), *(len(reco) for reco, _ in rows(scores)))
    tags = [f"{letter} {t:g} s" for t in options.each_tolerance for letter in ("P", "R", "F1")]
    lines = ["recording".ljust(width) + "".join(x.rjust(10) for x in ("changes", "found", "purity", "coverage", "F"))
             + "".join(tag.rjust(10) for tag in tags)]
    for reco, s in rows(scores):
        cells = [str(s.ref_changes), str(s.hyp_changes)] + ["-" if x is None else f"{100 * x:.2f}" for x in _rates(s)]
        lines.append(reco.ljust(width) + "".join(cell.rjust(10) for cell in cells))
    return lines


def _rates(s: ChangeScore):
    both = None if not s.total_s else 2 * s.purity * s.coverage / max(s.purity + s.coverage, 1e-12)
    return [s.purity, s.coverage, both] + [x for n in range(len(s.matches)) for x in s.boundaries(n)]
