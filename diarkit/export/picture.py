"""What all pictures share: size and format, fonts, the time axis, and how they reach the disk."""

import contextlib
import os
import warnings

from matplotlib import font_manager, rc_context
from matplotlib.ticker import FuncFormatter, MultipleLocator

from diarkit.errors import KeysFailed
from diarkit.export.palette import GREY
from diarkit.files import atomic, write_text
from diarkit.options import opt, options

NAME_LENGTH = 28
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
FONTS = ("DejaVu Sans", "Noto Sans", "Noto Sans Devanagari", "Lohit Devanagari", "Noto Sans CJK JP", "Noto Sans Arabic")


@options
class PictureOptions:
    """Pictures."""

    format: str = opt("png", "picture format", choices=("png", "svg"))
    width_in: float = opt(14.0, "width, inches", low=4, high=200)
    dpi: int = opt(120, "dots per inch of a PNG", low=20, high=600)


@contextlib.contextmanager
def style():
    """Draw in fonts that are installed, ids and names as they are (`$` is no formula), the same bytes every time."""
    there = set(font_manager.get_font_names())
    fonts = [name for name in FONTS if name in there] or ["sans-serif"]
    with rc_context({"font.family": fonts, "font.size": 9, "text.parse_math": False,
                     "svg.hashsalt": "diarkit", "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a script without a font here becomes boxes
        yield


def save(figure, file, options):
    """Write a Figure to a binary file in the options' format."""
    with style():
        figure.savefig(file, format=options.format, metadata={"Date": None} if options.format == "svg" else None)


class Gallery:
    """A folder of pictures `<reco>.<format>`; when it closes, `table` lists those drawn as `<reco> <picture>`.

    A context manager: KeysFailed counts as success, the pictures that did not fail are listed.
    """

    def __init__(self, folder, options, table=None):
        self.folder, self.options, self.table, self._drawn = folder, options, table, {}

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        return self

    def add(self, reco, figure):
        """Write the picture of one recording."""
        path = os.path.join(self.folder, f"{reco}.{self.options.format}")
        with atomic(path, "wb") as file:
            save(figure, file, self.options)
        self._drawn[reco] = path

    def __exit__(self, kind, error, trace):
        if self.table and (kind is None or issubclass(kind, KeysFailed)):
            write_text(self.table, (f"{reco} {path}" for reco, path in self._drawn.items()))


def head(axis, reco, words=""):
    """Write the recording's id above an axis, and words at the right."""
    axis.set_title(reco, loc="left", fontsize=12, fontweight="bold")
    axis.set_title(words, loc="right", fontsize=9, color=GREY)


def say(axis, words):
    """Write words in the middle of an axis that has nothing to show."""
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", color=GREY)


def time_axis(axis, end_s, start_s=0.0):
    """Lay an axis out over start_s..end_s with at most 14 ticks of round times."""
    length_s = end_s - start_s
    step = next((s for s in STEPS_S if length_s / s <= 14), STEPS_S[-1] * (1 + int(length_s / STEPS_S[-1] / 14)))
    axis.set_xlim(start_s, end_s)
    axis.xaxis.set_major_locator(MultipleLocator(step if length_s >= 3 else length_s / 4))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda s, _: clock(s, fine=length_s < 3)))


def clock(seconds, fine=False):
    """Return mm:ss, h:mm:ss from one hour on; with two decimals when `fine`."""
    whole, hundredths = divmod(round(100 * seconds), 100) if fine else (round(seconds), 0)
    head = f"{whole // 3600}:{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60:02d}"
    return f"{head}:{whole % 60:02d}" + (f".{hundredths:02d}" if fine else "")


def short(name):
    """Return a name cut to what a picture has room for."""
    return name if len(name) <= NAME_LENGTH else name[:NAME_LENGTH - 1] + "…"


def pair(speaker, same_as):
    """Return `SPEAKER_00 = Ann`, or one name where both are the same."""
    return short(speaker) if speaker == same_as else f"{short(speaker)} = {short(same_as)}"
