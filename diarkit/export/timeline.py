"""A picture of who spoke when: the hypothesis, and the reference above it where there is one."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from diarkit.errors import DiarkitError
from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, clock, head, pair, say, short, style, time_axis

ROW_IN, MOST_HEIGHT_IN = 0.32, 60.0


class Row(NamedTuple):
    """One speaker's line: name, colour, spans [(start_s, end_s)]."""

    name: str
    colour: str
    spans: list


def rows(cast):
    """Return (reference rows, hypothesis rows) of a Cast in order of first appearance.

    A mapped speaker has the colour and the place of its reference speaker, the others follow.
    """
    shade, shade_hyp = cast.shades()
    ref, hyp = _spans(cast.reference or []), _spans(cast.hypothesis or [])
    order = sorted(hyp, key=lambda s: list(ref).index(cast.mapping[s]) if s in cast.mapping else len(ref))
    return ([Row(short(s), shade[s], ref[s]) for s in ref],
            [Row(pair(s, cast.mapping.get(s, s)), shade_hyp[s], hyp[s]) for s in order])


def _spans(turns):
    found = {}
    for turn in sorted(turns, key=lambda t: t.start_s):
        found.setdefault(turn.speaker, []).append((turn.start_s, turn.end_s))
    return found


def overlaps(turns):
    """Return [(start_s, end_s)] where two or more of the Turns are active."""
    times = np.array([[t.start_s, t.end_s] for t in turns]).reshape(-1, 2)
    edges = np.r_[times[:, 0], times[:, 1]]
    step = np.r_[np.ones(len(times)), -np.ones(len(times))]
    order = np.lexsort((step, edges))  # an end before a start at the same time: touching is no overlap
    level = np.cumsum(step[order])
    inside = np.flatnonzero(level[:-1] >= 2) if len(level) else []
    return [(edges[order][i], edges[order][i + 1]) for i in inside if edges[order][i + 1] > edges[order][i]]


def draw(reco, cast, duration_s, options=None):
    """Return a matplotlib Figure of one recording: its Cast over duration_s seconds, the score beside the title."""
    options = options or PictureOptions()
    if not duration_s > 0:
        raise DiarkitError(f"{reco}: the recording lasts {duration_s} s. Write its duration in seconds")
    ref_rows, hyp_rows = rows(cast)
    panels = [("hypothesis", hyp_rows, cast.hypothesis or [])]
    if cast.reference is not None:
        panels.insert(0, ("reference", ref_rows, cast.reference))
    heights = [max(1, len(r)) for _, r, _ in panels]
    height_in = min(MOST_HEIGHT_IN, 1.1 + 0.25 * len(panels) + ROW_IN * sum(heights))
    with style():
        figure = Figure(figsize=(options.width_in, height_in), dpi=options.dpi, layout="constrained")
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axis, panel in zip(axes, panels):
            _panel(axis, *panel)
        both = any(overlaps(turns) for _, _, turns in panels)
        time_axis(axes[-1], duration_s)
        axes[-1].set_xlabel("time" + (", grey where two or more speak at once" if both else ""), color=GREY)
        head(axes[0], reco, cast.score)
        figure.align_ylabels(axes)
    return figure


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
        say(axis, "nobody speaks")


def _talk(line):
    seconds = sum(b - a for a, b in line.spans)
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
