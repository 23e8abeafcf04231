"""The index of a folder of panels: a row for each recording, with bars of who talks how long."""

import contextlib
import os
from html import escape
from urllib.parse import quote

from diarkit.export.picture import clock
from diarkit.panel.page import GENERATOR, asset

NAMES_SHOWN = 12


def index(title, rows):
    """Yield the lines of an index; rows: {reco: summary of it}. Links are relative: the folder can be moved."""
    hours = sum(row["duration"] for row in rows.values())
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>'
    yield f'<meta name="generator" content="{GENERATOR}">\n<style>\n{asset("assets", "panel.css")}</style>\n</head>'
    yield f'<body class="index">\n<header><h1>{escape(title)}</h1><p class="about">{len(rows)} '
    yield f'recording{"s" * (len(rows) != 1)}, {clock(hours)}</p></header>\n<main><table class="index">'
    yield "<caption>Click a recording to hear it, see who talks, and correct it.</caption>"
    yield ('<thead><tr><th scope="col">Recording</th><th scope="col">Length</th><th scope="col">Speakers</th>'
           '<th scope="col">Turns</th><th scope="col" class="wide">Talk time</th><th scope="col">Against the reference'
           '</th></tr></thead>\n<tbody>')
    for reco, row in rows.items():
        yield (f'<tr><th scope="row"><a href="{quote(row["page"])}">{escape(reco)}</a></th>'
               f'<td>{clock(row["duration"])}</td><td>{len(row["speakers"])}</td><td>{row["turns"]}</td>'
               f'<td>{_bar(row)}</td><td>{escape(row["score"].split("  (")[0]) or "no reference"}</td></tr>')
    yield "</tbody></table></main>\n</body>\n</html>"


def _bar(row):
    total = sum(seconds for *_, seconds in row["speakers"]) or 1
    said = [f"{name} {clock(seconds)}" for name, _, seconds in row["speakers"]]
    words = ", ".join(said[:NAMES_SHOWN]) + (f" and {len(said) - NAMES_SHOWN} more" if len(said) > NAMES_SHOWN else "")
    parts = "".join(f'<i style="width:{100 * seconds / total:.2f}%;background:{colour}"></i>'
                    for _, colour, seconds in row["speakers"])
    return (f'<div class="stack" role="img" aria-label="{escape(words)}" title="{escape(words)}">{parts}</div>'
            f'<small>{escape(words) or "nobody talks"}</small>')


def remove_strangers(folder, kept):
    """Remove pages of recordings that are gone: HTML files of this panel in `folder` that are not in `kept`."""
    mark = f'<meta name="generator" content="{GENERATOR}">'.encode()
    for name in sorted(set(os.listdir(folder)) - set(kept)):
        path = os.path.join(folder, name)
        if name.endswith(".html") and os.path.isfile(path):
            with open(path, "rb") as file:
                ours = mark in file.read(4096 + 65536)
            if ours:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
