"""Pictures of verification: DET curves, and a matrix of the distances between speakers."""

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from diarkit.errors import DiarkitError
from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, short
from diarkit.options import opt, options
from diarkit.verification.rates import det_points, equal_error_rate

TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
LEAST, MOST = 5e-4, 0.7


@options
class DetOptions(PictureOptions):
    """Pictures."""

    width_in: float = opt(6.0, "width, inches", low=3, high=40)
    most_utterances: int = opt(60, "of the matrix; more are thinned, every so many of them", low=2)


def draw_det(curves, options=None):
    """Return a Figure of DET curves on normal deviates; curves: {name: (scores (P,), same (P,) bool)}.

    Source: Martin et al. 1997, "The DET curve in assessment of detection task performance". A cross marks the equal
    error rate.
    """
    options = options or DetOptions()
    figure = Figure(figsize=(options.width_in, options.width_in), dpi=options.dpi, layout="constrained")
    axis = figure.add_subplot(xlabel="false alarms, %", ylabel="misses, %", aspect="equal")
    for name, (scores, same) in curves.items():
        points, rate = det_points(scores, same), equal_error_rate(scores, same)[0]
        line, = axis.plot(_deviate(points.alarms), _deviate(points.misses), drawstyle="steps-post",
                          label=f"{short(name)}, EER {100 * rate:.2f} %")
        axis.plot(_deviate(rate), _deviate(rate), "x", color=line.get_color())
    ends = _deviate(np.array([LEAST, MOST]))
    axis.plot(ends, ends, ":", color=GREY, linewidth=0.8)
    for side in (axis.xaxis, axis.yaxis):
        side.set_ticks(_deviate(np.array(TICKS)), [f"{100 * tick:g}" for tick in TICKS])
    axis.set(xlim=ends, ylim=ends)
    axis.grid(color=GREY, alpha=0.3)
    axis.legend(loc="upper right")
    return figure


def draw_distances(vectors, keys, speakers, options=None):
    """Return a Figure of 1 - cosine between utterances, those of a speaker together.

    vectors: (N, D); keys, speakers: (N,) names. A square is drawn around each speaker.
    """
    options = options or DetOptions()
    if len(vectors) < 2:
        raise DiarkitError(f"{len(vectors)} utterances have no distances")
    order = np.argsort(np.asarray(speakers), kind="stable")
    order = order[::-(-len(order) // options.most_utterances)]
    unit = vectors[order] / np.maximum(np.linalg.norm(vectors[order], axis=1, keepdims=True), 1e-12)
    names = [speakers[n] for n in order]
    figure = Figure(figsize=(options.width_in, options.width_in), dpi=options.dpi, layout="constrained")
    axis = figure.add_subplot()
    image = axis.imshow(1 - unit @ unit.T, cmap="viridis", vmin=0, vmax=1.2)
    ticks = range(len(order))
    for place, set_labels in ((axis.set_xticks, 90), (axis.set_yticks, 0)):
        place(ticks, [short(keys[n]) for n in order], rotation=set_labels, fontsize=5)
    for name in dict.fromkeys(names):
        first, count = names.index(name), names.count(name)
        axis.plot(first + np.array([0, 1, 1, 0, 0]) * count - 0.5, first + np.array([0, 0, 1, 1, 0]) * count - 0.5,
                  color="white", linewidth=1)
    figure.colorbar(image, label="1 - cosine", shrink=0.7)
    return figure


def _deviate(rates):
    return norm.ppf(np.clip(rates, 1e-5, 1 - 1e-5))
