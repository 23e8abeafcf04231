"""RTTM, NIST's Rich Transcription Time Marked: the format of every scorer."""

from diarkit.annotation import read_rttm, read_zones, rttm_line
from diarkit.formats.common import Ignored


def write(turns, reco, duration_s=None):
    """Return RTTM with three decimals; column 9 is the confidence where a turn has one."""
    return "".join(f"{line}\n" for turn in turns if (line := rttm_line(turn, reco)))


def read(path):
    """Yield the Turns of an RTTM, and Ignored for its NOSCORE lines."""
    for turns in read_rttm(path).values():
        yield from turns
    for reco, zones in read_zones(path).items():
        yield from (Ignored(reco, zone.start_s, zone.end_s) for zone in zones if zone.kind == "NOSCORE")
