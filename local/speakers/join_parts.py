#!/usr/bin/env python3
"""Join the part train of a corpus and some speakers of the part test: those to be held out of a training.

Taken are the first speakers by name who have two utterances or more. Writes wav.scp, utt2spk and dev.list, which names
the speakers of the part test.
"""

import os
from collections import Counter

from diarkit import cli
from diarkit.datadir.freshness import checksum, replaced_folder
from diarkit.errors import DiarkitError
from diarkit.files import read_table, write_text
from diarkit.options import opt, options


@options
class JoinOptions:
    """Speakers of the part test."""

    speakers: int = opt(24, "how many of each corpus", low=1)


def tables(folder):
    """Return {utterance: entry of wav.scp}, {utterance: speaker} and {utterance: corpus} of a data directory."""
    return [read_table(os.path.join(folder, name)) for name in ("wav.scp", "utt2spk", "utt2group")]


def first_speakers(speaker_of, corpus_of, count):
    """Return the set of the first so many speakers of each corpus."""
    spoken, corpora = Counter(speaker_of.values()), {}
    for speaker, corpus in sorted({(speaker, corpus_of[key]) for key, speaker in speaker_of.items()}):
        if spoken[speaker] >= 2:
            corpora.setdefault(corpus, []).append(speaker)
    return {speaker for group in corpora.values() for speaker in group[:count]}


def main(train, test, target, given):
    """Write the joined data directory, or leave alone the one that was made of these two."""
    (wavs, speakers, _), (more_wavs, more_speakers, corpora) = tables(train), tables(test)
    held_out = first_speakers(more_speakers, corpora, given.speakers)
    if len(held_out) < 2:
        raise DiarkitError(f"{test}: {len(held_out)} speakers with two utterances; two at least are needed")
    for key in (key for key, speaker in more_speakers.items() if speaker in held_out):
        wavs[key], speakers[key] = more_wavs[key], more_speakers[key]
    with replaced_folder(target, checksum((given, wavs, speakers), [])) as folder:
        if folder is None:
            cli.log(f"{target} is up to date")
            return
        write_text(os.path.join(folder, "wav.scp"), [f"{key} {wavs[key]}" for key in sorted(wavs)])
        write_text(os.path.join(folder, "utt2spk"), [f"{key} {speakers[key]}" for key in sorted(wavs)])
        write_text(os.path.join(folder, "dev.list"), sorted(held_out))
    cli.log(f"{target}: {len(wavs)} utterances, {len(held_out)} speakers to measure on")


if __name__ == "__main__":
    cli.run(main, __doc__, ("train-dir", "test-dir", "target-dir"), JoinOptions)
