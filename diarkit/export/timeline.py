"""A picture of who spoke when: the hypothesis, and the reference above it where there is one."""

import contextlib
import itertools
import warnings
from typing import NamedTuple

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from diarkit.errors import DiarkitError
from diarkit.export.palette import GREY, colours
from diarkit.options import opt, options

ROW_IN, MOST_HEIGHT_IN, NAME_LENGTH = 0.32, 60.0, 28
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
FONTS = ("DejaVu Sans", "Noto Sans", "Noto Sans Devanagari", "Lohit Devanagari", "Noto Sans CJK JP", "Noto Sans Arabic")


@options
class TimelineOptions:
    """Timeline pictures."""

    format: str = opt("png", "picture format", choices=("png", "svg"))
    width_in: float = opt(14.0, "width, inches", low=4, high=200)
    dpi: int = opt(120, "dots per inch of a PNG", low=20, high=600)


class Row(NamedTuple):
    """One speaker's line: name, colour, spans [(start_s, end_s)]."""

    name: str
    colour: str
    spans: list


def rows(reference, hypothesis, mapping):
    """Return (reference rows, hypothesis rows) in order of first appearance.

    reference, hypothesis: lists of Turns; mapping: {hypothesis speaker: reference speaker}. A mapped speaker has the
    colour and the place of its reference speaker, the others follow in colours of their own.
    """
    ref, hyp = _spans(reference), _spans(hypothesis)
    paint = colours(len(ref) + len(hyp))
    shade = dict(zip(ref, paint))
    order = sorted(hyp, key=lambda s: list(ref).index(mapping[s]) if s in mapping else len(ref))
    free = itertools.islice(paint, len(ref), None)
    shade_hyp = {s: shade[mapping[s]] if s in mapping else next(free) for s in order}
    return ([Row(_short(s), shade[s], ref[s]) for s in ref],
            [Row(_pair(s, mapping.get(s, s)), shade_hyp[s], hyp[s]) for s in order])


def _spans(turns):
    found = {}
    for turn in sorted(turns, key=lambda t: t.start_s):
        found.setdefault(turn.speaker, []).append((turn.start_s, turn.end_s))
    return found


def _pair(speaker, same_as):
    return _short(speaker) if speaker == same_as else f"{_short(speaker)} = {_short(same_as)}"


def _short(name):
    return name if len(name) <= NAME_LENGTH else name[:NAME_LENGTH - 1] + "…"


def overlaps(turns):
    """Return [(start_s, end_s)] where two or more of the Turns are active."""
    times = np.array([[t.start_s, t.end_s] for t in turns]).reshape(-1, 2)
    edges = np.r_[times[:, 0], times[:, 1]]
    step = np.r_[np.ones(len(times)), -np.ones(len(times))]
    order = np.lexsort((step, edges))  # an end before a start at the same time: touching is no overlap
    level = np.cumsum(step[order])
    inside = np.flatnonzero(level[:-1] >= 2) if len(level) else []
    return [(edges[order][i], edges[order][i + 1]) for i in inside if edges[order][i + 1] > edges[order][i]]


def draw(reco, hypothesis, duration_s, reference=None, mapping=None, score="", options=None):
    """Return a matplotlib Figure of one recording.

    hypothesis, reference: lists of Turns, reference None when there is none; mapping: {hypothesis speaker: reference
    speaker} for the colours; score: words that stand at the right of the title.
    """
    options = options or TimelineOptions()
    if not duration_s > 0:
        raise DiarkitError(f"{reco}: the recording lasts {duration_s} s. Write its duration in seconds")
    ref_rows, hyp_rows = rows(reference or [], hypothesis, mapping or {})
    panels = [("hypothesis", hyp_rows, hypothesis)]
    if reference is not None:
        panels.insert(0, ("reference", ref_rows, reference))
    heights = [max(1, len(r)) for _, r, _ in panels]
    height_in = min(MOST_HEIGHT_IN, 1.1 + 0.25 * len(panels) + ROW_IN * sum(heights))
    with _style():
        figure = Figure(figsize=(options.width_in, height_in), dpi=options.dpi, layout="constrained")
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axis, panel in zip(axes, panels):
            _panel(axis, *panel)
        _time_axis(axes[-1], duration_s, any(overlaps(turns) for _, _, turns in panels))
        axes[0].set_title(reco, loc="left", fontsize=12, fontweight="bold")
        axes[0].set_title(score, loc="right", fontsize=9, color=GREY)
        figure.align_ylabels(axes)
    return figure


@contextlib.contextmanager
def _style():
    """Draw in fonts that are installed, ids and names as they are (`$` is no formula), the same bytes every time."""
    there = set(font_manager.get_font_names())
    fonts = [name for name in FONTS if name in there] or ["sans-serif"]
    with rc_context({"font.family": fonts, "font.size": 9, "text.parse_math": False,
                     "svg.hashsalt": "diarkit", "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a script without a font here becomes boxes
        yield


def _panel(axis, name, lines, turns):
    """Draw one speaker per row; grey columns stand where two or more talk at once."""
    count = max(1, len(lines))
    axis.set_ylim(count - 0.4, -0.6)
    axis.set_ylabel(name, color=GREY)
    axis.grid(axis="x", color="#e4e4e4", linewidth=0.7)
    axis.set_axisbelow(True)
    both = [(a, b - a) for a, b in overlaps(turns)]
    axis.broken_barh(both, (-0.6, count + 0.2), facecolors="#000000", alpha=0.08, linewidth=0)
    for number, line in enumerate(lines):
        axis.axhline(number, color="#eeeeee", linewidth=0.7, zorder=0.5)
        bars = [(a, b - a) for a, b in line.spans]  # an edge keeps a short turn visible in a long recording
        axis.broken_barh(bars, (number - 0.34, 0.68), facecolors=line.colour, edgecolors=line.colour, linewidth=0.6)
    axis.set_yticks(range(len(lines)), [f"{line.name}   {_talk(line)}" for line in lines])
    axis.tick_params(length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)
    if not lines:
        axis.text(0.5, 0.5, "nobody speaks", transform=axis.transAxes, ha="center", va="center", color=GREY)


def _talk(line):
    seconds = sum(b - a for a, b in line.spans)
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def _time_axis(axis, duration_s, overlap):
    step = next((s for s in STEPS_S if duration_s / s <= 14), STEPS_S[-1] * (1 + int(duration_s / STEPS_S[-1] / 14)))
    axis.set_xlim(0, duration_s)
    axis.xaxis.set_major_locator(MultipleLocator(step if duration_s >= 3 else duration_s / 4))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda s, _: clock(s, fine=duration_s < 3)))
    axis.set_xlabel("time" + (", grey where two or more speak at once" if overlap else ""), color=GREY)


def clock(seconds, fine=False):
    """Return mm:ss, h:mm:ss from one hour on; with two decimals when `fine`."""
    whole, hundredths = divmod(round(100 * seconds), 100) if fine else (round(seconds), 0)
    head = f"{whole // 3600}:{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60:02d}"
    return f"{head}:{whole % 60:02d}" + (f".{hundredths:02d}" if fine else "")


def save(figure, file, options):
    """Write a Figure to a binary file in the options' format."""
    with _style():
        figure.savefig(file, format=options.format, metadata={"Date": None} if options.format == "svg" else None)
