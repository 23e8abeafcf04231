"""Check the files with times: segments, UEM and the reference."""

import math
import os

from diarkit.datadir.scan import scan_rttm, scan_segments, scan_table, scan_uem

SLACK_S = 0.01  # what rounding a start and a duration to two decimals may add up to


def check_segments(path, recos, durations, report):
    """Check segments against wav.scp and the durations, and utt2spk beside it against segments."""
    spans = scan_segments(path, report)
    check_spans(path, spans, recos, durations, report)
    utt2spk = os.path.join(os.path.dirname(path), "utt2spk")
    if not os.path.lexists(utt2spk):
        return
    spoken, known = scan_table(utt2spk, report), {span.name: span for span in spans}
    for name in sorted(known.keys() - spoken.keys()):
        report.add(utt2spk, None, f"{name} of segments is not here", "Add its speaker", reco=known[name].reco)
    for name in sorted(spoken.keys() - known.keys()):
        report.add(utt2spk, spoken[name].line, f"{name} is not in segments", "Take the line out")


def check_spans(path, spans, recos, durations, report):
    """Note the spans of unknown recordings and those that run past the end of theirs."""
    for span in spans:
        if span.reco not in recos:
            report.add(path, span.line, f"{span.reco} is not in wav.scp", "Take the line out, or mend the name",
                       reco=span.reco)
        elif not math.isinf(span.end_s) and span.end_s > durations.get(span.reco, span.end_s) + SLACK_S:
            report.add(path, span.line, f"{span.start_s:.3f} to {span.end_s:.3f} s, but {span.reco} ends at "
                       f"{durations[span.reco]:.3f} s", "Mend the times, or the recording is the wrong one",
                       reco=span.reco)


def check_uem(path, recos, durations, report):
    """Check a UEM: it covers every recording, within its length, and no second twice."""
    spans = scan_uem(path, report)
    check_spans(path, spans, recos, durations, report)
    for reco in sorted(recos.keys() - {span.reco for span in spans}):
        report.add(path, None, f"{reco} is in wav.scp, not here",
                   f"Add `{reco} 1 0.000 {durations.get(reco, 0):.3f}` to score all of it", reco=reco)
    _check_overlaps(path, spans, "channel ", report)


def check_reference(path, recos, durations, report):
    """Return {reco: set of speakers} of an RTTM, checked against wav.scp, durations and itself."""
    spans = scan_rttm(path, report)
    check_spans(path, spans, recos, durations, report)
    _check_overlaps(path, spans, "speaker ", report)
    speakers = {}
    for span in spans:
        speakers.setdefault(span.reco, set()).add(span.name)
    silent = sorted(recos.keys() - speakers.keys())
    if silent:
        report.note(f"{path}: no turns in {len(silent)} of {len(recos)} recordings, so they count as silent: " +
                    ", ".join(silent[:3]) + (" ..." if len(silent) > 3 else ""))
    return speakers


def _check_overlaps(path, spans, word, report):
    """Note spans of the same recording and name that overlap by more than rounding."""
    latest = {}
    for span in sorted(spans, key=lambda s: (s.start_s, s.end_s)):
        before = latest.get((span.reco, span.name))
        if before and span.start_s < before.end_s - SLACK_S:
            report.add(path, span.line, f"{word}{span.name or span.reco} overlaps itself in {span.reco} from "
                       f"{span.start_s:.3f} to {min(span.end_s, before.end_s):.3f} s, see line {before.line}",
                       "Join the two", reco=span.reco)
        if not before or span.end_s > before.end_s:
            latest[span.reco, span.name] = span
