"""Turn-taking of simulated conversations beside that of the model they were made after."""

from diarkit.simulate.turn_taking import LENGTHS, LEVELS

SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = {"speakers": "speakers of a recording, mean", "same_speaker": "who held the floor goes on, %",
         "overlap": "changes of speaker that overlap, %", "silence_share": "silence, % of the time",
         "overlap_share": "two or more at once, % of the time", "same_speaker_pause_s": "pause of one speaker, s",
         "other_speaker_pause_s": "pause at a change, s", "overlap_s": "overlap at a change, s", "turn_s": "turn, s"}


def compare(found, model=None):
    """Return [(what, model, found)] of two TurnTakings, numbers or None where there is nothing to compare."""
    rows = []
    for name, words in NAMES.items():
        values = [getattr(one, name) if one else None for one in (model, found)]
        if name in LENGTHS:
            for level in SHOWN:
                at = LEVELS.index(level)
                rows.append((f"{words}, {100 * level:.0f} % are shorter", *(v[at] if v else None for v in values)))
        else:
            factor = 100 if words.endswith("%") or "%" in words else 1
            rows.append((words, *(None if v is None else factor * v for v in values)))
    return rows


def as_tsv(rows):
    """Return the lines of statistics.tsv; what is not known is empty."""
    return ["what\tmodel\tfound"] + ["\t".join([row[0], *("" if v is None else f"{v:.3f}" for v in row[1:])])
                                     for row in rows]


def as_text(rows, count, hours):
    """Return the lines of statistics.txt, for people."""
    width = max(len(row[0]) for row in rows)
    lines = [f"{count} conversations, {hours:.2f} hours", "", f"{'':{width}}  {'model':>8}  {'found':>8}"]
    return lines + [f"{row[0]:{width}}  " + "  ".join(f"{'-':>8}" if v is None else f"{v:8.2f}" for v in row[1:])
                    for row in rows]
