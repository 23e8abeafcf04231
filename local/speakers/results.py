#!/usr/bin/env python3
"""Print every verification.tsv under a folder as one Markdown table: EER with its threshold, detection costs."""

import csv
from pathlib import Path

from diarkit import cli
from diarkit.errors import DiarkitError


def main(folder):
    """Print the table."""
    paths = sorted(Path(folder).glob("**/verification.tsv"))
    if not paths:
        raise DiarkitError(f"{folder}: no verification.tsv in it. Score first, with steps/score_trials.sh")
    print("| system | EER % | at | minDCF 0.01 | minDCF 0.05 | trials of one speaker, of two |")
    print("|---|---|---|---|---|---|")
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            row, = csv.DictReader(file, delimiter="\t")
        print(f"| {path.parent.relative_to(folder)} | {float(row['eer']):.2f} | {float(row['eer_threshold']):.3f} "
              f"| {float(row['min_dcf_0.01']):.3f} | {float(row['min_dcf_0.05']):.3f} "
              f"| {row['targets']}, {row['others']} |")


if __name__ == "__main__":
    cli.run(main, __doc__, ("folder",))
