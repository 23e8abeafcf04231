#!/usr/bin/env python3
"""What the embedding trunk costs: engines and threads, and all local speakers of ten minutes against the published way.

Run by hand: OMP_NUM_THREADS=1 tests/bench/bench_trunk.py. Seconds of processor time per second of audio, the best of
some rounds; with two threads the wall clock is what to look at, on an idle machine. The published way runs the trunk
for each of the three masks of each window. Speech is made up: turns of 1 to 8 s, some pauses, some overlap.
"""

import itertools
import time

import numpy as np

from diarkit.embed.speakers import SpeakerEmbedder, SpeakerEmbedOptions
from diarkit.embed.trunk import Trunk
from diarkit.models.network import open_network
from diarkit.models.processor import has_fast_integers
from diarkit.segmentation.grid import FRAME_S, FRAMES, first_frames
from diarkit.segmentation.powerset import to_classes

SECONDS, ROUNDS = 600, 2
RNG = np.random.default_rng(0)
ENGINES = ("onnx", "torch", "int8") if has_fast_integers() else ("onnx", "torch")


def talk(seconds):
    """Return (F, 3) bool: three people who talk in turn, 85 % of the time, 5 % of it together."""
    active, at = np.zeros((int(seconds / FRAME_S) + FRAMES, 3), bool), 0
    while at < len(active):
        length = int(RNG.uniform(1, 8) / FRAME_S)
        active[at:at + length, RNG.integers(3)] = True
        at += length + int(RNG.choice([-0.6, 0.2, 2.5], p=[.4, .4, .2]) / FRAME_S)
    return active


def windows(active, hop_s):
    """Return (W, 589) classes of the windows of ten seconds."""
    first = first_frames(int((SECONDS - 10) / hop_s) + 1, hop_s)
    return to_classes(active[first[:, None] + np.arange(FRAMES)])


def best(work, *args):
    """Return seconds of processor time and of the wall clock of work(*args), each the least of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time(), time.perf_counter()
        work(*args)
        times.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return np.min(times, axis=0)


def trunk_table(feats):
    """Print what one minute costs in each network and engine; the ratio is to ResNet34 in ONNX Runtime."""
    print(f"{'network':8} {'engine':6} {'threads':>7} {'block_s':>7} {'s/s':>8} {'wall':>8} {'ratio':>6}")
    base = None
    for name, engine in itertools.product(("resnet34", "small"), ENGINES):
        network = open_network(name, engine=engine)
        for threads, block_s in ((1, 10.0), (1, 40.0), (2, 20.0)):
            trunk = Trunk(network, block_s=block_s, threads=threads)
            cost, wall = best(lambda t: list(t.blocks(feats[:6000])), trunk) / 60
            base = base or cost
            print(f"{name:8} {engine:6} {threads:7} {block_s:7.0f} {cost:8.4f} {wall:8.4f} {cost / base:6.2f}",
                  flush=True)


def published(network, feats, classes, hop_s, count=4):
    """Return seconds per second of audio of the published way, from some windows of the recording."""
    some = np.linspace(0, len(classes) - 1, count).astype(int)

    def work():
        for w in some:
            x = feats[round(w * hop_s * 100):][:1000]
            for _ in range(3):
                network.trunk.frames((x - x.mean(0))[None])
    return best(work)[0] / count * len(classes) / SECONDS


def speakers_table(feats, active):
    """Print what all local speakers cost at each hop, against the published way in fp32."""
    base, networks = open_network("resnet34"), {e: open_network("resnet34", engine=e) for e in ENGINES if e != "torch"}
    print(f"\n{'hop_s':>5} {'published':>10} " + " ".join(f"{e:>8} {'ratio':>6}" for e in networks))
    for hop_s in (1.0, 2.5, 5.0):
        classes, row = windows(active, hop_s), []
        old = published(base, feats, classes, hop_s)
        for network in networks.values():
            embedder = SpeakerEmbedder(network, SpeakerEmbedOptions())
            new = best(embedder, feats, classes, hop_s)[0] / SECONDS
            row.append(f"{new:8.4f} {old / new:6.1f}")
        print(f"{hop_s:5.1f} {old:10.4f} " + " ".join(row), flush=True)


if __name__ == "__main__":
    made_up = RNG.normal(size=(100 * SECONDS, 80)).astype(np.float32)
    trunk_table(made_up)
    speakers_table(made_up, talk(SECONDS))
