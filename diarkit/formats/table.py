"""Tables that tile a recording: `segment_001 0.00 2.57 NON_SPEECH`, with the speaker's name where somebody talks."""

from diarkit.errors import data_error
from diarkit.formats.common import last_s, lines_of, number_of, reco_of, ticks, turn_of

SILENCE = "NON_SPEECH"


def write(turns, reco=None, duration_s=None):
    """Return one row per turn and one per silence between them, in time order, in hundredths of a second."""
    rows, reached = [], 0
    for t in sorted(turns, key=lambda t: (t.start_s, t.end_s)):
        start, end = ticks(t, 100)
        if start > reached:
            rows.append((reached, start, SILENCE))
        rows.append((start, end, t.speaker))
        reached = max(reached, end)
    total = round(last_s(turns, duration_s) * 100)
    if total > reached:
        rows.append((reached, total, SILENCE))
    return "".join(f"segment_{n:03d} {a / 100:.2f} {b / 100:.2f} {name}\n" for n, (a, b, name) in enumerate(rows, 1))


def read(path):
    """Yield the Turns of such a table; rows of NON_SPEECH are passed over."""
    for number, line in lines_of(path):
        parts = line.split(maxsplit=3)
        if len(parts) != 4:
            raise data_error(path, number, f"{len(parts)} columns", "Write `<segment> <start> <end> <speaker>`")
        start_s, end_s = (number_of(path, number, text, name) for text, name in zip(parts[1:], ("start", "end")))
        if parts[3].strip() != SILENCE:
            yield turn_of(path, number, reco_of(path), start_s, end_s, parts[3])
