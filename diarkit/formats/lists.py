"""Lists per speaker, as the published GhostVLAD and UIS-RNN diarizer prints them.

    ========= Anna =========
    0:00.288 ==> 0:04.406
"""

import re

from diarkit.errors import data_error
from diarkit.formats.common import clock_of, lines_of, reco_of, ticks, turn_of

HEADING = re.compile(r"=+ ?(.*?) ?=+")
SPAN = re.compile(r"\s*([\d:.]+) ==> ([\d:.]+)\s*")


def write(turns, reco=None, duration_s=None):
    """Return a heading and a list of `m:ss.mmm ==> m:ss.mmm` per speaker, in order of first appearance."""
    lists = {}
    for t in turns:
        lists.setdefault(t.speaker, []).append(" ==> ".join(_clock(ms) for ms in ticks(t, 1000)))
    return "".join(f"========= {name} =========\n" + "".join(f"{span}\n" for span in spans)
                   for name, spans in lists.items())


def _clock(ms):
    return f"{ms // 60000}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def read(path):
    """Yield the Turns of such lists."""
    speaker = None
    for number, line in lines_of(path):
        span, heading = SPAN.fullmatch(line), HEADING.fullmatch(line.strip())
        if heading and not span:
            speaker = heading[1]
        elif not span or speaker is None:
            what = "times before any speaker" if span else f"neither a heading nor times: {line.strip()[:60]!r}"
            raise data_error(path, number, what, "Write `==== name ====` and below it `0:00.288 ==> 0:04.406`")
        else:
            start_s, end_s = (clock_of(path, number, text, name) for text, name in zip(span.groups(), ("start", "end")))
            yield turn_of(path, number, reco_of(path), start_s, end_s, speaker)
