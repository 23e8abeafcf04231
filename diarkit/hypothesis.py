"""What a step that finds turns leaves: hyp.rttm and talk_time."""

from diarkit.annotation import write_rttm
from diarkit.files import write_text
from diarkit.turns import talk_time


def write_hypothesis(rttm, seconds_path, turns):
    """Write {reco: [Turn]} as one RTTM, recordings in the order of their names.

    seconds_path: where each speaker's seconds go, `<reco> <speaker> <seconds>`; None for nowhere.
    """
    write_rttm(rttm, [turn for reco in sorted(turns) for turn in turns[reco]])
    if seconds_path:
        write_text(seconds_path, (f"{reco} {speaker} {seconds:.3f}" for reco in sorted(turns)
                                  for speaker, seconds in talk_time(turns[reco]).items()))
