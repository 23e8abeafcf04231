"""The three ways a diarization is scored here, by name."""

from typing import NamedTuple


class Protocol(NamedTuple):
    """A way to score: name, collar_s removed on *each side* of a reference boundary, skip_overlap."""

    name: str
    collar_s: float
    skip_overlap: bool

    @property
    def overlap(self):
        """`scored` or `skipped`: what happens where two reference speakers talk at once."""
        return "skipped" if self.skip_overlap else "scored"

    def __str__(self):
        collar = f"{self.collar_s:g} s collar on each side of a reference boundary" if self.collar_s else "no collar"
        return f"{self.name}: {collar}, overlap {self.overlap}"


FULL = Protocol("full", 0.0, False)
FAIR = Protocol("fair", 0.25, False)
FORGIVING = Protocol("forgiving", 0.25, True)
PROTOCOLS = (FULL, FAIR, FORGIVING)
