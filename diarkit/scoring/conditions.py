"""Scores of several systems by the condition of the recordings: a table to read, one for programs, and a picture."""

import csv
from typing import NamedTuple

import numpy as np

from diarkit.errors import DiarkitError
from diarkit.scoring.report import OVERALL

COLUMNS = "condition system recordings der miss fa conf jer right".split()
PARTS = ("miss", "fa", "conf")


class Row(NamedTuple):
    """One system on one condition: percent of its speech, JER as a mean over recordings, right counts of speakers."""

    condition: str
    system: str
    recordings: int
    der: float
    miss: float
    fa: float
    conf: float
    jer: float
    right: int


def read_scores(path, protocol="full"):
    """Return {reco: {column: text}} of one protocol of a der.tsv; raises DiarkitError where there is none."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row.get("protocol") == protocol]
    found = {row["reco"]: row for row in rows if row["reco"] != OVERALL}
    if not found:
        raise DiarkitError(f"{path}: no rows of the protocol {protocol}. Score again with steps/score.sh")
    return found


def by_condition(systems, condition_of):
    """Return [Row] in the order of the conditions, each with all systems, at last `mean` over the conditions.

    systems: {name: {reco: row of der.tsv}}; condition_of: {reco: condition}. Within a condition all recordings count
    by their speech; the mean counts every condition alike. Raises DiarkitError when a recording is missing.
    """
    groups = {}
    for reco, condition in condition_of.items():
        groups.setdefault(condition, []).append(reco)
    rows = [_row(condition, name, recos, scores) for condition, recos in groups.items()
            for name, scores in systems.items()]
    for name in systems:
        own = [row for row in rows if row.system == name]
        means = (float(np.mean([getattr(row, column) for row in own])) for column in COLUMNS[3:8])
        rows.append(Row("mean", name, sum(row.recordings for row in own), *means, sum(row.right for row in own)))
    return rows


def _row(condition, system, recos, scores):
    missing = [reco for reco in recos if reco not in scores]
    if missing:
        raise DiarkitError(f"{system}: no score of {', '.join(missing[:3])}. Score the same recordings by every system")
    found = [scores[reco] for reco in recos]
    speech = np.array([float(row["total_s"]) for row in found])
    rates = (float(np.average(_numbers(found, column), weights=speech)) for column in ("der", *PARTS))
    right = sum(row["ref_speakers"] == row["hyp_speakers"] for row in found)
    return Row(condition, system, len(recos), *rates, float(np.mean(_numbers(found, "jer"))), right)


def _numbers(rows, column):
    return np.array([float(row[column]) for row in rows])


def as_tsv(rows):
    """Return the lines of a tab-separated table with COLUMNS."""
    return ["\t".join(COLUMNS)] + ["\t".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row)
                                   for row in rows]


def as_markdown(rows):
    """Return the lines of a table to read: a line for each condition; for each system DER, its parts, JER, counts."""
    names = list(dict.fromkeys(row.system for row in rows))
    head = ["condition", *(f"{name}: DER = miss + false alarm + confusion, JER, right counts" for name in names)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for condition in dict.fromkeys(row.condition for row in rows):
        own = {row.system: row for row in rows if row.condition == condition}
        best = min(row.der for row in own.values())
        lines.append("| " + " | ".join([condition, *(_cell(own[name], best) for name in names)]) + " |")
    return lines


def _cell(row, best):
    der = f"**{row.der:.1f}**" if row.der == best else f"{row.der:.1f}"
    return f"{der} = {row.miss:.1f} + {row.fa:.1f} + {row.conf:.1f}, {row.jer:.1f}, {row.right} of {row.recordings}"
