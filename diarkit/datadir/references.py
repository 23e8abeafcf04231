"""Find the reference turns and scored spans that belong to each recording."""

import os
import re
from collections import Counter

from diarkit.annotation import Turn
from diarkit.datadir.problems import Report
from diarkit.datadir.recordings import clean_id, walk
from diarkit.datadir.scan import Span, scan_rttm, scan_uem
from diarkit.errors import DiarkitError
from diarkit.formats.registry import SUFFIXES, form_of, read

CLIP_S = 0.5  # a turn this little past the end is cut there: annotators round; more is another recording's turn
FOREIGN = {end[1:] for end in SUFFIXES} | {"txt"}


class Marks:
    """The lines of RTTM or UEM files, found by recording.

    A recording's lines are those of a file beside it with its name, if that file speaks of one recording only; else
    those that carry its id or file name; else those of a file elsewhere with its name. A file name counts where no
    other recording has it.
    """

    def __init__(self, paths, scan):
        """paths: files to read; scan: scan_rttm or scan_uem."""
        self.beside, self.by_name, self.by_file, self.faults, self.used = {}, {}, {}, {}, set()
        for path in sorted(paths):
            self._read(path, scan)

    def _read(self, path, scan):
        report, groups = Report(), {}
        for span in scan(path, report):
            groups.setdefault(clean_id(span.reco), []).append(span)
        base = os.path.splitext(path)[0]
        if report.problems:
            self.faults[os.path.realpath(base)] = "\n  ".join(str(problem) for problem in report.problems)
        elif len(groups) <= 1:
            self.beside[os.path.realpath(base)] = (path, next(iter(groups.values()), []))
            self.by_file.setdefault(clean_id(os.path.basename(base)), []).append(self.beside[os.path.realpath(base)])
        for name, spans in groups.items():
            self.by_name.setdefault(name, []).append((path, spans))

    def find(self, recording, common):
        """Return the spans of a recording, None when no file speaks of it; common: the stems that several share.

        Raises DiarkitError when the file beside it is bad, or when two files speak of it.
        """
        base = os.path.realpath(os.path.splitext(recording.path)[0])
        if base in self.faults:
            raise DiarkitError(self.faults[base])
        if base in self.beside:
            return self._take([self.beside[base]], recording)
        stem = [clean_id(recording.stem), clean_id(os.path.basename(recording.inner))]
        names = [recording.id] + (stem if recording.stem not in common else [])
        places = [(self.by_name, name) for name in names] + [(self.by_file, name) for name in names]
        return next((self._take(table[name], recording) for table, name in places if name in table), None)

    def _take(self, found, recording):
        if len(found) > 1:
            raise DiarkitError(f"both {found[0][0]} and {found[1][0]} speak of it. Keep one")
        self.used |= {(found[0][0], span.reco) for span in found[0][1]}
        return found[0][1]

    def unused(self):
        """Return the names that belong to no recording, sorted."""
        return sorted({spans[0].reco for found in self.by_name.values() for path, spans in found
                       if (path, spans[0].reco) not in self.used})


def read_marks(given, recordings, extension, option=None):
    """Return the Marks of a file or folder, or with given=None of the files beside the recordings; None without any.

    extension: "rttm" or "uem"; "ref" takes a reference in any format that is known. option: the name to complain by.
    Raises DiarkitError that lists every bad line of the files that were given.
    """
    option, kinds = option or extension, FOREIGN if extension == "ref" else {extension}
    if given is None:
        paths = beside([r.path for r in recordings], {extension})
    elif not os.path.exists(given):
        raise DiarkitError(f"{given}: no such file or folder. Check --{option}")
    else:
        paths = [os.path.join(given, n) for n in walk(given, kinds)] if os.path.isdir(given) else [given]
        if not paths:
            raise DiarkitError(f"{given}: no file in it ends in .{' .'.join(sorted(kinds))}. Check --{option}")
    marks = Marks(paths, {"uem": scan_uem, "rttm": _scan_turns, "ref": _scan_any}[extension])
    if given and marks.faults:
        raise DiarkitError("this must be mended first:\n  " + "\n  ".join(marks.faults.values()))
    return marks if paths else None


def beside(paths, extensions):
    """Return the files beside recordings that have their name and one of these extensions, in any case, sorted.

    paths: of the recordings; extensions: in small letters, without the dot.
    """
    stems, found = {os.path.splitext(path)[0] for path in paths}, []
    for folder in {os.path.dirname(path) for path in paths}:
        for name in os.listdir(folder or "."):
            stem, end = os.path.splitext(os.path.join(folder, name))
            if end[1:].lower() in extensions and stem in stems and os.path.isfile(stem + end):
                found.append(stem + end)
    return sorted(found)


def _scan_turns(path, report):
    return scan_rttm(path, report, zero=False, zones=True)


def _scan_any(path, report):
    """Return [Span] of a reference in any format; the name of a span that is not scored is None."""
    try:
        if form_of(path) == "rttm":
            return _scan_turns(path, report)
        found = read(path)
    except DiarkitError as error:
        line, what = re.fullmatch(r"(?:(\d+): |\s*)(.*)", str(error).removeprefix(f"{path}:"), re.S).groups()
        report.add(path, line and int(line), what, "")
        return []
    turns = [Span(0, t.reco, t.start_s, t.end_s, t.speaker) for turns in found.turns.values() for t in turns]
    return turns + [Span(0, reco, *span, None) for reco, spans in found.ignored.items() for span in spans]


def mended_turns(reco, spans, duration_s):
    """Return ([Turn], [what was changed]) of one recording's reference.

    Turns of no length are left out, a turn up to CLIP_S past the end is cut there, turns of one speaker that overlap
    are joined. Raises DiarkitError for a turn further past the end: the reference is of another recording.
    """
    turns, latest, count = [], {}, Counter()
    for span in sorted(spans, key=lambda s: (s.start_s, s.end_s)):
        if span.end_s > duration_s + CLIP_S:
            where = f" (line {span.line})" if span.line else ""
            raise DiarkitError(f"its reference{where} has a turn from {span.start_s:.3f} to "
                               f"{span.end_s:.3f} s, it ends at {duration_s:.3f} s. Is it another recording's?")
        end_s, at = min(span.end_s, duration_s), latest.get(span.name)
        if end_s - span.start_s < 0.001:
            count["of no length left out"] += 1
            continue
        count["cut at the end of the recording"] += span.end_s > duration_s + 0.001
        if at is not None and span.start_s < turns[at].end_s - 1e-6:
            turns[at] = turns[at]._replace(end_s=max(turns[at].end_s, end_s))
            count["joined to one of the same speaker that it overlaps"] += 1
            continue
        latest[span.name] = len(turns)
        turns.append(Turn(reco, span.start_s, end_s, span.name))
    return turns, [f"{number} turns {what}" for what, number in count.items() if number]
