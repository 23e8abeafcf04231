#!/usr/bin/env python3
"""Make a data directory from a folder of recordings, with a reference where there are RTTM files.

Recordings are found at any depth; a recording's id is its path without extension, blanks and / written as _.
Files that cannot be used are left out and listed with the reason on stderr and in dropped.txt; the others go on.
Exit status 1 when none is left. Writes wav.scp, reco2dur, ref.uem and, with a reference, ref.rttm and reco2num_spk.
"""

from diarkit import cli
from diarkit.datadir import FolderOptions, prepare_folder


def main(target, options):
    """Write one data directory and say what was left out."""
    for name, why in sorted(prepare_folder(target, options).items()):
        cli.log(f"left out {name}: {why}")


if __name__ == "__main__":
    cli.run(main, __doc__, ("data-dir",), FolderOptions)
