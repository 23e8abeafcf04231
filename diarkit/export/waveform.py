"""A picture of the sound of a recording: who talks beneath it, change points in it, the score curve below."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from diarkit.change.reference import activity, change_points
from diarkit.errors import DiarkitError
from diarkit.export.envelope import envelope, thin_curve
from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, head, pair, say, short, style, time_axis
from diarkit.options import opt, options

SOUND, FOUND, WANTED, CURVE = "#5d6b7a", "#c8102e", "#1a1a1a", "#1f5fa8"
LANE_IN, SOUND_IN, CURVE_IN, MOST_NAMES = 0.3, 1.9, 1.2, 40
BANDS_UP_TO_S = 1800  # in longer recordings colours behind the sound are a blur


@options
class WaveformOptions(PictureOptions):
    """Waveform pictures."""

    channel: str = opt("mix", "mix (mean of all channels) or the number of one channel, counted from 1")


class Sound(NamedTuple):
    """A recording as diarkit.export.envelope.envelope returns it: (M, 2) extremes, samples in a stretch, rate in Hz."""

    extremes: np.ndarray
    step_n: int
    rate_hz: int
    duration_s: float


def shares(turns):
    """Return {speaker: {(number, of): [(start_s, seconds)]}}: where it is the number-th of `of` who talk at once."""
    edges, active = activity(turns)
    number, of = np.cumsum(active, axis=1) - 1, active.sum(axis=1)
    found = {}
    for column, speaker in enumerate(sorted({t.speaker for t in turns})):
        for i in np.flatnonzero(active[:, column]):
            place = int(number[i, column]), int(of[i])
            found.setdefault(speaker, {}).setdefault(place, []).append((edges[i], edges[i + 1] - edges[i]))
    return found


def draw(reco, sound, cast, changes=None, curve=None, options=None):
    """Return a matplotlib Figure of one recording.

    sound: Sound; cast: Cast; changes: (C,) seconds that were found, None when nobody looked for them; curve: (T, 2)
    time_s and score they come from, or None. The reference's change points are drawn where there is a reference.
    """
    options = options or PictureOptions()
    changes = None if changes is None else np.sort(np.asarray(changes, float).ravel())
    wanted = None if cast.reference is None else change_points(cast.reference)
    lanes = [(name, turns) for name, turns in (("reference", cast.reference), ("hypothesis", cast.hypothesis))
             if turns is not None] + ([("changes", None)] if changes is not None else [])
    inches = [SOUND_IN] + [LANE_IN * len(lanes)] * bool(lanes) + [CURVE_IN] * (curve is not None)
    with style():
        figure = Figure(figsize=(options.width_in, sum(inches) + 1.3), dpi=options.dpi, layout="constrained")
        axes = figure.subplots(len(inches), 1, sharex=True, squeeze=False, height_ratios=inches)[:, 0]
        _sound(axes[0], sound, cast)
        if lanes:
            _lanes(axes[1], lanes, cast.shades(), changes)
        if curve is not None:
            _curve(axes[-1], curve, options)
        for axis in [axes[0], *([axes[-1]] if curve is not None else [])]:
            _lines(axis, wanted, WANTED, (0, (1, 2)), 2.4)
            _lines(axis, changes, FOUND, "-", 2.5)
        time_axis(axes[-1], sound.duration_s)
        for axis in axes[:-1]:
            axis.spines["bottom"].set_visible(False)
        head(axes[0], reco, _words(wanted, changes))
        _legend(figure, cast, wanted, changes)
        figure.align_ylabels(axes)
    return figure


def _words(wanted, changes):
    parts = ([] if wanted is None else [f"{len(wanted)} in the reference"]) + \
        ([] if changes is None else [f"{len(changes)} found"])
    return f"changes of speaker: {', '.join(parts)}" if parts else ""


def _plain(axis, words):
    axis.set_ylabel(words, color=GREY)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(length=0)


def _sound(axis, sound, cast):
    """Draw the envelope over bands in the colours of those who talk."""
    peak = float(np.abs(sound.extremes).max(initial=0))
    _plain(axis, "sound")
    axis.set_ylim(*(np.array([-1.05, 1.05]) * (peak or 1)))
    axis.set_yticks([0], [f"peak {20 * np.log10(peak):.1f} dB" if peak else "silence"])
    times = (np.arange(len(sound.extremes)) + 0.5) * sound.step_n / sound.rate_hz
    axis.fill_between(times, *sound.extremes.T, color=SOUND, linewidth=0.5, zorder=2)
    turns, shades = (cast.reference, cast.shades()[0]) if cast.reference is not None else \
        (cast.hypothesis or [], cast.shades()[1])
    for speaker, places in shares(turns if sound.duration_s <= BANDS_UP_TO_S else []).items():
        for (number, of), bars in places.items():
            axis.broken_barh(bars, (1 - (number + 1) / of, 1 / of), facecolors=shades[speaker], alpha=0.22, linewidth=0,
                             zorder=1, transform=axis.get_xaxis_transform())


def _lanes(axis, lanes, shades, changes):
    """Draw one lane for each set of turns, shared by those who talk at once, and one with the changes."""
    _plain(axis, "")
    axis.set_ylim(len(lanes) - 0.5, -0.5)
    axis.set_yticks(range(len(lanes)), [name for name, _ in lanes], color=GREY)
    for row, (name, turns) in enumerate(lanes):
        axis.axhline(row, color="#eeeeee", linewidth=0.7, zorder=0.5)
        if turns is None:
            axis.vlines(changes, row - 0.38, row + 0.38, color=FOUND, linewidth=_width(len(changes)) + 0.4)
            continue
        for speaker, places in shares(turns).items():
            colour = shades[name == "hypothesis"][speaker]
            for (number, of), bars in places.items():
                axis.broken_barh(bars, (row - 0.38 + 0.76 * number / of, 0.76 / of), facecolors=colour,
                                 edgecolors=colour, linewidth=0.3)


def _curve(axis, curve, options):
    """Draw the score; where many points share a place, the range of their scores."""
    _plain(axis, "score of a change")
    axis.tick_params(axis="y", colors=GREY, labelsize=8)
    times, low, high = thin_curve(curve, round(options.width_in * options.dpi))
    axis.fill_between(times, low, high, color=CURVE, linewidth=0.8, zorder=2)
    if not len(times):
        say(axis, "no scores")


def _width(count):
    """Return the points that a line may be wide where there are `count` of them."""
    return float(np.clip(150 / max(count, 1), 0.35, 1.1))


def _lines(axis, times, colour, dash, zorder):
    """Draw change points as lines from the bottom to the top."""
    if times is not None:
        axis.vlines(times, 0, 1, transform=axis.get_xaxis_transform(), color=colour, linestyle=dash,
                    linewidth=_width(len(times)), zorder=zorder)


def _legend(figure, cast, wanted, changes):
    """Name the colours and the lines beneath everything."""
    ref, hyp = cast.shades()
    first = {r: h for h, r in reversed(cast.mapping.items())}
    people = [(pair(first[s], s) if s in first else short(s), c) for s, c in ref.items()]
    people += [(short(s), c) for s, c in hyp.items() if s not in cast.mapping]
    marks = [Patch(color=colour, label=name) for name, colour in people[:MOST_NAMES]]
    marks += [Line2D([], [], color=WANTED, linestyle=":", label="change in the reference")] * (wanted is not None)
    marks += [Line2D([], [], color=FOUND, label="change that was found")] * (changes is not None)
    if marks:
        figure.legend(handles=marks, loc="outside lower left", ncols=max(1, int(figure.get_figwidth() / 2.4)),
                      frameon=False, fontsize=8)


def sound_of(file, least):
    """Return the Sound of an AudioFile, at least `least` stretches of it, read once and block by block."""
    extremes, step_n, total_n = envelope(file.blocks(), least)
    if not total_n:
        raise DiarkitError(f"{file.entry}: no samples")
    return Sound(extremes, step_n, file.options.sample_rate, total_n / file.options.sample_rate)
