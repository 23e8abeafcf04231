"""Colours that tell speakers apart."""

import colorsys

GREY = "#666666"
FIRST = ("#3b7dd8", "#e8743b", "#2fa866", "#b54bb0", "#e0b000", "#19a9b8", "#d6456b", "#7a5ad0", "#8a9a2b", "#9c6b4e")
GOLDEN = 0.618034  # steps of the golden ratio round the circle of hues never come close to one another


def colours(count):
    """Return `count` different colours as #rrggbb: ten chosen ones, then hues at golden steps in varying lightness."""
    more = []
    for number in range(max(0, count - len(FIRST))):
        red_green_blue = colorsys.hls_to_rgb((0.05 + GOLDEN * number) % 1, (0.38, 0.52, 0.66)[number % 3], 0.6)
        more.append("#" + "".join(f"{round(255 * x):02x}" for x in red_green_blue))
    return [*FIRST[:count], *more]
