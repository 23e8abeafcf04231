"""Put a page together: the data of a recording, the sound, the scripts and the styles in one HTML text."""

import base64
import json
from html import escape
from importlib.resources import files

from diarkit.formats.common import confidence_of
from diarkit.panel.shades import shades

SCRIPTS = ("turns.js", "formats.js", "errors.js", "view.js", "pointer.js", "player.js", "table.js", "main.js")
CHUNK_B = 3 << 18  # a multiple of 3: base64 of the parts is that of the whole
GENERATOR = "diarkit panel"
POLICY = ("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
          "media-src 'self' blob: data: file:")


def asset(*names):
    """Return the text of a file of the panel."""
    return files("diarkit.panel").joinpath(*names).read_text(encoding="utf-8")


def data_of(reco, sound, cast, regions=None, source=None):
    """Return what the page's scripts know, a dict for JSON.

    sound: a Sound; cast: an export.cast.Cast; regions: [(start_s, end_s)] that are scored, None: all; source: the
    address of the sound where it is not inside.
    """
    names = list(dict.fromkeys(t.speaker for t in sorted(cast.hypothesis or [], key=lambda t: t.start_s)))
    references = list(dict.fromkeys(t.speaker for t in sorted(cast.reference or [], key=lambda t: t.start_s)))
    paint = shades(len(names) + len(references))
    lows, highs = (base64.b64encode(column.tobytes()).decode() for column in sound.peaks.T.copy())
    number = {name: n for n, name in enumerate(names)}
    return {
        "reco": reco, "duration": round(sound.duration_s, 3), "source": source, "peakSeconds": sound.peak_s,
        "peaks": [highs, lows], "regions": regions or [[0, round(sound.duration_s, 3)]], "score": cast.score,
        "speakers": [{"name": name, "colour": paint[n], "reference": cast.mapping.get(name)}
                     for name, n in number.items()],
        "turns": [_turn(t, number[t.speaker]) for t in cast.hypothesis or []],
        "reference": None if cast.reference is None else {
            "names": references,
            "turns": [[round(t.start_s, 3), round(t.end_s, 3), references.index(t.speaker)] for t in cast.reference]},
        "spare": shades(64)[len(names):],
    }


def _turn(turn, speaker):
    sure = confidence_of(turn)
    return [round(turn.start_s, 3), round(turn.end_s, 3), speaker, None if sure is None else round(sure, 3)]


def page(data, opus=None):
    """Yield the parts of the HTML of one recording's page; data: of data_of; opus: a binary file, None: linked."""
    title = escape(f"Who spoke when: {data['reco']}")
    yield (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
           f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
           f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
           f'<meta name="generator" content="{GENERATOR}">\n<style>\n{asset("assets", "panel.css")}</style>\n</head>\n')
    yield asset("assets", "body.html").replace("{{reco}}", escape(data["reco"]))
    yield f'<script type="application/json" id="data">{script_json(data)}</script>\n'
    if opus is not None:
        yield '<script type="text/plain" id="sound">'
        opus.seek(0)
        for part in iter(lambda: opus.read(CHUNK_B), b""):
            yield base64.b64encode(part).decode()
        yield "</script>\n"
    notice = asset("vendor", "LICENSE").replace("*/", "* /")
    yield f"<script>\n/* wavesurfer.js\n{notice}*/\n{asset('vendor', 'wavesurfer.min.js')}\n</script>\n"
    yield "<script>\n\"use strict\";\n"
    yield "\n".join(asset("assets", name) for name in SCRIPTS)
    yield "</script>\n</body>\n</html>\n"


def script_json(value):
    """Return JSON that can stand inside a script element, whatever names it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def page_name(reco):
    """Return the file name of a recording's page; one that is called index does not take the index's place."""
    return "index_.html" if reco.lower() == "index" else f"{reco}.html"
