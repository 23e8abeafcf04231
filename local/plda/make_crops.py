#!/usr/bin/env python3
"""Cut utterances into crops for training a PLDA, about half of the utterances with noise added.

Reads wav.scp and utt2spk of single utterances; writes <out-dir>/audio/*.flac, wav.scp, reco2dur, utt2spk and
subsegments (the crops: consecutive, of random lengths). Noise is pink, at a random level below the speech.
"""

import os
from pathlib import Path

import numpy as np
import soundfile

from diarkit import cli
from diarkit.annotation import make_segment, write_segments
from diarkit.audio import AudioOptions, read_audio
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_table, write_text
from diarkit.options import opt, options
from diarkit.simulate.noise import pink_noise


@options
class CropOptions:
    """Crops."""

    max_utterances: int = opt(16, "most utterances of one speaker, chosen at random", low=1)
    max_seconds: float = opt(10.0, "take at most this much of an utterance, seconds", above=0)
    min_crop: float = opt(1.5, "shortest crop, seconds; shorter utterances are left out", low=0.1)
    max_crop: float = opt(5.0, "longest crop, seconds")
    noisy: float = opt(0.5, "probability that an utterance gets noise", low=0, high=1)
    min_snr_db: float = opt(5.0, "least level of the speech over the noise, dB")
    max_snr_db: float = opt(25.0, "greatest level of the speech over the noise, dB")
    seed: int = opt(0, "seed of every random choice", low=0)

    def check(self):
        """Refuse empty ranges."""
        if self.max_crop < self.min_crop or self.max_snr_db < self.min_snr_db:
            raise UsageError("--max-crop must not be below --min-crop, nor --max-snr-db below --min-snr-db")


def choose(utt2spk, most, rng):
    """Return the utterances in order, at most `most` of each speaker."""
    by_speaker = {}
    for utterance in sorted(utt2spk):
        by_speaker.setdefault(utt2spk[utterance], []).append(utterance)
    return sorted(u for names in by_speaker.values() for u in rng.permutation(names)[:most])


def crops(duration_s, options, rng):
    """Return [(start_s, end_s)], one after the other, of random lengths; what is left over is too short."""
    found, at_s = [], 0.0
    while duration_s - at_s >= options.min_crop:
        end_s = min(at_s + rng.uniform(options.min_crop, options.max_crop), duration_s)
        found.append((at_s, end_s))
        at_s = end_s
    return found


def with_noise(sound, options, rng):
    """Return the samples with pink noise under them."""
    level = np.sqrt(np.mean(sound ** 2)) * 10 ** (-rng.uniform(options.min_snr_db, options.max_snr_db) / 20)
    sound = sound + level * pink_noise(len(sound), rng)
    return sound * min(1.0, 0.9 / np.abs(sound).max())


def main(wav_scp, utt2spk, out, options):
    """Write the crops of all utterances that are long enough."""
    rng, audio, out = np.random.default_rng(options.seed), AudioOptions(), Path(out)
    entries, speakers = read_table(wav_scp), read_table(utt2spk)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    segments, tables = [], {"wav.scp": [], "reco2dur": [], "utt2spk": []}
    for name in cli.progress(choose(speakers, options.max_utterances, rng), unit="utterances"):
        sound = read_audio(entries[name], audio)[:round(options.max_seconds * audio.sample_rate)]
        spans = crops(len(sound) / audio.sample_rate, options, rng)
        if rng.random() < options.noisy:
            sound = with_noise(sound, options, rng)
        if spans:
            path = out / "audio" / f"{name}.flac"
            soundfile.write(path, sound, audio.sample_rate)
            segments += [make_segment(name, *span) for span in spans]
            for key, value in zip(tables, (path, f"{len(sound) / audio.sample_rate:.3f}", speakers[name])):
                tables[key].append(f"{name} {value}")
    if not segments:
        raise DiarkitError(f"{wav_scp}: no utterance lasts {options.min_crop:g} s. Lower --min-crop")
    write_segments(out / "subsegments", segments)
    for key in tables:
        write_text(os.path.join(out, key), tables[key])


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav.scp", "utt2spk", "out-dir"), CropOptions)
