#!/usr/bin/env python3
"""Choose the utterances of one half of the speakers of a folder of speech.

Reads <speech-dir>/utterances.tsv (columns path, speaker, corpus, seconds, with a header); writes <out-dir>/wav.scp,
utt2spk and utt2group (the corpus). A speaker belongs to the half `tune` or `test` by the CRC-32 of the name, so the
halves share nobody and never change.
"""

import collections
import csv
import os
import zlib

from diarkit import cli
from diarkit.errors import DiarkitError, data_error
from diarkit.files import write_text
from diarkit.options import opt, options


@options
class SelectOptions:
    """Which utterances are taken."""

    half: str = opt("tune", "half of the speakers", choices=("tune", "test"))
    corpora: str = opt("librispeech_train_clean_5,speechocean762,vietnamese_gmm", "corpora to use, with commas")
    min_seconds: float = opt(2.0, "shortest utterance", low=0)
    min_utterances: int = opt(4, "fewest utterances of a speaker; one alone would come again and again", low=1)


def half_of(speaker):
    """Return `tune` or `test`; the same for ever, whatever else is in the folder."""
    return "test" if zlib.crc32(speaker.encode()) % 2 else "tune"


def read_rows(table):
    """Return the rows of utterances.tsv as dictionaries, sorted by path."""
    try:
        with open(table, encoding="utf-8", newline="") as file:
            return sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: row["path"])
    except OSError as error:
        raise data_error(table, None, error.strerror, "Name the folder that holds it with --speech") from None


def main(speech, out, options):
    table = os.path.join(speech, "utterances.tsv")
    corpora, lines = set(options.corpora.split(",")), {"wav.scp": [], "utt2spk": [], "utt2group": []}
    rows = [row for row in read_rows(table) if row["corpus"] in corpora and half_of(row["speaker"]) == options.half
            and float(row["seconds"]) >= options.min_seconds]
    count = collections.Counter(row["speaker"] for row in rows)
    for row in rows:
        if count[row["speaker"]] >= options.min_utterances:
            name = os.path.splitext(row["path"])[0].replace("/", "-").replace(" ", "_")
            for key, value in zip(lines, (os.path.join(speech, row["path"]), row["speaker"], row["corpus"])):
                lines[key].append(f"{name} {value}")
    if not lines["wav.scp"]:
        raise DiarkitError(f"{table}: no utterance of {options.corpora} is in the half {options.half}")
    os.makedirs(out, exist_ok=True)
    for key in lines:
        write_text(os.path.join(out, key), lines[key])


if __name__ == "__main__":
    cli.run(main, __doc__, ("speech-dir", "out-dir"), SelectOptions)
