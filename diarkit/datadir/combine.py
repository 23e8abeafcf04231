"""Merge data directories into one."""

from diarkit.datadir.store import data_files, fresh_folder, sorted_entries
from diarkit.datadir.validate import ValidateOptions, validate
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_lines, read_table, write_text


def combine(target, sources):
    """Write the union of the data directories `sources` to the new directory `target`.

    Raises DiarkitError for a recording that two of them have, for a file that only some have, and for a union that
    is no valid directory.
    """
    if len(sources) < 2:
        raise UsageError(f"nothing to combine: {len(sources)} source")
    _check_distinct(sources)
    names = _common_files(sources)
    with fresh_folder(target) as folder:
        for name in names:
            lines = [line for source in sources for _, line in read_lines(f"{source}/{name}")]
            write_text(f"{folder}/{name}", lines if name.endswith((".rttm", ".uem")) else sorted_entries(lines))
        problems = validate(folder, ValidateOptions(audio=False)).problems
        if problems:
            raise DiarkitError(f"{target} would be bad:\n" + "\n".join(f"  {problem}" for problem in problems))


def _check_distinct(sources):
    """Raise DiarkitError when a recording is in two of the directories."""
    home = {}
    for source in sources:
        for reco in read_table(f"{source}/wav.scp"):
            if reco in home:
                raise DiarkitError(f"{reco} is in {home[reco]} and in {source}. Take it out of one with "
                                   "subset_data_dir.py --list, or rename it")
            home[reco] = source


def _common_files(sources):
    """Return the files that all directories have; raises DiarkitError for one that only some have."""
    found = {source: set(data_files(source)[0]) for source in sources}
    everywhere = set.intersection(*found.values())
    for name in sorted(set.union(*found.values()) - everywhere):
        have = [source for source in sources if name in found[source]]
        lack = [source for source in sources if name not in found[source]]
        raise DiarkitError(f"{name} is in {', '.join(have)}, not in {', '.join(lack)}. Write it there, or combine "
                           "copies without it")
    return sorted(everywhere)
