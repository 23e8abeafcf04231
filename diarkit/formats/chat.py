"""CHAT of TalkBank (.cha): `*ABC:` tiers whose times stand between two bullets, U+0015, in milliseconds; read only."""

import re

from diarkit.errors import data_error
from diarkit.formats.common import lines_of, reco_of, turn_of

TIER = re.compile(r"\*([^:\s]+):\s")
BULLET = re.compile("\x15(?:%snd:\"[^\"]*\"_)?(\\d+)_(\\d+)-?\x15")


def read(path):
    """Yield a Turn from each bullet of each main tier; its speaker is the tier's code.

    An utterance without a bullet has no time: it is an error, because its speech would be missing from the reference.
    """
    tier, begun, timed = None, 0, True
    for number, line in lines_of(path):
        if not line.startswith("\t"):
            if tier and not timed:
                raise _untimed(path, begun, tier)
            match = TIER.match(line)
            tier, begun, timed = match[1] if match else None, number, False
        if tier:
            for found in BULLET.finditer(line):
                timed = True
                yield turn_of(path, number, reco_of(path), int(found[1]) / 1000, int(found[2]) / 1000, tier)
    if tier and not timed:
        raise _untimed(path, begun, tier)


def _untimed(path, line, tier):
    return data_error(path, line, f"this utterance of {tier} has no times",
                      "Link it to the sound, for example with CLAN, or delete it")
