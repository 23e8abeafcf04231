#!/usr/bin/env python3
"""Copy a PLDA between Kaldi's binary and text forms, as ivector-copy-plda does."""

from diarkit import cli
from diarkit.options import opt, options
from diarkit.plda import read_plda, write_plda


@options
class CopyOptions:
    """Copying."""

    binary: bool = opt(True, "write Kaldi's binary form, else text")


def main(source, target, options):
    """Copy one file."""
    write_plda(target, read_plda(source), options.binary)


if __name__ == "__main__":
    cli.run(main, __doc__, ("plda-in", "plda-out"), CopyOptions)
