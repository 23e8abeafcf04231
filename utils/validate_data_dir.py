#!/usr/bin/env python3
"""Check a data directory and report all problems: files, columns, order, ids, times, and the audio to its last sample.

Each problem reads `file:line: what is wrong (numbers). How to mend it.` Exit status 1 when there is any, 0 when none.
Run it in the recipe, since the paths in wav.scp are relative to it. Nothing is repaired; subset_data_dir.py
--drop-bad=true makes a directory without the bad recordings.
"""

from diarkit import cli
from diarkit.datadir import ValidateOptions, validate
from diarkit.errors import DiarkitError


def main(data, options):
    """Check one data directory."""
    report = validate(data, options)
    for note in report.notes:
        cli.log(f"note: {note}")
    for problem in report.problems:
        cli.log(str(problem))
    if report.problems:
        raise DiarkitError(f"{len(report.problems)} problems in {report.summary}")
    cli.log(f"{report.summary}: no problems")


if __name__ == "__main__":
    cli.run(main, __doc__, ("data-dir",), ValidateOptions)
