"""Who speaks when in a CSV with the columns filename, Duration, Offset and Speaker_id."""

import csv
import io
import math
import os
import re

from diarkit.datadir.corpus import Said
from diarkit.datadir.recordings import clean_id
from diarkit.datadir.scan import to_number
from diarkit.errors import data_error

COLUMNS = {"filename": "filename", "file": "filename", "duration": "duration", "offset": "offset", "start": "offset",
           "speakerid": "speaker", "speaker": "speaker"}
UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "milliseconds": 1e-3}
WANTED = "filename, Duration, Offset, Speaker_id"


def read_text(path):
    """Return the text of a UTF-8 file, with or without a byte order mark."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}", "Check --csv") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[:error.start].count(b"\n") + 1
        raise data_error(path, line, "not UTF-8 text", "Save the table as CSV in UTF-8") from None


def column_of(title):
    """Return (column, seconds per unit) of a title such as `Speaker_id`, `DURATION (ms)` or ` offset`."""
    match = re.fullmatch(r"(.*?)[\s_]*[(\[]?(ms|msec|milliseconds|s|sec|seconds)[)\]]?", title.strip().lower())
    for name, unit in ([match.groups()] if match else []) + [(title.lower(), "")]:
        plain = re.sub(r"[\W_]", "", name)
        if plain in COLUMNS and (not unit or COLUMNS[plain] in ("duration", "offset")):
            return COLUMNS[plain], UNITS[unit]
    return None, 1.0


def read_head(path, line, titles):
    """Return ({column: its place}, {column: seconds per unit}) of the row of titles."""
    places, units = {}, {}
    for place, title in enumerate(titles):
        column, unit = column_of(title)
        if column in places:
            raise data_error(path, line, f"{titles[places[column]]!r} and {title!r} are both the {column}", "Keep one")
        if column:
            places[column], units[column] = place, unit
    missing = sorted(set(COLUMNS.values()) - set(places))
    if missing:
        raise data_error(path, line, f"no column is the {', '.join(missing)}; there are {', '.join(titles)}",
                         f"Write {WANTED}, in any order")
    return places, units


def rows_of(path):
    """Yield (line, fields) of a table parted by comma, semicolon or tab; empty rows are passed over."""
    text = read_text(path)
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    if not head.count(delimiter):
        raise data_error(path, 1, f"no commas, semicolons or tabs in {head!r}", f"Write {WANTED}")
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield line, [field.strip() for field in fields]
            line = reader.line_num + 1
    except csv.Error as error:
        raise data_error(path, line, f"no CSV: {error}", "Check the quotes") from None


def recording_name(text):
    """Return a recording's id, without folder and extension: `audio/Hindi_01.WAV` and `Hindi_01` are one."""
    name = re.split(r"[/\\]", text)[-1]
    return clean_id(os.path.splitext(name)[0] if re.search(r"\.[A-Za-z]\w{2,3}$", name) else name)


def read_turns(path, recos, report):
    """Return [Said] of every row; rows that make no sense are added to the report.

    recos: the recordings that are there. A file that is not there, a row that stands twice, a row with other columns
    than the head, a start below 0 and a duration of 0 or less are faults.
    """
    rows = rows_of(path)
    line, titles = next(rows)
    places, units = read_head(path, line, titles)
    turns, seen, strangers = [], {}, set()
    for line, fields in rows:
        if len(fields) != len(titles):
            report.add(path, line, f"{len(fields)} columns, the head has {len(titles)}",
                       "Quote a field that holds the delimiter, a decimal comma too")
            continue
        row = {column: fields[place] for column, place in places.items()}
        reco, first = recording_name(row["filename"]), seen.setdefault(tuple(row.values()), line)
        if reco not in recos:
            if reco not in strangers:
                report.add(path, line, f"no recording is called {row['filename']!r}",
                           "Check the name; its other rows are not told")
            strangers.add(reco)
        elif first != line:
            report.add(path, line, f"the same as line {first}", "Keep one of the two", reco=reco)
        elif turn := read_turn(path, line, reco, row, units, report):
            turns.append(turn)
    return turns


def read_turn(path, line, reco, row, units, report):
    """Return the Said of one row, None (and a fault in the report) where it makes no sense."""
    start, length = (re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", row[column]) for column in ("offset", "duration"))
    start_s, length_s = to_number(start) * units["offset"], to_number(length) * units["duration"]
    if not row["speaker"]:
        report.add(path, line, "no speaker", "Name the speaker", reco=reco)
    elif math.isnan(start_s + length_s):
        report.add(path, line, f"offset {start!r}, duration {length!r}", "Write plain numbers", reco=reco)
    elif start_s < 0 or length_s <= 0:
        report.add(path, line, f"offset {start_s:g} s, duration {length_s:g} s",
                   "Make the offset 0 or more, the duration more than 0", reco=reco)
    else:
        return Said(path, line, reco, start_s, start_s + length_s, clean_id(row["speaker"]))
    return None
