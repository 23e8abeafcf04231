"""Make a data directory from an annotated corpus, where every bad entry is told with its file and line."""

import os
from typing import NamedTuple

from diarkit import cli
from diarkit.datadir.folder import scored_spans, write_tables, write_turns
from diarkit.datadir.freshness import checksum, replaced_folder
from diarkit.datadir.probe import probe_all
from diarkit.datadir.problems import Report
from diarkit.datadir.recordings import Recording, walk
from diarkit.datadir.references import CLIP_S, mended_turns, read_marks
from diarkit.datadir.scan import id_fault, to_number
from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_lines
from diarkit.options import opt, options

SHOWN = 50  # more problems than this are only counted


@options
class CorpusOptions:
    """The data directory."""

    list: str | None = opt(None, "file with one recording a line; without it, every recording that is there")
    uem: str | None = opt(None, "what to score: a UEM file or a folder of them; without it, all of each recording")
    skip_bad: bool = opt(False, "leave bad entries of the annotation out, naming each, instead of stopping at them")
    threads: int = opt(4, "recordings to read at once", low=1)


class Said(NamedTuple):
    """One stretch of one speaker (`name`), and where that is written: path, line, reco, start_s, end_s, name."""

    path: str
    line: int
    reco: str
    start_s: float
    end_s: float
    name: str


def said(path, line, reco, name, start, end, report, unit_s=1.0):
    """Return the Said of two texts, start and end in units of unit_s seconds; None where they make no sense.

    What is wrong is added to `report`. A stretch of no length is given back; it is left out later, and counted.
    """
    start_s, end_s = to_number(start) * unit_s, to_number(end) * unit_s
    if start_s >= 0 and end_s >= start_s:
        return Said(path, line, reco, start_s, end_s, name)
    if start_s != start_s or end_s != end_s:
        what, mend = f"{name} speaks from {start!r} to {end!r}", "Write plain numbers"
    else:
        what, mend = f"{name} speaks from {start_s:g} to {end_s:g} s", "Make 0 <= start <= end"
    report.add(path, line, what, mend, reco=reco)
    return None


def read_list(path):
    """Return {recording: line} of a list with one recording a line; `#` starts a comment."""
    found = {}
    for number, line in read_lines(path, "Name the list with --list"):
        name = line.partition("#")[0].strip()
        if name in found:
            raise data_error(path, number, f"{name} stands already on line {found[name]}", "Keep one of the two")
        if name and id_fault(name):
            raise data_error(path, number, f"the id {name!r} {id_fault(name)}", "Write one recording a line")
        if name:
            found[name] = number
    if not found:
        raise data_error(path, None, "no recording stands in it", "Write one recording a line")
    return found


def prepare_corpus(target, audio, sources, read, choice, options):
    """Write the data directory `target`; one made earlier from the very same files and choices is left alone.

    audio: {reco: path}. sources: the files of the annotation. read: function of a Report that returns [Said].
    choice: what decides the result besides, anything with a repr. options: CorpusOptions.
    Raises DiarkitError that lists every recording and every entry that is bad, with file and line.
    """
    uems = [os.path.join(options.uem, name) for name in walk(options.uem, {"uem"})] if options.uem else []
    paths = [*audio.values(), *sources, *(uems or [options.uem or ""])]
    with replaced_folder(target, checksum((choice, options.uem, options.skip_bad, sorted(audio)), paths)) as folder:
        if folder is None:
            cli.log(f"{target} is up to date")
            return
        recordings = [Recording(reco, audio[reco], os.path.basename(audio[reco])) for reco in sorted(audio)]
        report = Report()
        stretches, durations = read(report), _durations(audio, options.threads)
        turns = _turns(stretches, durations, report)
        _refuse(report, options.skip_bad)
        if silent := [reco for reco in turns if not turns[reco]]:
            raise DiarkitError(f"nobody speaks in {', '.join(silent[:5])}. Is it annotated? Else take it off the list")
        write_tables(folder, recordings, durations, _scored(recordings, durations, options.uem))
        write_turns(folder, sorted(audio), turns)
        for note in report.notes:
            cli.log(f"note: {note}")


def _durations(audio, threads):
    """Return {reco: seconds} of {reco: path}, every recording read to its end."""
    sounds = probe_all(audio, threads)
    if faults := [sound.fault for sound in sounds.values() if sound.fault]:
        raise DiarkitError("this must be mended first:\n  " + "\n  ".join(faults))
    return {reco: sound.duration_s for reco, sound in sounds.items()}


def _turns(stretches, durations, report):
    """Return {reco: [Turn]}, adding to the report what is past the end."""
    found = {reco: [] for reco in durations}
    for one in stretches:
        if one.reco in found and one.end_s > durations[one.reco] + CLIP_S:
            report.add(one.path, one.line, f"{one.name} speaks from {one.start_s:.3f} to {one.end_s:.3f} s, {one.reco} "
                       f"ends at {durations[one.reco]:.3f} s", "Is it another recording's? Is the unit seconds?")
        elif one.reco in found:
            found[one.reco].append(one)
    turns = {}
    for reco, own in found.items():
        turns[reco], changes = mended_turns(reco, own, durations[reco])
        report.notes += [f"{reco}: {change}" for change in changes]
    return turns


def _refuse(report, skip_bad):
    lines = [str(problem) for problem in report.problems]
    shown = lines[:SHOWN] + ([f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
    if lines and not skip_bad:
        raise DiarkitError(f"the annotation has {len(lines)} faults; mend them, or leave those entries out with "
                           "--skip-bad true:\n  " + "\n  ".join(shown))
    report.notes += [f"left out: {line}" for line in shown]


def _scored(recordings, durations, uem):
    """Return {reco: [(start_s, end_s)]} to score; a UEM that is given must speak of every recording."""
    scored, spans = read_marks(uem, recordings, "uem") if uem else None, {}
    for recording in recordings:
        if scored and scored.find(recording, ()) is None:
            raise DiarkitError(f"{uem} does not speak of {recording.id}. Name it so in a UEM, or score all of it")
        spans[recording.id] = scored_spans(recording, scored, durations[recording.id], ())
    return spans
