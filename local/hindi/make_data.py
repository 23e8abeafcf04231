#!/usr/bin/env python3
"""Make a data directory of recordings of which one CSV says who speaks when.

Reads <corpus>: recordings at any depth, in any format (Hindi A and Hindi B: 48 kHz, 16 bit, mono), and the one CSV with
the columns filename, Duration, Offset (the start) and Speaker_id in any order and case, in seconds unless a title says
(ms). Comma, semicolon or tab part the columns; file names have an extension or none. Bad rows are told as file:line.
Writes wav.scp, reco2dur, ref.rttm, ref.uem and reco2num_spk.
"""

import os

import turns_csv

from diarkit import cli
from diarkit.datadir.corpus import CorpusOptions, prepare_corpus, read_list
from diarkit.datadir.recordings import find_audio, walk
from diarkit.errors import DiarkitError
from diarkit.options import opt, options


@options
class CsvOptions:
    """Where the annotation is."""

    csv: str | None = opt(None, "the CSV, where the folder of the corpus holds none or several")


def find_csv(corpus, given):
    """Return the path of the one CSV of a corpus."""
    if given:
        return given
    found = sorted(walk(corpus, {"csv", "tsv"}))
    if len(found) != 1:
        raise DiarkitError(f"{corpus}: {len(found)} files in it end in .csv or .tsv: {', '.join(found[:5]) or 'none'}. "
                           "Name the one that says who speaks when with --csv")
    return os.path.join(corpus, found[0])


def find_recordings(corpus):
    """Return {reco: path} of every recording in the corpus; two that the CSV could not tell apart are an error."""
    audio = {}
    for inner, path in find_audio(corpus)[0].items():
        reco = turns_csv.recording_name(inner)
        if reco in audio:
            raise DiarkitError(f"{audio[reco]} and {path} are both {reco} in the CSV. Keep one")
        audio[reco] = path
    if not audio:
        raise DiarkitError(f"{corpus}: no recording in it. Say where the corpus is with --corpus DIR")
    return audio


def main(corpus, target, options, common):
    table, audio = find_csv(corpus, options.csv), find_recordings(corpus)
    listed = read_list(common.list) if common.list else audio
    if strange := sorted(set(listed) - set(audio)):
        there = ", ".join(sorted(audio)[:5])
        raise DiarkitError(f"{common.list}: no recording is called {strange[0]}; there are {there}")
    prepare_corpus(target, {reco: audio[reco] for reco in listed}, [table],
                   lambda report: turns_csv.read_turns(table, set(audio), report), (), common)


if __name__ == "__main__":
    cli.run(main, __doc__, ("corpus", "data-dir"), CsvOptions, CorpusOptions)
