"""Utterances out of a folder of speech, by halves of its speakers that share nobody and never change."""

import csv
import zlib

from diarkit.errors import data_error
from diarkit.options import opt, options


@options
class SelectOptions:
    """Which utterances are taken."""

    half: str = opt("tune", "half of the speakers", choices=("tune", "test", "all"))
    corpora: str = opt("", "corpora to use, with commas; all when empty")
    exclude: str = opt("", "corpora to leave out, with commas")
    min_seconds: float = opt(2.0, "shortest utterance", low=0)
    min_utterances: int = opt(1, "fewest utterances of a speaker; one alone would come again and again", low=1)
    min_speaker_seconds: float = opt(0.0, "least speech of a speaker in seconds", low=0)
    max_speaker_seconds: float | None = opt(None, "take of a speaker until this is reached (none: all)", above=0)


def read_rows(table):
    """Return the rows of utterances.tsv as dictionaries, sorted by path."""
    try:
        with open(table, encoding="utf-8", newline="") as file:
            return sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: row["path"])
    except OSError as error:
        raise data_error(table, None, error.strerror, "Name the folder of speech that holds it") from None


def chosen(rows, options):
    """Return the rows that may be taken, those of speakers with too little left out."""
    corpora, excluded, count, seconds = set(options.corpora.split(",")), set(options.exclude.split(",")), {}, {}
    most_s, taken = options.max_speaker_seconds or float("inf"), []
    for row in rows:
        speaker, half = row["speaker"], "test" if zlib.crc32(row["speaker"].encode()) % 2 else "tune"
        if (not options.corpora or row["corpus"] in corpora) and row["corpus"] not in excluded \
                and options.half in (half, "all") and options.min_seconds <= float(row["seconds"]) \
                and seconds.get(speaker, 0) < most_s:
            taken.append(row)
            count[speaker] = count.get(speaker, 0) + 1
            seconds[speaker] = seconds.get(speaker, 0) + float(row["seconds"])
    return [row for row in taken if count[row["speaker"]] >= options.min_utterances
            and seconds[row["speaker"]] >= options.min_speaker_seconds]
