#!/usr/bin/env python3
"""What each network costs: parameters, and processor time per second of audio on one thread, against ResNet34's.

Run by hand: OMP_NUM_THREADS=1 tests/bench/bench_networks.py [name...]. Ten seconds of made-up features go through the
trunk and through the whole network with its own pooling; the best of some rounds. onnx: the trunk on ONNX Runtime,
which LSTMs have no file for; torch: the trunk and the whole on torch, batch normalisations folded. Rounds of all
networks alternate, so that a busy machine slows all of them alike.
"""

import sys
import time

import numpy as np
import torch

from diarkit.errors import DiarkitError
from diarkit.models.run import onnx_session
from diarkit.networks import NETWORKS, build, fold, parameters
from diarkit.networks.export import to_onnx

SECONDS, ROUNDS = 10, 7


def runners(name):
    """Return [trunk on ONNX Runtime or None, trunk on torch, whole network on torch], functions without arguments."""
    network = fold(build(name))
    x = torch.randn(1, 100 * SECONDS, NETWORKS[name].feats_dim)
    found = [None, lambda: network.trunk(x), lambda: network(x)]
    try:
        session = onnx_session(to_onnx(build(name, "statistics")), 1)
        found[0] = lambda: session.run(["frames"], {"feats": x.numpy()})
    except DiarkitError:
        pass  # an LSTM
    return found


def timed(work):
    """Return seconds of processor time of work()."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main(names):
    """Print the table of some networks, ResNet34 first."""
    names = ["resnet34", *(n for n in names if n != "resnet34")]
    works = {name: runners(name) for name in names}
    best = {name: np.full(3, np.inf) for name in names}
    for _ in range(ROUNDS):
        for name, row in works.items():
            best[name] = np.minimum(best[name], [timed(w) / SECONDS if w else np.nan for w in row])
    base = best["resnet34"]
    print(f"{'network':14} {'parameters':>11} {'onnx s/s':>9} {'ratio':>6} {'torch s/s':>9} {'ratio':>6} {'whole':>7}")
    for name in names:
        onnx, plain, whole = best[name]
        print(f"{name:14} {parameters(build(name)):11,} {onnx:9.4f} {onnx / base[0]:6.2f} {plain:9.4f} "
              f"{plain / base[1]:6.2f} {whole:7.4f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        main(sys.argv[1:] or list(NETWORKS))
