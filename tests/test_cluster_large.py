"""Clustering of very long recordings stays within the memory that is promised."""

import json
import subprocess
import sys

import pytest

RUN = """\
import json, sys
import numpy as np
from diarkit.cluster import ClusterOptions, CountOptions, cluster
method, n = sys.argv[1], int(sys.argv[2])
def peak_mb():  # of this program alone; getrusage also knows what started it
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
rng, truth = np.random.default_rng(0), np.arange(n) // 50 % 6
x = rng.standard_normal((6, 256))[truth] + rng.standard_normal((n, 256))
x = x.astype(np.float32)
before = peak_mb()
labels = cluster(x, ClusterOptions(method=method, bandwidth=0.8), CountOptions(max_speakers=10))
print(json.dumps([peak_mb() - before, int((labels != truth).sum())]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("method, n, most_mb", [("ahc", 10_000, 500), ("spectral", 10_000, 250),
                                                ("kmeans", 10_000, 200), ("meanshift", 10_000, 150),
                                                ("ahc", 50_000, 250)])
def test_memory_of_very_many_vectors(method, n, most_mb):
    done = subprocess.run([sys.executable, "-c", RUN, method, str(n)], capture_output=True, text=True, check=True)
    more_mb, wrong = json.loads(done.stdout)
    assert 10 < more_mb < most_mb and wrong <= n // 1000
