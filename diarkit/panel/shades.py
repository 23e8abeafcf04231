"""Colours of the panel that colour-blind people tell apart."""

import colorsys

from diarkit.export.palette import GOLDEN

# Okabe and Ito 2008, "Color universal design": blue, orange, green, purple, sky, vermilion; then two of Tol's.
FIRST = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c7a00", "#882255")


def shades(count):
    """Return `count` colours as #rrggbb: eight chosen ones, then hues at golden steps in varying lightness."""
    more = []
    for number in range(max(0, count - len(FIRST))):
        red_green_blue = colorsys.hls_to_rgb((0.05 + GOLDEN * number) % 1, (0.36, 0.5, 0.64)[number % 3], 0.55)
        more.append("#" + "".join(f"{round(255 * x):02x}" for x in red_green_blue))
    return [*FIRST[:count], *more]
