#!/usr/bin/env python3
"""Find out who spoke when in the recordings of a table, the whole chain in one process for each job.

Writes one matrix (N, 4) per recording, a row for each turn: start and end in seconds, speaker 0, 1, ..., confidence
from 0 to 1; and one matrix (K, 5) of evidence, a row for each speaker, as cluster-speakers.py has it. Audio is decoded
once, features are not written. The turns are those that the programs of the single stages find.
"""

import numpy as np

from diarkit import cli
from diarkit.api import Diarizer, DiarizerOptions
from diarkit.cluster.options import CountOptions, counts_of
from diarkit.options import opt, options
from diarkit.pipeline import ChainFiles, read_settings
from diarkit.tables import MatrixWriter, read_scp


@options
class RunOptions:
    """Running"""

    reco2num_spk: str | None = opt(None, "file `<reco> <speakers>`: exactly this many in each recording")
    plda: str | None = opt(None, "PLDA of the embeddings, a name or a folder (none: what belongs to the model)")


def main(wavs, turns, evidence, files, count, given, running):
    """Write the turns and the evidence of every recording."""
    settings = read_settings(files, given.threads or 1, plda=running.plda, model=given.model, engine=given.engine)
    diarizer, count_of = Diarizer(given, settings), counts_of(running.reco2num_spk, count, settings.cluster.method)
    entries = read_scp(wavs)

    def work(reco, entry):
        found, notes = diarizer.find(entry, count_of(reco))
        speakers = found.speakers.evidence
        writer.write(reco, np.array(found.turns, np.float64).reshape(-1, 4))
        more.write(reco, np.asarray(speakers))
        for note in notes:
            cli.log(f"note: {reco}: {note}")
        least = count_of(reco).num_speakers or count_of(reco).min_speakers or 0
        if found.turns and len(speakers) < least:
            cli.log(f"note: {reco}: {least} speakers were asked for, {len(speakers)} found: nobody else speaks")
        cli.log(f"{reco}: {found.duration_s:.1f} s, {len(speakers)} speakers, {len(found.turns)} turns")

    with MatrixWriter(turns) as writer, MatrixWriter(evidence) as more:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "turns-wspecifier", "evidence-wspecifier"), ChainFiles, CountOptions,
            DiarizerOptions, RunOptions)
