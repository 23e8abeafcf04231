#!/usr/bin/env python3
"""What one window of 1.5 s costs in each network on one thread, by batch size, and torch against ONNX Runtime.

Run by hand: OMP_NUM_THREADS=1 tests/bench/bench_embed.py. Processor time, the best of some rounds; the last column is
over the first line's, so that machines can be compared.
"""

import time

import numpy as np

from diarkit.models.network import open_network

WINDOW_T, ROUNDS, BATCHES = 150, 5, (1, 8, 32)
CASES = [("resnet34", "onnx"), ("resnet34", "torch"), ("campplus", "torch"), ("ge2e", "torch")]


def best_ms(network, batch):
    """Return milliseconds of processor time per window, the best of some rounds after one to warm up."""
    x = np.random.default_rng(0).random((batch, WINDOW_T, network.mels), np.float32)
    network.run(x)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        network.run(x)
        times.append(time.process_time() - start)
    return 1000 * min(times) / batch


def trunk_ms(network, seconds=30):
    """Return milliseconds per 1.5 s of a recording whose trunk runs once, without windows."""
    x = np.random.default_rng(0).random((1, 100 * seconds, network.mels), np.float32)
    start = time.process_time()
    network.trunk.frames(x)
    return 1000 * (time.process_time() - start) * 1.5 / seconds


def main():
    """Print one line per network, engine and batch size."""
    base = None
    print(f"{'network':10} {'engine':8} {'batch':>5} {'ms/window':>10} {'ratio':>6}")
    for name, engine in CASES:
        network = open_network(name, engine=engine)
        for batch in BATCHES:
            ms = best_ms(network, batch)
            base = base or ms
            print(f"{name:10} {engine:8} {batch:5} {ms:10.1f} {ms / base:6.2f}", flush=True)
        if network.trunk:
            ms = trunk_ms(network)
            print(f"{name:10} {engine:8} trunk {ms:10.1f} {ms / base:6.2f}  once over a recording, no windows")


if __name__ == "__main__":
    main()
