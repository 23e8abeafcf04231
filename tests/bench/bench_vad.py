#!/usr/bin/env python3
"""How fast each speech detector is, as ratios to the fastest: `tests/bench/bench_vad.py [seconds of audio]`.

The audio is held in memory, so decoding is not counted. Each method is timed three times and the best counts.
"""

import sys
import time

import numpy as np

from diarkit.vad import Samples, SpeechDetector, VadOptions
from diarkit.windows import sliding_windows

RATE = 16000


def speech_like(seconds):
    """Return pulses and noise that come and go like syllables, with pauses."""
    at, random = np.arange(int(seconds * RATE)) / RATE, np.random.default_rng(0)
    loud = (np.sin(2 * np.pi * 4 * at) > 0) * (np.sin(2 * np.pi * at / 7) > -0.5)
    sound = np.sign(np.sin(2 * np.pi * 120 * at)) * 0.1 + random.normal(0, 0.05, len(at))
    return (sound * loud + random.normal(0, 1e-3, len(at))).astype(np.float32)


def best_of_three(work):
    """Return the shortest of three times, seconds."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main(seconds=600.0):
    """Print one line per method."""
    audio = Samples(speech_like(seconds), RATE)
    detectors = {m: SpeechDetector(VadOptions(method=m)) for m in ("energy", "webrtc", "silero")}
    spent = {m: best_of_three(lambda d=d: d(audio)) for m, d in detectors.items()}
    spans = np.arange(0, seconds, 4)[:, None] + [0, 3]
    spent["windows"] = best_of_three(lambda: sliding_windows(spans))
    fastest = min(spent[m] for m in detectors)
    for name, value in sorted(spent.items(), key=lambda item: item[1]):
        print(f"{name:8s} {value / fastest:8.2f} x the fastest detector, {value / seconds * 3600:8.2f} s per hour")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
