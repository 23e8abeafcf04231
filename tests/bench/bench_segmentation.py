#!/usr/bin/env python3
"""What the local segmentation costs: `tests/bench/bench_segmentation.py [seconds of audio]`.

CPU seconds per second of audio, and the ratio to the first row, for engines, precisions, batches, hops and threads;
needs the pretrained weights. The audio is held in memory; each row is timed twice and the better time counts.
"""

import sys
import time

import numpy as np

from diarkit.segmentation import Segmenter, SegmentOptions
from diarkit.vad import Samples

RATE = 16000
BASE = dict(hop_s=2.5, precision="float32", batch=16, threads=1)
ROWS = [{}, dict(engine="onnx"), dict(engine="onnx", batch=1), dict(batch=1), dict(batch=32), dict(precision="auto"),
        dict(precision="auto", threads=2), dict(precision="auto", hop_s=5.0), dict(precision="auto", hop_s=1.0)]


def best_of_two(segmenter, audio):
    """Return the shorter of two (CPU seconds, wall seconds)."""
    times = []
    for _ in range(2):
        start, cpu = time.perf_counter(), time.process_time()
        segmenter(audio)
        times.append((time.process_time() - cpu, time.perf_counter() - start))
    return min(times)


def main(seconds=120.0):
    """Print one line per setting."""
    samples = np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)
    first = None
    for changes in ROWS:
        cpu, wall = best_of_two(Segmenter(SegmentOptions(**{**BASE, **changes})), Samples(samples, RATE))
        first = first or cpu
        name = " ".join(f"{key}={value}" for key, value in changes.items()) or "hop_s=2.5 float32 batch=16"
        print(f"{name:36s} {cpu / first:6.2f} x, CPU {cpu / seconds:.4f}, wall {wall / seconds:.4f} s per second")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
