"""The turns of every recording of a set, from one RTTM."""

from diarkit.annotation import read_reco2dur, read_rttm
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options

NAMES_SHOWN = 5


@options
class ReferenceOptions:
    """Reference."""

    ref: str | None = opt(None, "RTTM of the reference")
    uem: str | None = opt(None, "UEM that names what counts for the DER and the colours; none: whole recordings")

    def check(self):
        if self.uem and not self.ref:
            raise UsageError("--uem says what part of a reference counts: give --ref too")


def read_turns(rttm, reco2dur):
    """Return ({reco: [Turn]} with every recording of reco2dur, also where nobody speaks, and {reco: seconds}).

    Raises DiarkitError for recordings of the RTTM that reco2dur does not have.
    """
    durations, turns = read_reco2dur(reco2dur), read_rttm(rttm)
    unknown = sorted(set(turns) - set(durations))
    if unknown:
        raise DiarkitError(f"{rttm}: {len(unknown)} recordings are not in {reco2dur}: "
                           f"{', '.join(unknown[:NAMES_SHOWN])}. Give the reco2dur of this set")
    return {reco: turns.get(reco, []) for reco in durations}, durations
