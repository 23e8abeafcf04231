"""Check a data directory: every file, every line, every sample; all problems at once."""

import os
from collections import Counter

from diarkit.datadir.probe import LENGTH_SLACK_S, probe_all
from diarkit.datadir.problems import Report
from diarkit.datadir.scan import exists, scan_table, to_number
from diarkit.datadir.times import check_reference, check_segments, check_uem
from diarkit.errors import DiarkitError
from diarkit.files import plain_path
from diarkit.options import opt, options


@options
class ValidateOptions:
    """Checks"""

    audio: bool = opt(True, "read every recording to its end; false only looks whether the files are there")
    rttm: str | None = opt(None, "check this RTTM against the directory instead of its own ref.rttm")
    threads: int = opt(4, "recordings to read at once", low=1)


def validate(folder, options=None):
    """Return the Report of a data directory.

    Raises DiarkitError only when `folder` is no directory; whatever is wrong in it stands in the report.
    """
    options, report = options or ValidateOptions(), Report()
    folder = str(folder).rstrip("/") or "/"
    if not os.path.isdir(folder):
        raise DiarkitError(f"{folder}: no such directory. A recipe's stage 0 makes it")
    recos = scan_table(f"{folder}/wav.scp", report)
    if not recos and not report.general():
        report.add(f"{folder}/wav.scp", None, "no recordings", "Add `<id> <path>` lines")
    durations = _check_durations(folder, recos, report)
    sounds = _check_audio(folder, recos, durations, options, report)
    durations.update({reco: sound.duration_s for reco, sound in sounds.items() if not sound.fault})
    _check_times(folder, recos, durations, options, report)
    return report


def _check_durations(folder, recos, report):
    """Return {reco: seconds} of reco2dur, checked to be positive and to cover the recordings of wav.scp."""
    path, durations = f"{folder}/reco2dur", {}
    rows = scan_table(path, report)
    for row in rows.values():
        if (seconds := to_number(row.value)) > 0:
            durations[row.key] = seconds
        else:
            report.add(path, row.line, f"{row.key} lasts {row.value!r}", "Write its length in seconds", reco=row.key)
    if exists(folder, "reco2dur"):
        check_keys(path, rows, recos, report)
    return durations


def check_keys(path, rows, recos, report):
    """Note the recordings that stand only in this table or only in wav.scp."""
    for reco in sorted(recos.keys() - rows.keys()):
        report.add(path, None, f"{reco} is in wav.scp (line {recos[reco].line}), not here", f"Add `{reco} <value>`",
                   reco=reco)
    for reco in sorted(rows.keys() - recos.keys()):
        report.add(path, rows[reco].line, f"{reco} is not in wav.scp", "Take the line out, or add it to wav.scp",
                   reco=reco)


def _check_audio(folder, recos, durations, options, report):
    """Return {reco: Sound} of all that was read; without options.audio only look for the files."""
    path, entries = f"{folder}/wav.scp", {reco: row.value for reco, row in recos.items()}
    if not options.audio:
        for reco, entry in entries.items():
            if not entry.endswith("|") and not os.path.isfile(plain_path(entry)):
                report.add(path, recos[reco].line, f"{entry}: no such file",
                           "Paths are relative to the recipe: run this there, or mend the path", reco=reco)
        return {}
    sounds = probe_all(entries, options.threads)
    for reco, sound in sounds.items():
        if sound.fault:
            report.add(path, recos[reco].line, sound.fault, "", reco=reco)
        elif abs(sound.duration_s - durations.get(reco, sound.duration_s)) > LENGTH_SLACK_S:
            report.add(f"{folder}/reco2dur", None, f"{reco} is said to last {durations[reco]:.3f} s, its audio lasts "
                       f"{sound.duration_s:.3f} s", f"Write `{reco} {sound.duration_s:.3f}`", reco=reco)
    _note_rates(folder, sounds, report)
    return sounds


def _note_rates(folder, sounds, report):
    """Remark on a mixture of sample rates; the pipeline resamples, but a mixture is often a mistake."""
    rates = Counter(sound.sample_rate for sound in sounds.values() if not sound.fault)
    if len(rates) > 1:
        report.note(f"{folder}/wav.scp: {len(rates)} sample rates: " +
                    ", ".join(f"{rate} Hz in {count}" for rate, count in sorted(rates.items())))


def _check_times(folder, recos, durations, options, report):
    """Check all files with times, and put the summary together."""
    if exists(folder, "segments"):
        check_segments(f"{folder}/segments", recos, durations, report)
    if exists(folder, "ref.uem"):
        check_uem(f"{folder}/ref.uem", recos, durations, report)
    speakers = None
    if options.rttm or exists(folder, "ref.rttm"):
        speakers = check_reference(options.rttm or f"{folder}/ref.rttm", recos, durations, report)
    if exists(folder, "reco2num_spk"):
        _check_counts(f"{folder}/reco2num_spk", recos, speakers, report)
    names = set().union(*speakers.values()) if speakers is not None else None
    hours = sum(durations.get(reco, 0) for reco in recos) / 3600
    report.summary = (f"{folder}: {len(recos)} recordings, {hours:.2f} hours, "
                      f"{'no reference' if names is None else f'{len(names)} speakers'}"
                      f"{'' if options.audio else ', audio not opened'}")


def _check_counts(path, recos, speakers, report):
    """Check reco2num_spk against wav.scp and, where there is one, the reference."""
    rows = scan_table(path, report)
    check_keys(path, rows, recos, report)
    for row in rows.values():
        if not row.value.isdecimal():
            report.add(path, row.line, f"{row.key} has {row.value!r} speakers", "Write a whole number", reco=row.key)
        elif speakers is not None and row.key in recos and int(row.value) != len(speakers.get(row.key, ())):
            report.add(path, row.line, f"{row.key} has {row.value} speakers here and {len(speakers.get(row.key, ()))} "
                       "in the reference", "Mend the one that is wrong", reco=row.key)
