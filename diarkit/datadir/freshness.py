"""Tell whether a data directory is still that of its sources, and replace it when it is not."""

import contextlib
import dataclasses
import hashlib
import os
import shutil

from diarkit import cli
from diarkit.datadir.recordings import walk
from diarkit.datadir.references import FOREIGN, beside
from diarkit.datadir.store import fresh_folder
from diarkit.errors import DiarkitError
from diarkit.files import temporary_name, write_text

STATE = ".prepared"  # first line: the state of the sources; then the files that were written


def state_of(audio, options):
    """Return a checksum of the options and of every source's name, size and time of change; audio: all paths."""
    paths = list(audio)
    for given, kind in (options.reference[:2], (options.uem, "uem")):
        if given is None:
            paths += beside(list(audio), FOREIGN if kind == "rttm" else {kind})
        else:
            ends = FOREIGN if kind == "ref" else {kind}
            paths += [os.path.join(given, n) for n in sorted(walk(given, ends))] or [given]
    choice = dataclasses.asdict(options)
    del choice["threads"]
    return checksum(sorted(choice.items()), paths)


def checksum(choice, paths):
    """Return a checksum of what was chosen and of the name, size and time of change of every source."""
    return hashlib.sha256(repr((choice, [(p, *_stamp(p)) for p in paths])).encode()).hexdigest()


def _stamp(path):
    """Return (size, time of change) of a file, () of one that is not there."""
    with contextlib.suppress(OSError):
        stat = os.stat(path)
        return stat.st_size, stat.st_mtime_ns
    return ()


@contextlib.contextmanager
def replaced_folder(target, state):
    """Give a folder to write in that takes the place of `target` on success; None when `target` has this state.

    Raises DiarkitError when `target` holds files that were not written this way: they would be lost.
    """
    old = _read_state(target)
    if old and old[0] == state and all(os.path.lexists(os.path.join(target, name)) for name in old[1:]):
        yield None
        return
    _refuse_foreign(target, old)
    building = f"{os.path.realpath(target)}.new" if old else target
    if old:
        cli.log(f"{target} was made from other files or options, making it again")
        shutil.rmtree(building, ignore_errors=True)
    with fresh_folder(building) as folder:
        yield folder
        write_text(os.path.join(folder, STATE), [state, *sorted(os.listdir(folder))])
    if old:
        retired = temporary_name(os.path.realpath(target))
        os.rename(os.path.realpath(target), retired)
        os.rename(building, os.path.realpath(target))
        shutil.rmtree(retired)


def _read_state(target):
    """Return [state, file names...] of a directory made earlier, None of any other."""
    try:
        with open(os.path.join(target, STATE), encoding="utf-8") as file:
            return file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _refuse_foreign(target, old):
    if old is None:
        return
    foreign = sorted(set(os.listdir(target)) - set(old[1:]) - {STATE})
    if foreign:
        raise DiarkitError(f"{target} was made from other files or options, and holds {', '.join(foreign[:3])}, which "
                           "would be lost. Take that out, or choose another directory")
