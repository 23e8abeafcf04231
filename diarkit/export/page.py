"""A page that shows the pictures of all recordings together."""

import contextlib
import os
import shutil
from html import escape
from urllib.parse import quote

from diarkit.errors import DiarkitError
from diarkit.export.picture import clock

WORDS = {"waveform": "Sound, and where the speaker changes", "timeline": "Who speaks when",
         "clusters": "Vectors of the voices, by speaker"}
STYLE = """\
body { font: 15px/1.5 sans-serif; color: #222; background: #fff; max-width: 1720px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.2em; margin: 2.5em 0 0; padding-top: 1em; border-top: 1px solid #ccc }
h1, h2, nav { overflow-wrap: anywhere } nav a { margin-right: 1.2em; white-space: nowrap }
h2 small { color: #666; font-weight: normal } figure { margin: 1.2em 0 } figcaption { color: #666 }
img { max-width: 100%; height: auto; border: 1px solid #ddd } a { color: #1f5fa8 }"""


def publish(folder, kind, pictures):
    """Put pictures into <folder>/<kind>, as links to the same bytes where the disk can; return {reco: relative path}.

    pictures: {reco: path}.
    """
    os.makedirs(os.path.join(folder, kind), exist_ok=True)
    found = {}
    for reco, path in pictures.items():
        if not os.path.isfile(path):
            raise DiarkitError(f"{reco}: {path} is listed but missing. Remove {folder} and draw again")
        found[reco] = f"{kind}/{os.path.basename(path)}"
        target = os.path.join(folder, found[reco])
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
    return found


def page(title, durations, pictures):
    """Yield the lines of an HTML page with relative links alone: it can be moved with its folder, and needs no network.

    durations: {reco: seconds}, in the order of the page; pictures: {kind: {reco: relative path}}.
    """
    yield from ("<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width">', f"<title>{escape(title)}</title>",
                f"<style>\n{STYLE}\n</style>", "</head>", "<body>", f"<h1>{escape(title)}</h1>")
    if len(durations) > 1:
        yield "<nav>"
        yield from (f'<a href="#r{number}">{escape(reco)}</a>' for number, reco in enumerate(durations, 1))
        yield "</nav>"
    for number, (reco, seconds) in enumerate(durations.items(), 1):
        yield f'<h2 id="r{number}">{escape(reco)} <small>{clock(seconds, fine=seconds < 3)}</small></h2>'
        for kind, paths in pictures.items():
            if reco in paths:
                yield from _figure(reco, WORDS.get(kind, kind), quote(paths[reco]))
    yield from ("</body>", "</html>")


def _figure(reco, words, link):
    yield f"<figure><figcaption>{escape(words)}</figcaption>"
    yield f'<a href="{link}"><img src="{link}" alt="{escape(words)}: {escape(reco)}" loading="lazy"></a></figure>'
