"""A picture of several systems on many conditions: one bar of missed, false and confused speech for each."""

import numpy as np
from matplotlib.figure import Figure

from diarkit.export.palette import GREY
from diarkit.export.picture import PictureOptions, short
from diarkit.options import opt, options

SHADES = (("miss", 0.9), ("fa", 0.6), ("conf", 0.3))
NAMES = {"miss": "missed", "fa": "false alarm", "conf": "confused"}


@options
class ConditionOptions(PictureOptions):
    """Pictures."""

    row_in: float = opt(0.22, "height of a bar, inches", above=0, high=2)


def draw_conditions(rows, options=None):
    """Return a Figure with a group of bars for each condition, one bar for each system.

    rows: scoring.conditions.Row of every condition and system.
    """
    options = options or ConditionOptions()
    conditions, systems = (list(dict.fromkeys(column)) for column in zip(*(row[:2] for row in rows)))
    height_in = options.row_in * len(conditions) * (len(systems) + 1) + 1
    figure = Figure(figsize=(options.width_in, height_in), dpi=options.dpi, layout="constrained")
    axis = figure.add_subplot(xlabel="DER full, % of the speech")
    for number, system in enumerate(systems):
        own = {row.condition: row for row in rows if row.system == system}
        places = np.arange(len(conditions)) * (len(systems) + 1) + number
        left = np.zeros(len(conditions))
        for part, shade in SHADES:
            width = np.array([getattr(own[name], part) for name in conditions])
            axis.barh(places, width, 0.9, left, color=f"C{number}", alpha=shade,
                      label=f"{short(system)}, {NAMES[part]}")
            left += width
    axis.set_yticks(np.arange(len(conditions)) * (len(systems) + 1) + (len(systems) - 1) / 2, map(short, conditions))
    axis.invert_yaxis()
    axis.grid(axis="x", color=GREY, alpha=0.3)
    axis.legend(loc="lower right")
    return figure
