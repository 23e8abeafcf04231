"""The turns of every recording of a set, from one RTTM."""

from diarkit.annotation import read_reco2dur, read_rttm
from diarkit.errors import DiarkitError

NAMES_SHOWN = 5


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
