"""Turns as JSON, CSV and subtitles: one text per recording."""

import csv
import io
import json

from diarkit.options import opt, options

TIME_FORMATS = ("number", "text")


@options
class JsonOptions:
    """JSON output."""

    times: str = opt("number", 'how times are written: 2.345 or, as some readers expect, "2.345"', choices=TIME_FORMATS)


@options
class SubtitleOptions:
    """Subtitles."""

    format: str = opt("srt", "SubRip or WebVTT", choices=("srt", "vtt"))


def to_json(turns, options=None):
    """Return `{"diarization": [{"speaker": "SPEAKER_01", "start": 0.0, "end": 2.345}]}`, one line per turn.

    turns: Turns of one recording; times in seconds with three decimals.
    """
    text = (options or JsonOptions()).times == "text"

    def item(turn):
        start, end = (f"{s:.3f}" if text else round(s, 3) for s in (turn.start_s, turn.end_s))
        return json.dumps({"speaker": turn.speaker, "start": start, "end": end}, ensure_ascii=False)

    items = ",\n".join("  " + item(turn) for turn in turns)
    return '{"diarization": [' + (f"\n{items}\n" if items else "") + "]}\n"


def to_csv(turns):
    """Return CSV with the header start,end,duration,speaker; seconds with three decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["start", "end", "duration", "speaker"])
    for t in turns:
        start_ms, end_ms = milliseconds(t.start_s), milliseconds(t.end_s)
        times = (f"{ms / 1000:.3f}" for ms in (start_ms, end_ms, end_ms - start_ms))
        writer.writerow([*times, t.speaker])
    return text.getvalue()


def milliseconds(seconds):
    """Return whole milliseconds."""
    return round(seconds * 1000)


def clock(seconds, point):
    """Return hh:mm:ss and milliseconds behind `point` (`,` in SRT, `.` in WebVTT); hours may exceed 99."""
    rest, ms = divmod(milliseconds(seconds), 1000)
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}{point}{ms:03d}"


def to_srt(turns):
    """Return SubRip subtitles, one numbered cue per turn; overlapping turns are overlapping cues."""
    return "\n".join(f"{number}\n{clock(t.start_s, ',')} --> {clock(t.end_s, ',')}\n{t.speaker}\n"
                     for number, t in enumerate(turns, 1))


def to_vtt(turns):
    """Return WebVTT subtitles with a voice span per turn.

    Source: W3C WebVTT, sections 4.2 (cue text escapes `&`, `<` and `>`) and 4.2.2 (voice span).
    """
    def cue(t):
        name = t.speaker.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{clock(t.start_s, '.')} --> {clock(t.end_s, '.')}\n<v {name}>{name}\n"
    return "\n".join(["WEBVTT\n", *map(cue, turns)])


SUBTITLES = {"srt": to_srt, "vtt": to_vtt}
