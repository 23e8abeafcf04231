"""SubRip (SRT) and WebVTT: one cue for each turn."""

import html
import re

from diarkit.errors import data_error
from diarkit.formats.common import clock, clock_of, lines_of, reco_of, text_of, turn_of

TIMES = re.compile(r"\s*([\d:.,]+)\s+-->\s+([\d:.,]+)(\s.*)?")
VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
PREFIX = re.compile(r"\s*(?:\[([^\]]+)\]:?|([^:\n.?!]{1,60}):)(\s|$)")
TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")
MOST_WORDS = 4  # a cue of more words is what was said, not who said it


def write_srt(turns, reco=None, duration_s=None):
    """Return SubRip subtitles, one numbered cue per turn; overlapping turns are overlapping cues."""
    return "\n".join(f"{number}\n{clock(t.start_s, ',')} --> {clock(t.end_s, ',')}\n{t.speaker}\n"
                     for number, t in enumerate(turns, 1))


def write_vtt(turns, reco=None, duration_s=None):
    """Return WebVTT subtitles with a voice span per turn.

    Source: W3C WebVTT, sections 4.2 (cue text escapes `&`, `<` and `>`) and 4.2.2 (voice span).
    """
    def cue(t):
        name = t.speaker.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{clock(t.start_s, '.')} --> {clock(t.end_s, '.')}\n<v {name}>{name}\n"
    return "\n".join(["WEBVTT\n", *map(cue, turns)])


def read(path):
    """Yield the Turns of an SRT or VTT file.

    The speaker is the voice `<v Name>`, else `[Name]` or `Name:` before the words. A cue that holds neither is a
    speaker's name where it is short; one that looks like words is an error: who speaks is not known.
    """
    cues = list(_cues(path))
    named = [name_in(text) for *_, text in cues]
    for (line, start_s, end_s, text), name in zip(cues, named):
        plain = " ".join(html.unescape(TAG.sub("", text)).split())
        if name is None and (any(named) or len(plain.split()) > MOST_WORDS or plain.endswith((".", "?", "!", ","))):
            raise data_error(path, line, f"the cue {plain[:40]!r} does not say who speaks",
                             "Write `Name: words` or `<v Name>words`")
        yield turn_of(path, line, reco_of(path), start_s, end_s, name or plain)


def name_in(text):
    """Return the speaker that a cue's text names before its words, None where it names none."""
    voice = VOICE.search(text)
    if voice:
        return html.unescape(voice[1]).strip()
    start = PREFIX.match(TAG.sub("", text))
    return (start[1] or start[2]).strip() if start else None


def _cues(path):
    """Yield (line number, start_s, end_s, text) of each cue."""
    lines, at = text_of(path).split("\n"), 0
    if not any(TIMES.fullmatch(line) for line in lines) and any(_is_text(n, line) for n, line in lines_of(path)):
        raise data_error(path, 1, "no line reads `00:00:01,000 --> 00:00:02,500`", "Give an SRT or VTT file")
    while at < len(lines):
        match, at = TIMES.fullmatch(lines[at]), at + 1
        if not match:
            if "-->" in lines[at - 1]:
                raise data_error(path, at, f"not a cue's times: {lines[at - 1].strip()[:60]!r}",
                                 "Write `00:00:01,000 --> 00:00:02,500`")
            continue
        line, text = at, []
        while at < len(lines) and lines[at].strip():
            text.append(lines[at])
            at += 1
        start_s, end_s = (clock_of(path, line, match[n], name) for n, name in ((1, "start"), (2, "end")))
        yield line, start_s, end_s, "\n".join(text)


def _is_text(number, line):
    return not (number == 1 and line.startswith("WEBVTT")) and not line.startswith(("NOTE", "STYLE", "Kind:"))
