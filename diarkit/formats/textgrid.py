"""Praat's TextGrid: one interval tier per speaker, by the package praatio."""

import os
import tempfile
import warnings

from diarkit.errors import data_error
from diarkit.formats.common import last_s, reco_of, text_of, turn_of

SILENT = ("", "sil", "<sil>", "#", "silence")


def write(turns, reco=None, duration_s=None):
    """Return a TextGrid in the long text form; each interval carries the speaker's name.

    A tier cannot overlap itself: turns of one speaker that do are joined.
    """
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.data_classes.textgrid import Textgrid

    end_s, grid = max(round(last_s(turns, duration_s), 3), 0.001), Textgrid()
    for name, spans in _joined(turns).items():
        grid.addTier(IntervalTier(name, [(a, b, name) for a, b in spans], 0, end_s), reportingMode="silence")
    if not turns:
        grid.addTier(IntervalTier("nobody", [], 0, end_s), reportingMode="silence")
    with tempfile.TemporaryDirectory(prefix="diarkit-") as folder:
        path = os.path.join(folder, "out.TextGrid")
        grid.save(path, format="long_textgrid", includeBlankSpaces=True, minimumIntervalLength=None,
                  reportingMode="silence")
        return text_of(path)


def _joined(turns):
    """Return {speaker: [(start_s, end_s)]} in whole milliseconds; spans of a speaker that overlap are one."""
    found = {}
    for t in sorted(turns, key=lambda t: t.start_s):
        start_s, end_s, spans = round(t.start_s, 3), round(t.end_s, 3), found.setdefault(t.speaker, [])
        if spans and start_s < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end_s))
        elif end_s > start_s:
            spans.append((start_s, end_s))
    return found


def read(path):
    """Yield the Turns of a TextGrid in any of Praat's text forms: a tier is a speaker, an interval with text a turn."""
    from praatio import textgrid

    text_of(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            grid = textgrid.openTextgrid(path, includeEmptyIntervals=False, reportingMode="silence")
    except Exception as error:  # praatio answers a broken file with whatever its parser trips over
        raise data_error(path, None, f"no TextGrid: {type(error).__name__} {error}".rstrip(),
                         "Open it in Praat and save it as a text file") from None
    tiers = [tier for tier in grid.tiers if type(tier).__name__ == "IntervalTier"]
    if not tiers:
        raise data_error(path, None, "no interval tier", "Give each speaker an interval tier")
    for tier in tiers:
        for start_s, end_s, label in tier.entries:
            if label.strip().lower() not in SILENT:
                yield turn_of(path, None, reco_of(path), float(start_s), float(end_s), tier.name)
