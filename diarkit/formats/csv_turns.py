"""CSV and TSV with a header that names the columns."""

import csv
import io

from diarkit.errors import data_error
from diarkit.formats.common import (
    clock_of,
    confidence_of,
    milliseconds,
    number_of,
    one_word,
    reco_of,
    text_of,
    turn_of,
)

NAMES = {
    "start": "start begin onset start_s start_time starttime begin_time start(s) tmin from",
    "end": "end stop offset end_s end_time endtime stop_time end(s) tmax to",
    "duration": "duration dur duration_s length",
    "speaker": "speaker spk label name speaker_id speaker_name speakerid who",
    "reco": "recording reco file filename file_name uri audio recording_id session session_id meeting_id",
    "confidence": "confidence conf score",
}
COLUMN = {word: column for column, words in NAMES.items() for word in words.split()}


def write(turns, reco=None, duration_s=None, delimiter=","):
    """Return the header start,end,duration,speaker and a row per turn; seconds with three decimals.

    A column `confidence` follows where turns have one.
    """
    text, sure = io.StringIO(), any(confidence_of(t) is not None for t in turns)
    writer = csv.writer(text, lineterminator="\n", delimiter=delimiter)
    writer.writerow(["start", "end", "duration", "speaker"] + ["confidence"] * sure)
    for t in turns:
        start_ms, end_ms = milliseconds(t.start_s), milliseconds(t.end_s)
        times = (f"{ms / 1000:.3f}" for ms in (start_ms, end_ms, end_ms - start_ms))
        value = confidence_of(t)
        writer.writerow([*times, t.speaker] + ["" if value is None else f"{value:.3f}"] * sure)
    return text.getvalue()


def write_tsv(turns, reco=None, duration_s=None):
    """Return the same, with tabs."""
    return write(turns, reco, duration_s, "\t")


def read(path):
    """Yield the Turns of a table whose columns are parted by commas, semicolons or tabs, as its header shows.

    Known columns: start, end or duration, speaker, and where there are some recording and confidence; other names
    that people use for these are known too (NAMES), capitals do not matter. Other columns are passed over.
    """
    text = text_of(path)
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=max("\t;,", key=head.count))
    header = [COLUMN.get(one_word(word).lower()) for word in next(rows, [])]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise data_error(path, 1, f"more than one column is {' and '.join(twice)}: {head!r}", "Keep one of each")
    if "start" not in header or "speaker" not in header or not {"end", "duration"} & set(header):
        raise data_error(path, 1, f"the header is {head!r}", "Write a header that names start, end and speaker")
    for row in rows:
        if any(cell.strip() for cell in row):
            yield _turn(path, rows.line_num, dict(zip(header, row)), len(row), len(header))


def _turn(path, line, cells, count, wanted):
    if count != wanted:
        raise data_error(path, line, f"{count} columns, the header has {wanted}", "Quote what holds the delimiter")
    start_s = clock_of(path, line, cells["start"], "start")
    name = "end" if "end" in cells else "duration"
    second = clock_of(path, line, cells[name], name)
    sure, reco = cells.get("confidence", "").strip(), cells.get("reco", "").strip()
    return turn_of(path, line, reco or reco_of(path), start_s, second if name == "end" else start_s + second,
                   cells["speaker"], number_of(path, line, sure, "confidence") if sure else None)
