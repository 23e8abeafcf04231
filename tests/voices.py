"""Speakers made by the tests: syllables of a pitch of their own, with pauses, in several containers."""

import numpy as np
import soundfile

RATE = 16000
PITCHES = {"ann": 210.0, "bob": 115.0, "eve": 180.0, "dan": 140.0}


def syllables(seconds, hertz, seed):
    """Harmonics that swell four times a second under a little noise: (N,) float32, loud throughout."""
    rng, time_s = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * hertz * time_s + 3 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * time_s)
    voice = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 15))
    voice += 0.3 * rng.standard_normal(len(time_s))
    return (0.05 * voice * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time_s))).astype(np.float32)


def utterance(hertz, seed):
    """Silence, speech, a pause of 0.7 s, speech, silence."""
    rng, quiet = np.random.default_rng(seed), np.zeros(RATE, np.float32)
    first, second = (syllables(rng.uniform(0.8, 3), hertz, seed + n) for n in range(2))
    return np.concatenate([quiet[:RATE // 3], first, quiet[:round(0.7 * RATE)], second, quiet[:RATE // 4]])


def speaker_folder(folder, names=tuple(PITCHES), count=3):
    """Write wav.scp and utt2spk of some speakers with real audio files, and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, speakers = [], []
    for index, name in enumerate(names):
        for number in range(count):
            key, ending = f"{name}-{number}", ("wav", "flac", "ogg")[number % 3]
            soundfile.write(folder / f"{key}.{ending}", utterance(PITCHES[name], 10 * index + number), RATE)
            lines.append(f"{key} {folder}/{key}.{ending}\n")
            speakers.append(f"{key} {name}\n")
    (folder / "wav.scp").write_text("".join(lines))
    (folder / "utt2spk").write_text("".join(speakers))
    return folder
