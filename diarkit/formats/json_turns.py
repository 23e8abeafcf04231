"""JSON: `{"diarization": [{"speaker": "SPEAKER_01", "start": 0.0, "end": 2.345}]}`; Label Studio's is told apart."""

import json

from diarkit.errors import data_error
from diarkit.formats import label_studio
from diarkit.formats.common import clock_of, confidence_of, number_of, reco_of, text_of, turn_of
from diarkit.options import opt, options

TIME_FORMATS = ("number", "text")
LISTS = ("diarization", "segments", "turns", "monologues")


@options
class JsonOptions:
    """JSON output."""

    times: str = opt("number", 'how times are written: 2.345 or, as some readers expect, "2.345"', choices=TIME_FORMATS)


def write(turns, reco=None, duration_s=None, options=None):
    """Return one line per turn, times in seconds with three decimals, `confidence` where a turn has one."""
    text = (options or JsonOptions()).times == "text"

    def item(turn):
        start, end = (f"{s:.3f}" if text else round(s, 3) for s in (turn.start_s, turn.end_s))
        sure = confidence_of(turn)
        more = {} if sure is None else {"confidence": round(sure, 3)}
        return json.dumps({"speaker": turn.speaker, "start": start, "end": end, **more}, ensure_ascii=False)

    items = ",\n".join("  " + item(turn) for turn in turns)
    return '{"diarization": [' + (f"\n{items}\n" if items else "") + "]}\n"


def read(path):
    """Yield the Turns of a JSON file: ours, a plain list of turns, `segments` of a transcript, or Label Studio's."""
    try:
        content = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise data_error(path, error.lineno, f"no JSON: {error.msg}", "Write the file again") from None
    if label_studio.is_export(content):
        yield from label_studio.turns_of(path, content)
        return
    if isinstance(content, dict):
        content = next((content[name] for name in LISTS if name in content), None)
    if not isinstance(content, list):
        raise data_error(path, None, f"no list of turns, under {', '.join(LISTS)} or alone",
                         'Write {"diarization": [{"speaker": "A", "start": 0.0, "end": 2.3}]}')
    for number, item in enumerate(content, 1):
        yield _turn(path, number, item)


def _turn(path, number, item):
    wanted = ("start", "end", "speaker")
    lacks = [name for name in wanted if not isinstance(item, dict) or name not in item]
    if lacks:
        raise data_error(path, None, f"turn {number} has no {', '.join(lacks)}", f"Give each turn {', '.join(wanted)}")
    start_s, end_s = (clock_of(path, None, item[name], f"{name} of turn {number}") for name in wanted[:2])
    sure = item.get("confidence")
    return turn_of(path, None, reco_of(path), start_s, end_s, item["speaker"],
                   None if sure is None else number_of(path, None, sure, f"confidence of turn {number}"))
