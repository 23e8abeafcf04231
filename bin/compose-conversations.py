#!/usr/bin/env python3
"""Compose conversations with a reference out of utterances of single speakers.

Reads <wav-scp> (one utterance a line) and <utt2spk>; writes <out-dir>/audio/*.flac, wav.scp, reco2dur, ref.rttm,
ref.uem and reco2num_spk. [utt2group] keeps a conversation within one group (a corpus, a room), so that a change of
channel never gives a change of speaker away.
"""

import os

import numpy as np
import soundfile

from diarkit import cli
from diarkit.annotation import Turn, write_rttm, write_uem
from diarkit.audio import AudioOptions, read_audio
from diarkit.compose import ComposeOptions, mix, schedule
from diarkit.errors import DiarkitError
from diarkit.files import read_table, write_text


def main(wav_scp, utt2spk, out, utt2group, options):
    wavs, speaker_of = read_table(wav_scp), read_table(utt2spk)
    group_of = read_table(utt2group) if utt2group else dict.fromkeys(wavs, "all")
    groups = {}
    for utterance in wavs:
        groups.setdefault(group_of[utterance], {}).setdefault(speaker_of[utterance], []).append(utterance)
    usable = sorted(g for g, speakers in groups.items() if len(speakers) >= options.max_speakers)
    if not usable:
        raise DiarkitError(f"{utt2spk}: no group has {options.max_speakers} speakers. Lower --max-speakers")
    audio = AudioOptions(sample_rate=options.sample_rate)
    os.makedirs(os.path.join(out, "audio"), exist_ok=True)
    tables = {"wav.scp": [], "reco2dur": [], "reco2num_spk": []}
    turns, spans = [], {}
    for index in cli.progress(range(options.num_conversations)):
        rng = np.random.default_rng([options.seed, index])
        speakers = groups[usable[index % len(usable)]]
        count = int(rng.integers(options.min_speakers, options.max_speakers + 1))
        chosen = {s: speakers[s] for s in rng.choice(sorted(speakers), count, replace=False)}
        sounds = {u: read_audio(wavs[u], audio) for us in chosen.values() for u in us}
        placed = schedule(chosen, {u: len(x) / audio.sample_rate for u, x in sounds.items()}, options, rng)
        samples, spoken = mix(placed, sounds.get, options, rng)
        reco = f"{options.prefix}{index:04d}"
        path = os.path.join(out, "audio", f"{reco}.flac")
        soundfile.write(path, samples, options.sample_rate)
        turns += [Turn(reco, a, b, speaker) for a, b, speaker in spoken]
        spans[reco] = [(0.0, len(samples) / options.sample_rate)]
        for name, value in zip(tables, (path, f"{spans[reco][0][1]:.3f}", count)):
            tables[name].append(f"{reco} {value}")
    for name, lines in tables.items():
        write_text(os.path.join(out, name), lines)
    write_rttm(os.path.join(out, "ref.rttm"), turns)
    write_uem(os.path.join(out, "ref.uem"), spans)


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-scp", "utt2spk", "out-dir", "[utt2group]"), ComposeOptions)
