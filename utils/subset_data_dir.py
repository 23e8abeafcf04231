#!/usr/bin/env python3
"""Make a new data directory with some of the recordings of another: the first, random ones, a list, the good ones.

All files are reduced alike. --drop-bad=true drops what validate_data_dir.py finds bad, and lists it with the reason on
stderr and in dropped.txt. The source is never changed, and the target must be new. Run it in the recipe, since the
paths in wav.scp are relative to it.
"""

from diarkit import cli
from diarkit.datadir import SubsetOptions, subset


def main(source, target, options):
    """Write the subset and say what was dropped."""
    for reco, why in sorted(subset(source, target, options).items()):
        cli.log(f"dropped {reco}: {'; '.join(why)}")


if __name__ == "__main__":
    cli.run(main, __doc__, ("source-dir", "target-dir"), SubsetOptions)
