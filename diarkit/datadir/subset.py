"""Make a smaller data directory: the first or random recordings, those of a list, those that are good."""

import os
import random

from diarkit import cli
from diarkit.datadir.store import copy_lines, data_files, fresh_folder
from diarkit.datadir.validate import ValidateOptions, validate
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_lines, read_table, write_text
from diarkit.options import opt, options


@options
class SubsetOptions:
    """Selection: one of first, random and list, after the bad ones are dropped"""

    first: int | None = opt(None, "keep the first N recordings in the order of their ids", low=1)
    random: int | None = opt(None, "keep N recordings drawn at random", low=1)
    seed: int = opt(0, "seed of --random")
    list: str | None = opt(None, "keep the recordings that this file names, one id a line")
    drop_bad: bool = opt(False, "drop the recordings that validate_data_dir.py finds bad, and say why")
    audio: bool = opt(True, "for --drop-bad: read every recording to its end")
    threads: int = opt(4, "for --drop-bad: recordings to read at once", low=1)

    def check(self):
        ways = [way for way in ("first", "random", "list") if getattr(self, way) is not None]
        if len(ways) > 1:
            raise UsageError(f"--{ways[0]} and --{ways[1]} exclude each other")
        if not ways and not self.drop_bad:
            raise UsageError("say what to keep: --first N, --random N, --list FILE or --drop-bad true")


def subset(source, target, options):
    """Write the chosen recordings of `source` to the new directory `target`; return {dropped reco: [why]}.

    All files are reduced alike, and --drop-bad lists what it dropped in target/dropped.txt. `source` is not touched.
    """
    if os.path.realpath(source) == os.path.realpath(target):
        raise DiarkitError(f"{target}: cannot be made out of itself. Choose another name")
    bad = _bad_recordings(source, options) if options.drop_bad else {}
    recos = sorted(_ids(source, options.drop_bad) - bad.keys())
    if not recos:
        raise DiarkitError(f"{source}: all {len(bad)} recordings are bad, nothing is left to keep")
    keep = set(choose(recos, bad, options))
    known, other = data_files(source)
    if other:
        cli.log(f"note: left out, no files of a data directory: {', '.join(other)}")
    with fresh_folder(target) as folder:
        copy_recordings(source, folder, known, keep)
        if options.drop_bad:
            write_text(f"{folder}/dropped.txt", (f"{reco}\t{'; '.join(why)}" for reco, why in sorted(bad.items())))
            _confirm(folder)
    return bad


def _ids(source, lenient):
    """Return the recording ids of wav.scp; lenient: a line that is bad was reported already."""
    path = os.path.join(source, "wav.scp")
    return {line.split(None, 1)[0] for _, line in read_lines(path)} if lenient else set(read_table(path))


def _bad_recordings(source, options):
    """Return {reco: [why]}; raises DiarkitError for faults that dropping recordings does not cure."""
    report = validate(source, ValidateOptions(audio=options.audio, threads=options.threads))
    if report.general():
        listed = "\n".join(f"  {problem}" for problem in report.general())
        raise DiarkitError(f"{source}: these must be mended by hand, dropping recordings does not cure them:\n{listed}")
    return report.bad_recordings()


def choose(recos, bad, options):
    """Return the recordings to keep, out of the sorted good ones."""
    wanted = options.first or options.random
    if wanted and wanted > len(recos):
        raise DiarkitError(f"{wanted} recordings are asked for, there are {len(recos)}. Ask for {len(recos)} or fewer")
    if options.first:
        return recos[:options.first]
    if options.random:
        return random.Random(options.seed).sample(recos, options.random)
    if not options.list:
        return recos
    listed = [line.split()[0] for _, line in read_lines(options.list)]
    unknown = [reco for reco in listed if reco not in recos and reco not in bad]
    if unknown or not set(listed) & set(recos):
        shown = ", ".join(unknown[:3]) or "all of its recordings are bad"
        raise DiarkitError(f"{options.list}: {len(unknown)} of {len(listed)} ids are not in wav.scp: {shown}. "
                           "Take them out of the list")
    return [reco for reco in listed if reco in recos]


def copy_recordings(source, folder, known, keep):
    """Copy the lines of `keep` from every file; utt2spk follows segments where there are segments."""
    for name in known:
        if name == "utt2spk" and "segments" in known:
            kept = {line.split(None, 1)[0] for _, line in read_lines(f"{folder}/segments")}
            copy_lines(source, folder, name, kept)
        else:
            copy_lines(source, folder, name, keep)


def _confirm(folder):
    """Raise DiarkitError when the directory of good recordings is not good."""
    problems = validate(folder, ValidateOptions(audio=False)).problems
    if problems:
        raise DiarkitError("still bad after dropping:\n" + "\n".join(f"  {problem}" for problem in problems))
