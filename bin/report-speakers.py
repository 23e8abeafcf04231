#!/usr/bin/env python3
"""Write how many speakers each recording has and what speaks for it, as a table with tabs.

Reads the evidence of cluster-speakers.py, with the same options. Columns: recording, speaker, seconds of speech,
local speakers, those of them that helped to find the clusters, nearest other speaker, cosine distance to that one, and
what decided the count: the method with its threshold, or the count that was asked for. A recording without speakers
has one line of dashes.
"""

from diarkit import cli
from diarkit.cluster import ClusterOptions, CountOptions
from diarkit.cluster.evidence import HEADER, decided_by, evidence_lines
from diarkit.cluster.options import counts_of
from diarkit.cluster.speakers import SpeakerOptions
from diarkit.files import write_text
from diarkit.options import opt, options
from diarkit.tables import read_matrices


@options
class InputOptions:
    """Input."""

    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: what was asked for")


def main(evidence, report, _speaking, options, count, given):
    """Write the table of all recordings."""
    count_of, lines = counts_of(given.reco2num_spk, count, options.method), ["\t".join(HEADER)]

    def work(key, load):
        found = load()
        lines.extend(evidence_lines(key, found, decided_by(len(found), options, count_of(key))))
    cli.for_each(read_matrices(evidence), work)
    write_text(report, lines)


if __name__ == "__main__":
    cli.run(main, __doc__, ("evidence-rspecifier", "report"), SpeakerOptions, ClusterOptions, CountOptions,
            InputOptions)
