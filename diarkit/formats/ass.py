"""Advanced SubStation Alpha (ASS): subtitles with a colour for each speaker."""

import re

from diarkit.errors import data_error
from diarkit.export.palette import colours
from diarkit.formats.common import clock_of, lines_of, reco_of, ticks, turn_of

FIELDS = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")
STYLE = ("Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, Italic, BorderStyle, "
         "Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding")
HEAD = ("[Script Info]", "ScriptType: v4.00+", "PlayResX: 1280", "PlayResY: 720", "WrapStyle: 0", "", "[V4+ Styles]")
OVERRIDE = re.compile(r"\{[^}]*\}")


def write(turns, reco=None, duration_s=None):
    """Return an ASS script, one Dialogue per turn in hundredths of a second, one style per speaker."""
    names = list(dict.fromkeys(t.speaker for t in turns))
    paint = colours(len(names))
    lines = [*HEAD, STYLE]
    lines += [f"Style: S{n},Arial,42,&H00{c[5:7]}{c[3:5]}{c[1:3]},&H00000000,&H80000000,-1,0,1,2,0,2,20,20,24,1".upper()
              .replace("STYLE:", "Style:").replace("ARIAL", "Arial") for n, c in enumerate(paint)]
    lines += ["", "[Events]", f"Format: {', '.join(FIELDS)}"]
    lines += [f"Dialogue: 0,{_clock(a)},{_clock(b)},S{names.index(t.speaker)},{t.speaker.replace(',', ' ')},0,0,0,,"
              f"{_plain(t.speaker)}" for t in turns for a, b in [ticks(t, 100)]]
    return "\n".join(lines) + "\n"


def _plain(name):
    """Return a name as text that holds no override block."""
    return name.replace("{", "(").replace("}", ")").replace("\\", "/")


def _clock(ticks):
    return f"{ticks // 360000}:{ticks // 6000 % 60:02d}:{ticks // 100 % 60:02d}.{ticks % 100:02d}"


def read(path):
    """Yield the Turns of an ASS or SSA script: its Dialogue lines, the speaker being the Name, else the text."""
    fields = [name.lower() for name in FIELDS]
    events = False
    for number, line in lines_of(path):
        kind, _, rest = line.partition(":")
        if line.startswith("["):
            events = line.strip().lower() == "[events]"
        elif events and kind == "Format":
            fields = [word.strip().lower() for word in rest.split(",")]
        elif events and kind == "Dialogue":
            values = rest.lstrip().split(",", len(fields) - 1)
            if len(values) != len(fields):
                raise data_error(path, number, f"{len(values)} fields", f"Write {', '.join(fields)}")
            event = dict(zip(fields, values))
            start_s, end_s = (clock_of(path, number, event.get(n, ""), n) for n in ("start", "end"))
            text = OVERRIDE.sub("", event.get("text", "")).replace("\\N", " ")
            speaker = event.get("name", event.get("actor", "")).strip() or text
            yield turn_of(path, number, reco_of(path), start_s, end_s, speaker)
