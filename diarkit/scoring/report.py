"""Scores of all recordings, and the two tables they are written to: der.txt for people, der.tsv for programs."""

from diarkit.files import write_text
from diarkit.scoring.metrics import annotation, best_names, pool, score, timeline
from diarkit.scoring.protocols import FULL
from diarkit.scoring.regions import edges_of

HEADER = "protocol collar_s overlap reco der miss fa conf total_s jer purity coverage ref_speakers hyp_speakers".split()
COLUMNS = ("DER %", "miss %", "fa %", "conf %", "speech s", "JER %", "purity %", "coverage %", "ref spk", "hyp spk")
OVERALL = "OVERALL"


def score_recordings(trial, protocols):
    """Yield (reco, {protocol: Score}, notes) for each recording of a Trial."""
    for reco, spans in trial.regions.items():
        reference, ref_merged = annotation(reco, trial.references[reco])
        hypothesis, hyp_merged = annotation(reco, trial.hypotheses[reco])
        region, edges, sounds = timeline(spans), edges_of(trial.references[reco]), trial.sounds.get(reco, [])
        notes = [f"{reco}: {count} {what} turns touch or overlap another of their speaker and count as one with it"
                 for what, count in (("reference", ref_merged), ("hypothesis", hyp_merged)) if count]
        yield reco, {p: score(reference, hypothesis, region, p, edges, sounds) for p in protocols}, notes


def overall(scores):
    """Return {protocol: pooled Score} of {reco: {protocol: Score}}."""
    protocols = next(iter(scores.values()))
    return {p: pool([row[p] for row in scores.values()]) for p in protocols}


def _rates(s):
    """Return the numbers of a row: percent, but total seconds; speakers as a mean per recording."""
    rates = [s.der, s.share(s.miss_s), s.share(s.fa_s), s.share(s.conf_s), s.jer, s.purity, s.coverage]
    percent = [None if rate is None else 100 * rate for rate in rates]
    return percent[:4] + [s.total_s] + percent[4:] + [s.ref_speakers / s.recos, s.hyp_speakers / s.recos]


def _rows(scores, protocol):
    rows = [(reco, row[protocol]) for reco, row in sorted(scores.items())]
    return rows + [(OVERALL, pool([s for _, s in rows]))]


def write_tsv(path, scores):
    """Write {reco: {protocol: Score}} as a tab-separated table with HEADER, an OVERALL row ending each protocol.

    der, miss, fa, conf, jer, purity and coverage are percent, `nan` where there is nothing to measure; der, miss, fa
    and conf are relative to total_s, the reference speech; the speakers of OVERALL are means per recording.
    """
    lines = ["\t".join(HEADER)]
    for protocol in overall(scores):
        for reco, s in _rows(scores, protocol):
            cells = ["nan" if x is None else f"{x:.3f}" for x in _rates(s)[:-2]] + [f"{x:g}" for x in _rates(s)[-2:]]
            lines.append("\t".join([protocol.name, f"{protocol.collar_s:g}", protocol.overlap, reco] + cells))
    write_text(path, lines)


def write_table(path, scores, head, notes):
    """Write {reco: {protocol: Score}} as a table to read; head: lines above it, notes: lines below it."""
    lines = list(head)
    for protocol in overall(scores):
        lines += ["", f"Protocol {protocol}"] + _block(_rows(scores, protocol))
    write_text(path, lines + (["", "Notes"] + [f"- {note}" for note in notes] if notes else []))


def _block(rows):
    width = max(len("recording"), *(len(reco) for reco, _ in rows))
    lines = ["recording".ljust(width) + "".join(name.rjust(12) for name in COLUMNS)]
    for reco, s in rows:
        cells = ["-" if x is None else f"{x:.2f}" for x in _rates(s)[:-2]] + [f"{x:.4g}" for x in _rates(s)[-2:]]
        lines.append(reco.ljust(width) + "".join(cell.rjust(12) for cell in cells))
    return lines + [count_line(rows[-1][1])]


def count_line(s):
    """Return how well the number of speakers was found, over all recordings of a pooled Score."""
    return (f"Number of speakers: right in {s.right_count} of {s.recos} recordings "
            f"({100 * s.right_count / s.recos:.1f} %), off by {s.off_count / s.recos:.2f} on average")


def summary(scores):
    """Return the lines of {reco: {protocol: Score}} for the log: each protocol's DER, then the speaker counts."""
    pooled = overall(scores)
    return [f"DER {100 * s.der:.2f} % (miss {100 * s.share(s.miss_s):.2f}, false alarm {100 * s.share(s.fa_s):.2f}, "
            f"confusion {100 * s.share(s.conf_s):.2f}) {protocol}" for protocol, s in pooled.items()] + [
                count_line(next(iter(pooled.values())))]


def compare(reco, reference, hypothesis, spans, protocol=FULL):
    """Return ({hypothesis speaker: reference speaker}, words for a title) of one recording.

    reference, hypothesis: lists of Turns; spans: [(start_s, end_s)] that is scored.
    """
    edges = edges_of(reference)
    reference, hypothesis = annotation(reco, reference)[0], annotation(reco, hypothesis)[0]
    region = timeline(spans)
    s = score(reference, hypothesis, region, protocol, edges)
    collar = f"{protocol.collar_s:g} s collar" if protocol.collar_s else "no collar"
    words = (f"DER {100 * s.der:.1f} %  (miss {100 * s.share(s.miss_s):.1f}, false alarm {100 * s.share(s.fa_s):.1f}, "
             f"confusion {100 * s.share(s.conf_s):.1f}; {collar}, overlap {protocol.overlap})")
    return best_names(reference, hypothesis, region), words
