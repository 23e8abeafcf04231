"""Make a data directory from a folder of recordings, with a reference where there are RTTM files."""

import os
import shlex

from diarkit import cli
from diarkit.annotation import joined_channels, write_rttm, write_uem
from diarkit.datadir.freshness import replaced_folder, state_of
from diarkit.datadir.probe import probe_all
from diarkit.datadir.recordings import EXTENSIONS, Recording, clean_id, common_stems, find_audio, make_ids
from diarkit.datadir.references import FOREIGN, beside, mended_turns, read_marks
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_lines, write_text
from diarkit.formats.scored import without
from diarkit.options import opt, options


@options
class FolderOptions:
    """Sources"""

    audio: str = opt("audio", "folder of recordings at any depth, or one recording")
    rttm: str | None = opt(None, "reference: an RTTM file or a folder of them; without it, X.rttm beside each X.wav")
    ref: str | None = opt(None, "reference in any format that utils/convert_reference.py reads: a file or a folder")
    uem: str | None = opt(None, "what to score: a UEM file or a folder of them; without it, X.uem beside each X.wav, "
                                "else all of each recording")
    threads: int = opt(4, "recordings to read at once", low=1)

    def check(self):
        if self.rttm and self.ref:
            raise UsageError("--rttm and --ref both name a reference: give one of them")

    @property
    def reference(self):
        """The (file or folder of the reference, what its files are called, the option that named it)."""
        return (self.ref, "ref", "ref") if self.ref else (self.rttm, "rttm", "rttm")


def prepare_folder(target, options):
    """Write the data directory `target` and return {file within the folder: why it was left out}.

    A target made earlier from the very same files is left alone, one made from others is made again.
    Raises DiarkitError when no recording can be used or a given reference cannot be read.
    """
    if not os.path.exists(options.audio):
        raise DiarkitError(f"{options.audio}: no such folder or file. Say where the recordings are with --audio DIR")
    paths, dropped = find_audio(options.audio)
    if not paths:
        raise _nothing(options.audio, dropped or {"": "no file has an extension of sound such as .wav or .flac"})
    with replaced_folder(target, state_of(paths.values(), options)) as folder:
        if folder is None:
            dropped = dict(line.split("\t", 1) for _, line in read_lines(f"{target}/dropped.txt"))
            cli.log(f"{target} is up to date")
        else:
            _fill(folder, paths, dropped, options)
    return dropped


def _nothing(audio, dropped):
    shown = "\n".join(f"  {name}: {why}" if name else f"  {why}" for name, why in sorted(dropped.items()))
    return DiarkitError(f"{audio}: no recording in it can be used:\n{shown}")


def _fill(folder, paths, dropped, options):
    """Write all files of the data directory, adding to `dropped` what cannot be used."""
    sounds = probe_all(paths, options.threads)
    dropped.update({name: sound.fault for name, sound in sounds.items() if sound.fault})
    ids = make_ids([name for name in paths if name not in dropped])
    recordings = sorted(Recording(reco, paths[name], name) for name, reco in ids.items())
    turns, zones, spans = _references(recordings, sounds, dropped, options)
    kept = [r for r in recordings if r.inner not in dropped]
    if not kept:
        raise _nothing(options.audio, dropped)
    write_text(f"{folder}/dropped.txt", (f"{n}\t{' '.join(why.split())}" for n, why in sorted(dropped.items())))
    write_tables(folder, kept, {r.id: sounds[r.inner].duration_s for r in kept}, spans)
    if not options.reference[0]:
        _note_foreign(kept, turns)
    _write_reference(folder, [r.id for r in kept], turns, zones)


def write_tables(folder, recordings, durations, spans):
    """Write wav.scp, reco2dur and ref.uem; durations: {reco: seconds}, spans: {reco: [(start_s, end_s)]} to score."""
    write_text(f"{folder}/wav.scp", (f"{r.id} {r.path}" for r in recordings))
    write_text(f"{folder}/reco2dur", (f"{r.id} {durations[r.id]:.3f}" for r in recordings))
    write_uem(f"{folder}/ref.uem", {r.id: spans[r.id] for r in recordings})


def _references(recordings, sounds, dropped, options):
    """Return ({reco: [Turn] or None}, {reco: zones}, {reco: [(start_s, end_s)]}).

    A recording whose reference was named and is bad is added to `dropped`; a bad one beside it costs only itself.
    """
    given, kind, option = options.reference
    marks = read_marks(given, recordings, kind), read_marks(options.uem, recordings, "uem")
    turns, zones, spans, common = {}, {}, {}, common_stems(recordings)
    for recording in recordings:
        reco, duration_s = recording.id, sounds[recording.inner].duration_s
        try:
            turns[reco], zones[reco], ignored = _turns(recording, marks[0], duration_s, common, given)
            spans[reco] = without(scored_spans(recording, marks[1], duration_s, common), ignored)
        except DiarkitError as error:
            if given or options.uem:
                dropped[recording.inner] = str(error)
                continue
            cli.log(f"note: {recording.inner}: it has no reference, since the one beside it is bad: {error}")
            turns[reco], zones[reco], spans[reco] = None, [], [(0.0, duration_s)]
    gone = {clean_id(form) for d in dropped for form in (Recording("", "", d).stem, os.path.splitext(d)[0], d)}
    for named, found in ((option, marks[0]), ("uem", marks[1])):
        unused = [name for name in found.unused() if clean_id(name) not in gone] if found else []
        if unused:
            cli.log(f"note: {named}: {len(unused)} names belong to no recording: {', '.join(unused[:5])}"
                    + (" ..." if len(unused) > 5 else ""))
    return turns, zones, spans


def _turns(recording, references, duration_s, common, given):
    """Return (turns of a recording, zones that bear on scoring, [(start_s, end_s)] that its reference keeps out).

    The turns are None where no reference speaks of it and none was given.
    """
    spans = references.find(recording, common) if references else None
    if spans is None and given:
        raise DiarkitError(f"{given} does not speak of it. Name it {recording.id} there")
    if spans is None:
        return None, [], []
    spoken = [s for s in spans if s.kind == "SPEAKER"]
    turns, changes = mended_turns(recording.id, [s for s in spoken if s.name is not None], duration_s)
    for change in changes:
        cli.log(f"note: {recording.inner}: {change}")
    zones = [s for s in spans if s.kind != "SPEAKER"]
    zones = zones if any(s.kind != "LEXEME" for s in zones) else []  # words bear on the score through zones alone
    return turns, zones, [(s.start_s, s.end_s) for s in spoken if s.name is None]


def _note_foreign(recordings, turns):
    """Say which references of another format lie beside recordings that have none, and what reads them."""
    silent = [r for r in recordings if turns[r.id] is None]
    found = beside([r.path for r in silent], FOREIGN - EXTENSIONS - {"rttm"})
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        cli.log(f"note: {found[0]}{more} may be a reference, but is no RTTM and was not read. "
                f"`utils/convert_reference.py {shlex.quote(found[0])} "
                f"{shlex.quote(os.path.splitext(found[0])[0] + '.rttm')}` makes one of it; or give --ref")


def scored_spans(recording, scored, duration_s, common):
    """Return the [(start_s, end_s)] of a recording to score: all of it unless a UEM says otherwise."""
    spans = scored.find(recording, common) if scored else None
    if not spans:
        return [(0.0, duration_s)]
    end_s = max(span.end_s for span in spans)
    if end_s > duration_s + 1 or max(span.start_s for span in spans) >= duration_s:
        raise DiarkitError(f"its UEM goes to {end_s:.3f} s, it ends at {duration_s:.3f} s. Is it another recording's?")
    return joined_channels([span._replace(end_s=min(span.end_s, duration_s)) for span in spans])


def _write_reference(folder, recos, turns, zones):
    """Write ref.rttm and reco2num_spk when every recording has a reference; say so when only some have."""
    without = [reco for reco in recos if turns[reco] is None]
    if len(without) == len(recos):
        return
    if without:
        cli.log(f"note: {len(without)} of {len(recos)} recordings have no RTTM beside them: {', '.join(without[:3])}. "
                "So no reference is written, nothing can be scored. Add them, or give --rttm DIR to leave them out")
        return
    write_turns(folder, recos, turns, zones)


def write_turns(folder, recos, turns, zones=None):
    """Write ref.rttm and reco2num_spk of {reco: [Turn]}; zones: {reco: [timed.Span]} that bear on scoring."""
    zones = {reco: zones[reco] for reco in recos} if zones else None
    write_rttm(f"{folder}/ref.rttm", (turn for reco in recos for turn in turns[reco]), zones)
    write_text(f"{folder}/reco2num_spk", (f"{reco} {len({t.speaker for t in turns[reco]})}" for reco in recos))
