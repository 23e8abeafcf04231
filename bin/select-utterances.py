#!/usr/bin/env python3
"""Choose utterances of a folder of speech, by halves of the speakers.

Reads <speech-dir>/utterances.tsv (columns path, speaker, corpus, seconds, with a header); writes <out-dir>/wav.scp,
utt2spk and utt2group (the corpus). A speaker belongs to the half `tune` or `test` by the CRC-32 of the name, so the
halves share nobody and never change.
"""

import os

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.files import write_text
from diarkit.simulate.selection import SelectOptions, chosen, read_rows


def main(speech, out, options):
    table, lines = os.path.join(speech, "utterances.tsv"), {"wav.scp": [], "utt2spk": [], "utt2group": []}
    for row in chosen(read_rows(table), options):
        name = os.path.splitext(row["path"])[0].replace("/", "-").replace(" ", "_")
        for key, value in zip(lines, (os.path.join(speech, row["path"]), row["speaker"], row["corpus"])):
            lines[key].append(f"{name} {value}")
    if not lines["wav.scp"]:
        raise DiarkitError(f"{table}: no utterance of {options.corpora or 'any corpus'} is in the half {options.half} "
                           "and long enough")
    os.makedirs(out, exist_ok=True)
    for key in lines:
        write_text(os.path.join(out, key), lines[key])


if __name__ == "__main__":
    cli.run(main, __doc__, ("speech-dir", "out-dir"), SelectOptions)
