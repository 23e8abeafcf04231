#!/usr/bin/env python3
"""What the Bi-LSTM change detector costs: `tests/bench/bench_change.py [seconds of audio] [windows of a step]`.

Features and detection: CPU seconds per second of audio. Training: windows per second, and hours of windows that start
every 0.8 s per hour, for threads and precisions, and the ratio to the first row; each row is the better of two.
"""

import functools
import os
import sys
import tempfile
import time

import numpy as np
import torch

from diarkit.change.detect import DetectOptions, Detector
from diarkit.change.grid import RATE_HZ, STEP_S, WINDOW_T
from diarkit.change.network import ChangeNet
from diarkit.change.training import TrainChangeOptions, train_round
from diarkit.features.change import ChangeFeats
from diarkit.training.smorms3 import Smorms3


class Noise:
    """Windows of noise in place of a ChangeSet."""

    def batch(self, windows):
        """Return features and labels of as many windows."""
        rng = np.random.default_rng(0)
        labels = rng.random((len(windows), WINDOW_T)) < 0.08
        return rng.normal(size=(len(windows), WINDOW_T, 35)).astype(np.float32), labels.astype(np.float32)


def least(work, clock):
    """Return the less of two costs of work() on a clock."""
    costs = []
    for _ in range(2):
        start = clock()
        work()
        costs.append(clock() - start)
    return min(costs)


def untrained(step_s):
    """Return a Detector of random weights."""
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save({"state_dict": ChangeNet().state_dict()}, file.name)
        return Detector(DetectOptions(model=file.name, step_s=step_s))


def main(seconds=300.0, batch=256):
    """Print one line per setting."""
    samples = np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)
    feats = ChangeFeats()(samples)
    rows = {"features": lambda: ChangeFeats()(samples)}
    for step_s in (0.8, 1.6, 3.1):
        rows[f"detection step-s={step_s}"] = functools.partial(untrained(step_s), feats)
    for name, work in rows.items():
        print(f"{name:36s} CPU {least(work, time.process_time) / seconds:.5f} s per second")
    first = None
    for threads in dict.fromkeys((1, 2, os.cpu_count())):
        for precision in ("float32", "bfloat16"):
            opts, network = TrainChangeOptions(training_threads=threads, precision=precision), ChangeNet()
            torch.set_num_threads(threads)
            optimiser, windows = Smorms3(network.parameters()), np.zeros((int(batch), 2), int)
            took = least(lambda: train_round(network, optimiser, Noise(), windows, 1, opts), time.perf_counter)  # noqa: B023
            speed = batch / took
            first = first or speed
            print(f"{f'training threads={threads} {precision}':36s} {speed / first:6.2f} x, {speed:.0f} windows/s, "
                  f"{speed * STEP_S:.0f} h of windows an hour")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
