"""Speech as the reference has it: the union of its turns."""

import functools

from diarkit.annotation import read_rttm
from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.vad.spans import union


@options
class OracleOptions:
    """Oracle (--method=oracle)"""

    oracle_rttm: str | None = opt(None, "the reference: who speaks when")


class Oracle:
    """Speech by a reference RTTM; a recording without a turn in it is silent."""

    def __init__(self, options=None):
        self.options = options or OracleOptions()
        if not self.options.oracle_rttm:
            raise UsageError("--method=oracle needs --oracle-rttm=FILE")
        self.turns = _read_rttm(self.options.oracle_rttm)

    def __call__(self, audio, reco):
        """Return speech as (R, 2) seconds; reco: the recording's name in the reference."""
        return union([(turn.start_s, turn.end_s) for turn in self.turns.get(reco, [])])


_read_rttm = functools.cache(read_rttm)
