"""Compose conversations out of single utterances, with a reference: who speaks when is known because we placed it."""

import numpy as np
from scipy.ndimage import binary_closing, uniform_filter1d

from diarkit.errors import UsageError
from diarkit.options import opt, options


@options
class ComposeOptions:
    """How the composed conversations sound."""

    num_conversations: int = opt(10, "conversations to compose", low=1)
    duration: float = opt(600.0, "least length of a conversation in seconds", above=0)
    min_speakers: int = opt(2, "fewest speakers", low=1)
    max_speakers: int = opt(7, "most speakers", low=1)
    same_speaker: float = opt(0.25, "probability that the speaker goes on after a pause", low=0, below=1)
    overlap: float = opt(0.2, "probability that a change of speaker overlaps", low=0, high=1)
    mean_pause: float = opt(0.6, "mean pause in seconds, exponential", above=0)
    mean_overlap: float = opt(0.5, "mean overlap in seconds, exponential", above=0)
    gain_db: float = opt(6.0, "largest difference of a speaker's level from the mean, either way, in dB", low=0)
    min_snr_db: float = opt(5.0, "least level of the speech over a pink background noise in dB")
    max_snr_db: float = opt(25.0, "greatest level; each conversation draws its own between the two")
    prefix: str = opt("conv", "ids are this and a number of four digits")
    seed: int = opt(0, "seed of every random choice")
    sample_rate: int = opt(16000, "samples per second", low=8000)

    def check(self):
        """Refuse empty ranges."""
        if self.max_speakers < self.min_speakers:
            raise UsageError(f"--max-speakers {self.max_speakers} is below --min-speakers {self.min_speakers}")
        if self.max_snr_db < self.min_snr_db:
            raise UsageError(f"--max-snr-db {self.max_snr_db:g} is below --min-snr-db {self.min_snr_db:g}")


def speech_spans(samples, rate, floor_db=-38.0, pause_s=0.35):
    """Return [(start_s, end_s)] of the speech in a clean utterance: pauses shorter than pause_s do not divide it.

    samples: (N,) float32 of one utterance with a quiet background.
    """
    hop_n = rate // 100
    frames = len(samples) // hop_n
    if not frames:
        return []
    energy = (samples[:frames * hop_n].reshape(frames, hop_n) ** 2).mean(axis=1)
    loud = uniform_filter1d(energy, 5) > energy.max() * 10 ** (floor_db / 10)
    width = round(pause_s * 100)
    padded = np.pad(loud, width)
    active = binary_closing(padded, np.ones(width))[width:-width]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    return [(a / 100, b / 100) for a, b in edges.reshape(-1, 2)]


def pink_noise(count_n, rng):
    """Return (N,) float32 noise of unit power whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(count_n).astype(np.float32))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, count_n)
    return (noise / np.sqrt(np.mean(noise ** 2))).astype(np.float32)


def schedule(speakers, lengths_s, options, rng):
    """Place utterances one after another; return [(start_s, speaker, utterance)].

    speakers: {speaker: [utterance]}; lengths_s: {utterance: seconds}. No speaker overlaps with himself, and no
    utterance comes again before the speaker's others have been used.
    """
    decks, names = {s: [] for s in speakers}, sorted(speakers)
    free_s = dict.fromkeys(names, 0.0)
    placed, now_s, last = [], 0.0, None
    waiting = list(rng.permutation(names))  # everyone gets to speak before chance decides
    while now_s < options.duration or waiting:
        others = [n for n in names if n != last]
        stays = last is not None and (not others or rng.random() < options.same_speaker)
        speaker = last if stays else waiting.pop() if waiting else str(rng.choice(others))
        if not decks[speaker]:
            decks[speaker] = list(rng.permutation(speakers[speaker]))
        utterance = str(decks[speaker].pop())
        gap_s = rng.exponential(options.mean_pause)
        if not stays and placed and rng.random() < options.overlap:
            gap_s = -min(rng.exponential(options.mean_overlap), 0.8 * lengths_s[placed[-1][2]])
        start_s = max(now_s + gap_s, free_s[speaker], 0.0)
        placed.append((start_s, str(speaker), utterance))
        now_s, last = max(now_s, start_s + lengths_s[utterance]), speaker
        free_s[speaker] = start_s + lengths_s[utterance]
    return placed


def mix(placed, audio, options, rng):
    """Return (samples (N,) float32, [(start_s, end_s, speaker)]) of a schedule.

    audio: function from an utterance to its samples. Each speaker keeps one level; a pink noise lies under it all.
    """
    rate, levels, turns = options.sample_rate, {}, []
    sounds = {u: audio(u) for _, _, u in placed}
    total_n = max(round(start_s * rate) + len(sounds[u]) for start_s, _, u in placed) + rate // 2
    mixed = np.zeros(total_n, np.float32)
    for start_s, speaker, utterance in placed:
        sound = sounds[utterance]
        level = levels.setdefault(speaker, 10 ** (rng.uniform(-options.gain_db, options.gain_db) / 20))
        start_n = round(start_s * rate)
        rms = np.sqrt(np.mean(sound ** 2)) + 1e-9
        mixed[start_n:start_n + len(sound)] += sound * (0.05 * level / rms)
        turns += [(start_n / rate + a, start_n / rate + b, speaker) for a, b in speech_spans(sound, rate)]
    snr_db = rng.uniform(options.min_snr_db, options.max_snr_db)
    mixed += pink_noise(total_n, rng) * 0.05 * 10 ** (-snr_db / 20)
    return mixed * min(1.0, 0.9 / np.abs(mixed).max()), sorted(turns)
