#!/usr/bin/env python3
"""Simulate conversations with a reference out of utterances of single speakers.

Reads <speakers>, a folder with wav.scp (one utterance a line), utt2spk and, where a conversation is to stay within one
group of speakers, utt2group; and <conversations>, lines `<id> <number>` of plan-conversations.py. Writes
<out-dir>/audio/<id>.flac, <out-dir>/turns/<id>.rttm and <id>.conditions, and [wav.scp] (<out-dir>/wav.scp).
A conversation that is there already, made of the same options and utterances, is left as it is, so that a stopped run
goes on where it was.
"""

import contextlib
import os

import soundfile

from diarkit import cli
from diarkit.annotation import Turn, write_rttm
from diarkit.files import atomic, read_number_table, read_table, write_text
from diarkit.simulate import AcousticOptions, ConversationOptions, Pool, Simulator


def main(speakers, conversations, out, wav_scp, talk, sound):
    simulator = Simulator(Pool(speakers, talk.sample_rate, talk.same_group), talk, sound)
    numbers, lines = read_number_table(conversations, int), []
    for name in ("audio", "turns"):
        os.makedirs(os.path.join(out, name), exist_ok=True)

    def work(reco, number):
        path, stem = os.path.join(out, "audio", f"{reco}.flac"), os.path.join(out, "turns", reco)
        mark = simulator.fingerprint(number)
        if not os.path.exists(path) or read_table(f"{stem}.conditions").get("fingerprint") != mark:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # from here on it is not there, whatever happens
            made = simulator(number)
            write_rttm(f"{stem}.rttm", [Turn(reco, *turn) for turn in made.turns])
            conditions = {**made.conditions, "fingerprint": mark}
            write_text(f"{stem}.conditions", [f"{key} {value}" for key, value in conditions.items()])
            with atomic(path, "wb") as file:  # last: its presence is the proof
                soundfile.write(file, made.samples, talk.sample_rate, format="FLAC")
        lines.append(f"{reco} {path}")

    try:
        cli.for_each(numbers.items(), work, len(numbers))
    finally:
        write_text(wav_scp or os.path.join(out, "wav.scp"), lines)


if __name__ == "__main__":
    cli.run(main, __doc__, ("speakers", "conversations", "out-dir", "[wav.scp]"), ConversationOptions, AcousticOptions)
