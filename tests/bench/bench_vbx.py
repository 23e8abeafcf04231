"""Print what VBx costs for ten hours of windows, against the clustering it starts from and against logarithms.

Usage: bench_vbx.py [vectors]
"""

import sys
import time

import numpy as np
from scipy.special import logsumexp

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.vbx import infer, vbx
from diarkit.plda import open_backend

DIMS, SPEAKERS = 128, 8


def timed(work):
    """Return the seconds that work() takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def dense(log_p, pi, loop):
    """The textbook recursion forwards, in logarithms with all S x S transitions."""
    moves = np.log(loop * np.eye(len(pi)) + (1 - loop) * pi)
    now = np.log(pi) + log_p[0]
    for row in log_p[1:]:
        now = row + logsumexp(now[:, None] + moves, axis=0)
    return logsumexp(now)


def main(n):
    backend, rng = open_backend("resnet34"), np.random.default_rng(0)
    truth = np.arange(n) // 20 % SPEAKERS
    phi = backend.plda.psi[:DIMS]
    x = rng.standard_normal((SPEAKERS, DIMS))[truth] * np.sqrt(phi) + rng.standard_normal((n, DIMS))
    options = ClusterOptions(method="vbx")
    found = vbx(x, phi, (truth * 3 + np.arange(n) % 3), options)
    seconds = timed(lambda: vbx(x, phi, (truth * 3 + np.arange(n) % 3), options))
    print(f"vbx of {n} vectors, 24 speakers at first, {found.gamma.shape[1]} at last: {seconds:.1f} s, "
          f"{len(found.elbo)} iterations, {1e6 * seconds / n / len(found.elbo):.1f} us per vector and iteration")
    log_p, pi = rng.standard_normal((min(n, 5000), 24)), np.full(24, 1 / 24)
    ratio = timed(lambda: dense(log_p, pi, 0.9)) / timed(lambda: infer(log_p, pi, 0.9))
    print(f"forwards and backwards, scaled, against forwards alone in logarithms: {ratio:.1f} times as fast")
    vectors = rng.standard_normal((SPEAKERS, 256))[truth] + rng.standard_normal((n, 256))
    ahc = timed(lambda: cluster(vectors, ClusterOptions(method="ahc"), CountOptions(max_speakers=20)))
    whole = timed(lambda: cluster(vectors, options, CountOptions(max_speakers=20)))
    print(f"the whole method: {whole:.1f} s, {whole / ahc:.2f} times the agglomerative clustering it starts from")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
