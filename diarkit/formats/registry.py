"""All formats in one table: what they are called, how their files end, how they are read and written."""

import os
from collections.abc import Callable
from typing import NamedTuple

from diarkit.errors import UsageError, data_error
from diarkit.formats import (
    ass,
    audacity,
    chat,
    csv_turns,
    ctm,
    eaf,
    json_turns,
    lists,
    rttm,
    stm,
    subtitles,
    table,
    textgrid,
)
from diarkit.formats.common import Ignored, lines_of


class Format(NamedTuple):
    """One format: suffix of its files, write(turns, reco, duration_s) -> text, read(path) -> Turns; what it is.

    write or read is None where the format is only read or only written. resolution_s: what its times are rounded to.
    """

    suffix: str
    write: Callable | None
    read: Callable | None
    about: str
    resolution_s: float = 0.001


class Marked(NamedTuple):
    """What a file says: turns {reco: [Turn]} in time order, ignored {reco: [(start_s, end_s)]} that are not scored."""

    turns: dict
    ignored: dict


FORMATS = {
    "rttm": Format("rttm", rttm.write, rttm.read, "NIST RTTM, for scorers; column 9 is the confidence"),
    "json": Format("json", json_turns.write, json_turns.read, "JSON with speaker, start, end"),
    "csv": Format("csv", csv_turns.write, csv_turns.read, "CSV with a header"),
    "tsv": Format("tsv", csv_turns.write_tsv, csv_turns.read, "the same with tabs"),
    "srt": Format("srt", subtitles.write_srt, subtitles.read, "SubRip subtitles"),
    "vtt": Format("vtt", subtitles.write_vtt, subtitles.read, "WebVTT subtitles with voices"),
    "ass": Format("ass", ass.write, ass.read, "ASS subtitles, a colour for each speaker", 0.01),
    "textgrid": Format("TextGrid", textgrid.write, textgrid.read, "Praat, a tier for each speaker"),
    "eaf": Format("eaf", eaf.write, eaf.read, "ELAN, a tier for each speaker"),
    "audacity": Format("txt", audacity.write, audacity.read, "Audacity's label track", 1e-6),
    "list": Format("txt", lists.write, lists.read, "`0:00.288 ==> 0:04.406` below each speaker's name"),
    "table": Format("txt", table.write, table.read, "`segment_001 0.00 2.57 NON_SPEECH`, silences included", 0.01),
    "ctm": Format("ctm", ctm.write, ctm.read, "NIST CTM, speakers in place of words"),
    "stm": Format("stm", stm.write, stm.read, "NIST STM"),
    "chat": Format("cha", None, chat.read, "CHAT of TalkBank"),
    "labelstudio": Format("json", None, json_turns.read, "JSON exports of Label Studio"),
}
SUFFIXES = {".ssa": "ass"} | {f".{f.suffix.lower()}": name for name, f in reversed(FORMATS.items())}
EXCLUSIVE = "exclusive"  # not a format of its own: an RTTM of turns that do not overlap
WRITABLE = tuple(name for name, form in FORMATS.items() if form.write)
READABLE = tuple(name for name, form in FORMATS.items() if form.read)
TEXTS = (("list", "=="), ("audacity", "\t"), ("table", ""))  # what tells the first line of one .txt from another's


def names_of(words, among=WRITABLE):
    """Return the list of formats in `rttm,json`; raises UsageError that lists what there is for any other word."""
    names = list(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    wrong = [name for name in names if name not in among]
    if wrong or not names:
        raise UsageError(f"no format is called {', '.join(wrong) or repr(words)}. There are {', '.join(among)}")
    return names


def write(form, turns, reco, duration_s=None):
    """Return turns of one recording as text in a format of WRITABLE.

    Turns that are shorter than a millisecond are left out: a cue must end after it begins.
    """
    kept = [turn for turn in turns if round(turn.end_s * 1000) > round(turn.start_s * 1000)]
    return FORMATS[form].write(kept, reco, duration_s)


def file_name(reco, form):
    """Return the name of a recording's file where all formats lie in one folder: several end in .txt."""
    suffix = FORMATS[form].suffix
    return f"{reco}.{form}.txt" if suffix == "txt" else f"{reco}.{suffix}"


def form_of(path):
    """Return the name of a file's format: by its extension, and a .txt by its first line."""
    end = os.path.splitext(path)[1].lower()
    if end == ".txt":
        first = next((line for _, line in lines_of(path)), "")
        if first.startswith("SPEAKER "):
            return "rttm"
        return next(name for name, mark in TEXTS if mark in first)
    if end not in SUFFIXES:
        raise data_error(path, None, f"the extension {end or 'is missing,'} belongs to no format that is known",
                         f"Name the format: {', '.join(READABLE)}")
    return SUFFIXES[end]


def read(path, form=None):
    """Return the Marked of a file; form: its format, found by the file's name when None.

    Raises DiarkitError with file and line for whatever is no such file.
    """
    turns, ignored = {}, {}
    for item in FORMATS[form or form_of(path)].read(path):
        if isinstance(item, Ignored):
            ignored.setdefault(item.reco, []).append((item.start_s, item.end_s))
        else:
            turns.setdefault(item.reco, []).append(item)
    return Marked({reco: sorted(found, key=lambda t: t[:4]) for reco, found in turns.items()}, ignored)
