#!/usr/bin/env python3
"""Print the trained systems of a folder as one Markdown table: parameters, what was heard, error rates, cost.

Each system has a folder with final.pt, metrics.csv and params.yaml. final.pt is measured anew, on the speakers that its
training held out. The cost is processor time of the network alone, on one thread, by turns with a ResNet34.
"""

import csv
import json
import time
from pathlib import Path

import numpy as np
import torch

from diarkit import cli, networks
from diarkit.errors import DiarkitError
from diarkit.files import read_lines
from diarkit.options import opt, options
from diarkit.places import CONF
from diarkit.training.corpus import Corpus
from diarkit.training.crops import open_features
from diarkit.training.store import AudioStore
from diarkit.training.validation import DevSet, maker, plain

ROOT = Path(__file__).resolve().parents[2]
AUDIO_S, TURNS = 6, 5  # what is embedded to measure the cost, and how often
COLUMNS = ("system", "network", "loss", "parameters", "minutes", "rounds", "hours heard", "EER % 1.5 s", "EER % full",
           "CPU s per s of audio", "ResNet34's", "ratio")


@options
class CompareOptions:
    """The table."""

    cache: str | None = opt(None, "folder of the decoded audio (none: <folder>/audio)")


def facts(folder):
    """Return {option or fact: value} of params.yaml."""
    pairs = (line.split(": ", 1) for _, line in read_lines(folder / "params.yaml"))
    return {key: json.loads(text) for key, text in pairs}


def opened(path):
    """Return (network, its feature, whether crops are centred) of a file that train-embedding.py wrote."""
    network = networks.load(path)
    about = torch.load(path, map_location="cpu", weights_only=True)
    return network, open_features(str(CONF / "features" / about["features"])), about["centred"]


def seconds(network, feature):
    """Return processor seconds of a network for AUDIO_S seconds of noise."""
    noise = np.random.default_rng(0).normal(0, 0.1, AUDIO_S * feature.sample_rate).astype(np.float32)
    feats = torch.from_numpy(feature(noise).astype(np.float32))[None]
    with torch.inference_mode():
        began_s = time.process_time()
        network.embed(feats)
        return time.process_time() - began_s


def cost(network, feature):
    """Return processor seconds per second of audio of a network and of a ResNet34: the least of some turns."""
    beside = networks.build("resnet34").eval(), open_features(str(CONF / networks.NETWORKS["resnet34"].features))
    both = [(networks.fold(network), feature), (networks.fold(beside[0]), beside[1])]
    return np.min([[seconds(*one) for one in both] for _ in range(TURNS)], axis=0) / AUDIO_S


def row(folder, data, cache):
    """Return the cells of one system."""
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    given, (network, feature, centre) = facts(folder), opened(folder / "final.pt")
    store = AudioStore(f"scp:{data}/wav.scp", cache, feature.sample_rate, 1)
    dev = DevSet(Corpus(store, f"{data}/utt2spk"), given["dev_speakers_names"], given["dev_utterances"],
                 given["dev_crop_s"], given["dev_full_s"], maker(feature, centre), given["seed"])
    rates = dev.rates(plain(network.embed, network, "cpu"))
    heard = int(last["round"]) * given["round_items"] * (given["min_crop_s"] + given["max_crop_s"]) / 2 / 3600
    own, beside = cost(network, feature)
    return (folder.name, given["network"], given["loss"], f"{networks.parameters(network):,}",
            f"{float(last['seconds']) / 60:.1f}", last["round"], f"{heard:.1f}", f"{rates['eer_short']:.2f}",
            f"{rates['eer_full']:.2f}", f"{own:.4f}", f"{beside:.4f}", f"{own / beside:.3f}")


def main(data, folder, given):
    """Print the table."""
    torch.set_num_threads(1)
    found = sorted(path.parent for path in Path(folder).glob("*/final.pt"))
    if not found:
        raise DiarkitError(f"{folder}: no system in it. Train some, with local/train_for.py")
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for path in found:
        print("| " + " | ".join(row(path, data, given.cache or f"{folder}/audio")) + " |", flush=True)


if __name__ == "__main__":
    cli.run(main, __doc__, ("data", "folder"), CompareOptions)
