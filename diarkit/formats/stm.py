"""STM, NIST's segment time marks: `<reco> <channel> <speaker> <start> <end> [<labels>] words`."""

from diarkit.errors import data_error
from diarkit.formats.common import Ignored, lines_of, number_of, one_word, turn_of

NOT_SCORED = "ignore_time_segment_in_scoring"
NOBODY = ("inter_segment_gap", "excluded_region")


def write(turns, reco, duration_s=None):
    """Return one line per turn with three decimals and no words."""
    return "".join(f"{reco} 1 {one_word(t.speaker)} {t.start_s:.3f} {t.end_s:.3f} <NA>\n" for t in turns)


def read(path):
    """Yield the Turns of an STM, and Ignored for what it keeps out of the score; gaps between segments are nobody's."""
    for number, line in lines_of(path):
        if line.startswith(";;"):
            continue
        parts = line.split(maxsplit=5)
        if len(parts) < 5:
            raise data_error(path, number, f"{len(parts)} columns", "Write `<reco> 1 <speaker> <start> <end> words`")
        start_s, end_s = (number_of(path, number, text, name) for text, name in zip(parts[3:], ("start", "end")))
        turn = turn_of(path, number, parts[0], start_s, end_s, parts[2])
        words = parts[5].lower() if len(parts) > 5 else ""
        if NOT_SCORED in words or parts[2].lower() == "excluded_region":
            yield Ignored(parts[0], start_s, end_s)
        elif parts[2].lower() not in NOBODY:
            yield turn
