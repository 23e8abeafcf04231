#!/usr/bin/env python3
"""Print hours of audio an hour of the training's parts: crops made by workers, and steps of a network.

Usage: tests/bench/bench_train_embedding.py WAV_SCP [NETWORK] [WORKERS] [DEVICE]
"""

import sys
import tempfile
import time

import numpy as np
import torch

from diarkit import networks
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.files import write_text
from diarkit.training.augment import Augment, AugmentOptions
from diarkit.training.batches import BatchOptions, Plan
from diarkit.training.corpus import Corpus
from diarkit.training.crops import Crops, load
from diarkit.training.losses import AamSoftmax
from diarkit.training.machine import narrowed
from diarkit.training.store import AudioStore

COUNT, PER_SPEAKER = 6, 10


def crops(wav, workers):
    """Print the rate of the crops, plain and augmented."""
    with tempfile.TemporaryDirectory() as folder:
        store = AudioStore(wav, folder, workers=workers)
        write_text(f"{folder}/utt2spk", (f"{key} s{n // PER_SPEAKER}" for n, key in enumerate(store.keys)))
        corpus = Corpus(store, f"{folder}/utt2spk")
    batches = BatchOptions()
    plan = Plan(corpus.speakers, np.ones(len(corpus.speakers)), COUNT, batches, 0)
    fbank = Fbank(FbankOptions(num_mel_bins=80, window_type="hamming", sample_scale=32768.0))
    for name, augment in (("plain", None), ("augmented", Augment(AugmentOptions(), store.rate))):
        made = Crops(corpus, corpus.speakers, plan.speeds, batches.crops, fbank, augment)
        plans = [plan.batch(1, b) for b in range(COUNT)]
        start_s = time.perf_counter()
        for _ in load(made, plans, 1, workers):
            pass
        report(f"crops, {name}, {workers} workers", sum(p.length_s for p in plans) * plan.size * batches.crops, start_s)


def steps(name, device):
    """Print the rate of forward and backward, and of forward alone."""
    network = networks.build(name).to(device)
    loss = AamSoftmax(network.dim, 3000).to(device)
    optimiser = torch.optim.AdamW([*network.parameters(), *loss.parameters()])
    items = 128 if device != "cpu" else 16
    feats = torch.randn(items, 225, networks.NETWORKS[name].feats_dim, device=device)
    for precision in ("float32", "bfloat16"):
        for n in range(COUNT + 2):
            if n == 2:  # the first steps choose how to compute
                start_s = now_s(device)
            with narrowed(device, precision):
                x = network.embed(feats)
            loss(x.float()[:, None], torch.arange(items, device=device)).backward()
            optimiser.step()
            optimiser.zero_grad()
        now_s(device)
        report(f"{name}, steps, {device}, {precision}", COUNT * items * 2.25, start_s)


def now_s(device):
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def report(what, audio_s, start_s):
    print(f"{what:40} {audio_s / (time.perf_counter() - start_s):8.0f} hours of audio an hour", flush=True)


if __name__ == "__main__":
    wav, network, workers, device = [*sys.argv[1:], *[None] * 4][:4]
    torch.set_num_threads(2)
    crops(wav, int(workers or 2))
    steps(network or "small", device or "cpu")
