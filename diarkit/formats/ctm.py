"""CTM, NIST's time-marked words: here of speakers, `<reco> <channel> <start> <duration> <speaker> [confidence]`."""

from diarkit.errors import data_error
from diarkit.formats.common import confidence_of, lines_of, milliseconds, number_of, one_word, turn_of

WORD_COLUMNS = 8  # <reco> <channel> <start> <duration> <word> <confidence> <type> <speaker>


def write(turns, reco, duration_s=None):
    """Return one line per turn with three decimals; a speaker stands where a word would."""
    def line(t):
        start_ms, end_ms = milliseconds(t.start_s), milliseconds(t.end_s)
        sure = confidence_of(t)
        return (f"{reco} 1 {start_ms / 1000:.3f} {(end_ms - start_ms) / 1000:.3f} {one_word(t.speaker)}"
                + ("" if sure is None else f" {sure:.3f}"))
    return "".join(f"{line(t)}\n" for t in turns if milliseconds(t.end_s) > milliseconds(t.start_s))


def read(path):
    """Yield the Turns of a CTM of speakers, or of one of words with the speaker in column 8."""
    for number, line in lines_of(path):
        parts = line.split()
        if line.startswith((";;", "#")):
            continue
        if len(parts) not in (5, 6, WORD_COLUMNS):
            raise data_error(path, number, f"{len(parts)} columns",
                             "Write `<reco> 1 <start> <duration> <speaker> [confidence]`")
        start_s, dur_s = (number_of(path, number, t, n) for t, n in zip(parts[2:], ("start", "duration")))
        sure = parts[5] if len(parts) > 5 and parts[5].upper() not in ("NA", "<NA>") else None
        yield turn_of(path, number, parts[0], start_s, start_s + dur_s,
                      parts[7] if len(parts) == WORD_COLUMNS else parts[4],
                      None if sure is None else number_of(path, number, sure, "confidence"))
