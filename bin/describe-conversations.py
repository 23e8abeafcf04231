#!/usr/bin/env python3
"""Make a data directory of simulated conversations whole, and say what they are like.

Reads <data-dir>/wav.scp and <data-dir>/turns; writes reco2dur, ref.rttm, ref.uem, reco2num_spk, conditions.tsv (room,
noise, codec of each), and statistics.tsv and statistics.txt: turn-taking as in [turn-taking.json] and as it came out.
"""

import os

import soundfile

from diarkit import cli
from diarkit.annotation import read_rttm, write_uem
from diarkit.errors import DiarkitError
from diarkit.files import read_lines, read_table, write_text
from diarkit.simulate import turn_taking
from diarkit.simulate.statistics import as_text, as_tsv, compare


def main(data, model):
    wavs, spans, rttm, conditions = read_table(os.path.join(data, "wav.scp")), {}, [], {}
    for reco, path in wavs.items():
        try:
            spans[reco] = [(0.0, soundfile.info(path).duration)]
        except soundfile.LibsndfileError as error:
            raise DiarkitError(f"{path}: {error}. Remove it and run the same command again") from None
        stem = os.path.join(data, "turns", reco)
        rttm += [line for _, line in read_lines(f"{stem}.rttm")]
        conditions[reco] = read_table(f"{stem}.conditions")
    write_text(os.path.join(data, "ref.rttm"), rttm)
    turns = read_rttm(os.path.join(data, "ref.rttm"))
    write_uem(os.path.join(data, "ref.uem"), spans)
    write_text(os.path.join(data, "reco2dur"), (f"{reco} {span[0][1]:.3f}" for reco, span in spans.items()))
    write_text(os.path.join(data, "reco2num_spk"), (f"{reco} {len({t.speaker for t in turns[reco]})}" for reco in wavs))
    names = [name for name in next(iter(conditions.values())) if name != "fingerprint"]
    write_text(os.path.join(data, "conditions.tsv"), ["\t".join(["recording", *names])] + [
        "\t".join([reco, *map(found.get, names)]) for reco, found in conditions.items()])
    rows = compare(turn_taking.fit(turns, "the simulated conversations"), turn_taking.read(model) if model else None)
    write_text(os.path.join(data, "statistics.tsv"), as_tsv(rows))
    hours = sum(span[0][1] for span in spans.values()) / 3600
    write_text(os.path.join(data, "statistics.txt"), as_text(rows, len(wavs), hours))


if __name__ == "__main__":
    cli.run(main, __doc__, ("data-dir", "[turn-taking.json]"))
