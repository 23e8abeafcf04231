"""Write data directories whole or not at all, and never over something else."""

import contextlib
import os
import shutil

from diarkit.errors import DiarkitError
from diarkit.files import read_lines, split_entry, temporary_name, write_text

TABLES = ("wav.scp", "reco2dur", "reco2num_spk")  # files whose first column is the recording


@contextlib.contextmanager
def fresh_folder(target):
    """Give a temporary neighbour of `target` to write in, renamed to `target` on success and removed otherwise.

    Raises DiarkitError when `target` is there already and not empty.
    """
    target = os.path.realpath(target)
    if os.path.lexists(target) and (not os.path.isdir(target) or os.listdir(target)):
        raise DiarkitError(f"{target}: is there already. Choose another name, or remove it first")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = temporary_name(target)
    os.mkdir(temporary)
    try:
        yield temporary
        os.replace(temporary, target)  # takes the place of an empty folder too
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def reco_column(name):
    """Return the column that names the recording in a data directory's file, None for a file of another kind."""
    if name in TABLES or name.endswith(".uem"):
        return 0
    return 1 if name == "segments" or name.endswith(".rttm") else None


def data_files(folder):
    """Return (files that can be split by recording, other visible names) of a data directory, both sorted."""
    names = sorted(n for n in os.listdir(folder) if not n.startswith(".") and n not in ("dropped.txt", "log"))
    known = [n for n in names if reco_column(n) is not None or n == "utt2spk"]
    return known, [n for n in names if n not in known]


def sorted_entries(lines):
    """Return table lines in the order of their keys, which is that of LC_ALL=C."""
    return sorted(lines, key=lambda line: split_entry(line)[0])


def copy_lines(source, target, name, keep):
    """Write the lines of source/name whose recording (of utt2spk: segment) is in `keep`; tables come out sorted."""
    column = 0 if name == "utt2spk" else reco_column(name)
    lines = [line for _, line in read_lines(os.path.join(source, name)) if _key(line, column) in keep]
    timed = name.endswith((".rttm", ".uem"))
    write_text(os.path.join(target, name), lines if timed else sorted_entries(lines))


def _key(line, column):
    """Return the word of a line that names what it is about; comments are about nothing."""
    if line.lstrip().startswith(";;"):
        return None
    words = line.split(None, column + 1)
    return words[column] if len(words) > column else None
