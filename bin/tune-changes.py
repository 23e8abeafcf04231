#!/usr/bin/env python3
"""Find the threshold and least distance of pick-changes.py with the highest F1 on a development set.

Writes a conf file for pick-changes.py with the threshold picker. Every recording of the curves counts, one without
turns in the reference too: all that is found there is wrong.
"""

from diarkit import cli
from diarkit.annotation import read_rttm
from diarkit.change.tune import TunePickOptions, best, counts_of
from diarkit.errors import DiarkitError
from diarkit.files import write_text
from diarkit.tables import read_matrices


def main(curves, reference, conf, options):
    turns, counts = read_rttm(reference), {}

    def work(reco, load):
        counts[reco] = counts_of(load(), turns.get(reco, []), options)

    cli.for_each(read_matrices(curves), work)
    if not set(turns) & set(counts):
        raise DiarkitError(f"{reference}: no speech in any recording of {curves}. Check that they are of one set")
    threshold, distance_s, f1 = best(sum(counts.values()))
    note = f"best of {len(counts)} recordings of {reference}: F1 {100 * f1:.1f} % within {options.tolerance_s:g} s"
    write_text(conf, ["--method=threshold", f"--threshold={threshold:g}  # {note}", f"--min-distance-s={distance_s:g}"])
    cli.log(note)


if __name__ == "__main__":
    cli.run(main, __doc__, ("curve-rspecifier", "ref.rttm", "pick.conf"), TunePickOptions)
