"""Audacity's label track: `<start> TAB <end> TAB <label>`."""

from diarkit.errors import data_error
from diarkit.formats.common import lines_of, number_of, reco_of, turn_of


def write(turns, reco=None, duration_s=None):
    """Return one line per turn, six decimals as Audacity writes them."""
    return "".join(f"{t.start_s:.6f}\t{t.end_s:.6f}\t{t.speaker}\n" for t in turns)


def read(path):
    """Yield the Turns of a label track; lines of frequencies (`\\`) are passed over."""
    for number, line in lines_of(path):
        if line.startswith("\\"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            raise data_error(path, number, f"{len(parts)} columns", "Write `<start> TAB <end> TAB <speaker>`")
        start_s, end_s = (number_of(path, number, text.strip(), name) for text, name in zip(parts, ("start", "end")))
        yield turn_of(path, number, reco_of(path), start_s, end_s, parts[2])
