"""A picture of the sound of a recording: who talks beneath it, change points in it, the score curve below."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from diarkit.export.envelope import thin_curve
from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, head, pair, say, short, style, time_axis
from diarkit.export.scene import shares
from diarkit.options import opt, options

SOUND, FOUND, WANTED, CURVE = "#5d6b7a", "#c8102e", "#1a1a1a", "#1f5fa8"
LANE_IN, SOUND_IN, CURVE_IN = 0.28, 1.8, 1.1
MOST_ROWS, MOST_NAMES = 12, 40
MOST_LINES_PER_IN = 5  # more of them would hide the sound: they are then drawn in their lane alone
BANDS_UP_TO_S = 1800  # in a longer row, colours behind the sound are a blur


@options
class WaveformOptions(PictureOptions):
    """Waveform pictures."""

    channel: str = opt("mix", "mix (mean of all channels) or the number of one channel, counted from 1")
    row_s: float = opt(600.0, f"begin a new row after so many seconds, after more where {MOST_ROWS} rows would not do; "
                       "0: one row", low=0)


def rows_of(duration_s, row_s):
    """Return (number of rows, seconds in each)."""
    if not row_s or duration_s <= 1.2 * row_s:
        return 1, duration_s
    step_s = row_s * math.ceil(duration_s / row_s / MOST_ROWS)
    return math.ceil(duration_s / step_s), step_s


def draw(reco, scene, options=None):
    """Return a matplotlib Figure of the Scene of one recording, in as many rows as WaveformOptions want."""
    options = options or WaveformOptions()
    count, row_s = rows_of(scene.sound.duration_s, options.row_s)
    lanes = [name for name, turns in (("reference", scene.cast.reference), ("hypothesis", scene.cast.hypothesis))
             if turns is not None] + ["changes"] * (scene.wanted is not None or scene.changes is not None)
    inches = [SOUND_IN] + [LANE_IN * len(lanes)] * bool(lanes) + [CURVE_IN] * (scene.curve is not None)
    height_in = 0.9 + count * (sum(inches) + 0.4)
    with style():
        figure = Figure(figsize=(options.width_in, height_in), dpi=options.dpi, layout="constrained")
        axes = figure.subplots(count * len(inches), 1, squeeze=False, height_ratios=inches * count)
        scale, shades = (float(np.abs(scene.sound.extremes).max(initial=0)), _limits(scene.curve)), scene.cast.shades()
        for number, row in enumerate(axes.reshape(count, -1)):
            part = scene.between(number * row_s, (number + 1) * row_s)
            _row(row, part, lanes, shades, scale, (number * row_s, (number + 1) * row_s))
        axes[-1, 0].set_xlabel("time", color=GREY)
        head(axes[0, 0], reco, _words(scene))
        _legend(figure, scene)
        figure.align_ylabels(axes[:, 0])
    return figure


def _words(scene):
    parts = [] if scene.wanted is None else [f"{len(scene.wanted)} in the reference"]
    parts += [] if scene.changes is None else [f"{len(scene.changes)} found"]
    return f"changes of speaker: {', '.join(parts)}" if parts else ""


def _limits(curve):
    """Return the lowest and highest score, with some room, for all rows alike."""
    if curve is None or not len(curve):
        return 0.0, 1.0
    low, high = curve[:, 1].min(), curve[:, 1].max()
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _row(axes, part, lanes, shades, scale, span_s):
    """Draw one stretch of time: the sound, the lanes, the curve, one below the other; scale: of sound and scores."""
    _sound(axes[0], part, shades, scale[0], span_s)
    if lanes:
        _lanes(axes[1], part, lanes, shades)
    lined = axes[:1]
    if part.curve is not None:
        _curve(axes[-1], part.curve, scale[1])
        lined = axes[[0, -1]]
    for axis in lined:
        _lines(axis, part.wanted, WANTED, (0, (1, 2)), 2.4)
        _lines(axis, part.changes, FOUND, "-", 2.5)
    for axis in axes:
        time_axis(axis, span_s[1], span_s[0])
    for axis in axes[:-1]:
        axis.tick_params(axis="x", labelbottom=False)
        axis.spines["bottom"].set_visible(False)


def _plain(axis, words):
    axis.set_ylabel(words, color=GREY)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(length=0)


def _sound(axis, part, shades, peak, span_s):
    """Draw the envelope over bands in the colours of those who talk."""
    _plain(axis, "sound")
    axis.set_ylim(*(np.array([-1.05, 1.05]) * (peak or 1)))
    axis.set_yticks([0], [f"peak {20 * np.log10(peak):.1f} dB" if peak else "silence"], color=GREY)
    axis.fill_between(part.sound.times, *part.sound.extremes.T, color=SOUND, linewidth=0.5, zorder=2)
    turns, shade = (part.cast.reference, shades[0]) if part.cast.reference is not None else \
        (part.cast.hypothesis or [], shades[1])
    for speaker, places in shares(turns if span_s[1] - span_s[0] <= BANDS_UP_TO_S else []).items():
        for (number, of), bars in places.items():
            axis.broken_barh(bars, (1 - (number + 1) / of, 1 / of), facecolors=shade[speaker], alpha=0.22, linewidth=0,
                             zorder=1, transform=axis.get_xaxis_transform())


def _lanes(axis, part, lanes, shades):
    """Draw one lane for each set of turns, shared by those who talk at once, and one with the changes."""
    _plain(axis, "")
    axis.set_ylim(len(lanes) - 0.5, -0.5)
    axis.set_yticks(range(len(lanes)), lanes, color=GREY)
    for row, name in enumerate(lanes):
        axis.axhline(row, color="#eeeeee", linewidth=0.7, zorder=0.5)
        if name == "changes":
            _ticks(axis, part.wanted, (row - 0.38, row + (0.38 if part.changes is None else -0.02)), WANTED)
            _ticks(axis, part.changes, (row + (-0.38 if part.wanted is None else 0.02), row + 0.38), FOUND)
            continue
        turns, shade = (part.cast.reference, shades[0]) if name == "reference" else (part.cast.hypothesis, shades[1])
        for speaker, places in shares(turns).items():
            for (number, of), bars in places.items():
                axis.broken_barh(bars, (row - 0.38 + 0.76 * number / of, 0.76 / of), facecolors=shade[speaker],
                                 edgecolors=shade[speaker], linewidth=0.3)


def _curve(axis, curve, limits):
    """Draw the score; where many points share a place, the range of their scores."""
    _plain(axis, "score")
    axis.tick_params(axis="y", colors=GREY, labelsize=8)
    axis.set_ylim(*limits)
    axis.fill_between(*thin_curve(curve), color=CURVE, linewidth=0.8, zorder=3)  # above the lines
    if not len(curve):
        say(axis, "no scores")


def _width(count):
    """Return the points that a line may be wide where there are `count` of them."""
    return float(np.clip(200 / max(count, 1), 0.5, 1.2))


def _ticks(axis, times, ends, colour):
    if times is not None:
        axis.vlines(times, *ends, color=colour, linewidth=_width(len(times)))


def _lines(axis, times, colour, dash, zorder):
    """Draw change points as lines from the bottom to the top, unless there are too many."""
    if times is not None and len(times) <= MOST_LINES_PER_IN * axis.figure.get_figwidth():
        axis.vlines(times, 0, 1, transform=axis.get_xaxis_transform(), color=colour, linestyle=dash,
                    linewidth=_width(len(times)), zorder=zorder)


def _legend(figure, scene):
    """Name the colours and the lines beneath everything."""
    ref, hyp = scene.cast.shades()
    first = {r: h for h, r in reversed(scene.cast.mapping.items())}
    people = [(pair(first[s], s) if s in first else short(s), c) for s, c in ref.items()]
    people += [(short(s), c) for s, c in hyp.items() if s not in scene.cast.mapping]
    marks = [Patch(color=colour, label=name) for name, colour in people[:MOST_NAMES]]
    marks += [Line2D([], [], color=WANTED, linestyle=":", label="change in the reference")] * (scene.wanted is not None)
    marks += [Line2D([], [], color=FOUND, label="change that was found")] * (scene.changes is not None)
    if marks:
        figure.legend(handles=marks, loc="outside lower left", ncols=max(1, int(figure.get_figwidth() / 2.4)),
                      frameon=False, fontsize=8)
