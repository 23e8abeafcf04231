#!/usr/bin/env python3
"""Write a list of trials of the utterances of utt2spk: `<utterance> <utterance> target|nontarget`.

No utterance meets itself. With --utt2group two speakers of a trial come from one group, say one corpus: speakers of
different corpora are told apart by their microphones.
"""

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.files import read_table
from diarkit.verification.trials import TrialOptions, make_trials, write_trials


def main(utt2spk, trials, options):
    """Draw and write the trials."""
    speaker_of = read_table(utt2spk)
    group_of = read_table(options.utt2group) if options.utt2group else None
    missing = [key for key in speaker_of if group_of is not None and key not in group_of]
    if missing:
        raise DiarkitError(f"{options.utt2group}: {len(missing)} utterances have no group, such as {missing[0]}")
    groups = [group_of[key] for key in speaker_of] if group_of is not None else None
    enrolled, tests, same = make_trials(list(speaker_of.values()), groups, options)
    write_trials(trials, list(speaker_of), enrolled, tests, same)
    cli.log(f"{same.sum()} trials of one speaker, {(~same).sum()} of two")


if __name__ == "__main__":
    cli.run(main, __doc__, ("utt2spk", "trials"), TrialOptions)
