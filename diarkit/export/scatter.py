"""A picture of the vectors of a recording: near one another where the voices are alike, coloured by who they are."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from diarkit.errors import DiarkitError
from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, head, pair, say, short, style
from diarkit.export.project import project, spread
from diarkit.options import opt, options
from diarkit.turns import speaker_name

SHAPES = "osD^vPX*<>ph"  # of the reference speakers, the most talkative first
NOBODY, WRONG, MOST_NAMES = ".", "#111111", 24
AREA = (24.0, 110.0)  # points squared, of the shortest and the longest


@options
class ScatterOptions(PictureOptions):
    """Pictures of clusters."""

    width_in: float = opt(9.0, "width, inches", low=4, high=200)


class Points(NamedTuple):
    """What is drawn of a recording: vectors (N, D), labels (N,) speaker numbers, and of each vector, where it is known,
    the seconds of speech (N,) and the reference speaker who talks most (N,), "" for nobody."""

    vectors: np.ndarray
    labels: np.ndarray
    seconds: np.ndarray | None = None
    who: np.ndarray | None = None

    def only(self, rows):
        """Return these rows alone."""
        return Points(*(None if column is None else column[rows] for column in self))


def points_of(vectors, labels, seconds=None, who=None):
    """Return Points without those that have no speaker (a negative label) or no vector (a row of zeros).

    labels: (N,) or, of local speakers, (W, 3), whose row 3 w + k of the vectors is local speaker k of window w.
    """
    labels, vectors = np.asarray(labels).ravel(), np.asarray(vectors)
    vectors = vectors if vectors.size else np.zeros((0, 0), np.float32)
    if len(vectors) != len(labels):
        raise DiarkitError(f"{len(vectors)} vectors and {len(labels)} labels. Give the vectors that these labels were "
                           "made of")
    found = Points(vectors, labels.astype(np.int64), seconds, who)
    for name, column in (("lengths", seconds), ("reference speakers", who)):
        if column is not None and len(column) != len(labels):
            raise DiarkitError(f"{len(labels)} labels and {len(column)} {name} of windows. Give the windows of these "
                               "vectors")
    return found.only(np.flatnonzero((found.labels >= 0) & (vectors != 0).any(axis=1)))


def draw(reco, points, cast, projection=None, options=None):
    """Return a matplotlib Figure of the Points of one recording, in the colours of its Cast's timeline.

    The size tells the seconds of speech, the shape who talks by the reference, a dark rim that this is another one
    than the reference speaker whom the label's speaker is taken for.
    """
    options, total = options or ScatterOptions(), len(points.labels)
    counts = dict(zip(*np.unique(points.labels, return_counts=True)))
    points = points.only(spread(points.labels, projection.most if projection else total))
    places, words, method = project(points.vectors, projection)
    with style():
        figure = Figure(figsize=(options.width_in, 0.72 * options.width_in), dpi=options.dpi, layout="constrained")
        axis = figure.subplots()
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_color("#cccccc")
        axis.set_xlabel(words[0], color=GREY)
        axis.set_ylabel(words[1], color=GREY)
        shown = f"{len(places)} of {total}" if total > len(places) else f"{total}"
        head(axis, reco, f"{method} of {shown} vector{'s' * (total != 1)}" if total else "")
        if total:
            _marks(axis, places, points, cast)
            _legend(figure, points, cast, counts)
        else:
            say(axis, "no vectors")
    return figure


def _areas(seconds, count):
    if seconds is None or not count or np.ptp(seconds) < 1e-6:
        return np.full(count, 45.0)
    return AREA[0] + (AREA[1] - AREA[0]) * (seconds - seconds.min()) / np.ptp(seconds)


def shapes(who):
    """Return {reference speaker: marker} of (N,) names, the most frequent first; "" is a dot."""
    names, counts = np.unique(who.astype(str), return_counts=True) if len(who) else ((), np.zeros(0))
    order = [str(names[i]) for i in np.argsort(-counts, kind="stable") if names[i]]
    return {name: SHAPES[n % len(SHAPES)] for n, name in enumerate(order)} | {"": NOBODY}


def is_wrong(points, mapping):
    """Return (N,) bool: the reference speaker who talks most is not the one the label's speaker is taken for."""
    if points.who is None or not mapping:
        return np.zeros(len(points.labels), bool)
    taken = np.array([mapping.get(speaker_name(label)) for label in points.labels], object)
    return (points.who != "") & (points.who != taken)


def _paint(points, cast):
    """Return {label: colour}."""
    names = {label: speaker_name(label) for label in np.unique(points.labels)}
    shade = cast.shades(names.values())[1]
    return {label: shade[name] for label, name in names.items()}


def _marks(axis, places, points, cast):
    """Draw every vector, the large ones first so that no small one is hidden."""
    colour, areas, wrong = _paint(points, cast), _areas(points.seconds, len(places)), is_wrong(points, cast.mapping)
    paint = np.array([colour[label] for label in points.labels])
    who = np.full(len(places), "") if points.who is None else points.who
    for name, shape in shapes(who).items():
        rows = np.flatnonzero(who == name)
        rows = rows[np.argsort(-areas[rows], kind="stable")]
        shape, larger = ("o", 1) if points.who is None else (shape, 2.5 if shape == NOBODY else 1)
        axis.scatter(*places[rows].T, s=areas[rows] * larger, c=paint[rows], marker=shape, alpha=0.9,
                     edgecolors=np.where(wrong[rows], WRONG, "#ffffff"), linewidths=np.where(wrong[rows], 1.1, 0.4))
    axis.margins(0.06)
    if np.ptp(places, axis=0).max() < 1e-9:
        axis.set(xlim=places[0, 0] + np.array([-1, 1]), ylim=places[0, 1] + np.array([-1, 1]))
    else:
        axis.set_aspect("equal", adjustable="datalim")


def _legend(figure, points, cast, counts):
    """Name the colours, and the shapes where there are any, beneath the picture."""
    paint, wrong = _paint(points, cast), is_wrong(points, cast.mapping)

    def mark(words, shape="o", colour="#bbbbbb", rim="none"):
        return Line2D([], [], linestyle="", marker=shape, color=colour, markeredgecolor=rim, markersize=6, label=words)

    names = [(speaker_name(label), label) for label in list(counts)[:MOST_NAMES]]
    marks = [mark(f"{pair(name, cast.mapping.get(name, name))} ({counts[label]})", colour=paint[label])
             for name, label in names]
    if points.who is not None:
        marks += [mark(f"{short(name)} talks" if name else "nobody talks", shape)
                  for name, shape in shapes(points.who).items() if (points.who == name).any()][:MOST_NAMES]
        marks += [mark("another one than taken for", rim=WRONG)] * bool(wrong.any())
    figure.legend(handles=marks, loc="outside lower left", ncols=max(1, int(figure.get_figwidth() / 2.2)),
                  frameon=False, fontsize=8)
