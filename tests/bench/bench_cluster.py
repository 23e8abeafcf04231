"""Print how the linkage compares with scipy's in time and memory, and what every method costs as recordings grow.

Usage: bench_cluster.py [vectors]
"""

import subprocess
import sys

MAKE = """\
import json, resource, sys, time
import numpy as np
from diarkit.cluster.vectors import unit_rows
n, what = int(sys.argv[1]), sys.argv[2]
rng, truth = np.random.default_rng(0), np.arange(int(sys.argv[1])) // 50 % 6
x = unit_rows(rng.standard_normal((6, 256))[truth] + rng.standard_normal((n, 256)))
if what == "scipy":
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist
    work = lambda: linkage(pdist(x, "cosine"), "average")
elif what == "linkage":
    from diarkit.cluster.agglomerate import agglomerate
    work = lambda: agglomerate(x, np.ones(n), "average")
else:
    from diarkit.cluster import ClusterOptions, CountOptions, cluster
    work = lambda: cluster(x, ClusterOptions(method=what), CountOptions(max_speakers=10))
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
work()
seconds = time.perf_counter() - start
print(json.dumps([seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def measure(n, what):
    """Return (seconds, MB of memory on top) of one piece of work in a process of its own."""
    import json
    done = subprocess.run([sys.executable, "-c", MAKE, str(n), what], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main(n):
    ours, theirs = measure(n, "linkage"), measure(n, "scipy")
    print(f"average linkage of {n} x 256: {theirs[0] / ours[0]:.1f} times as fast as scipy, "
          f"{ours[1] / theirs[1]:.2f} of its memory ({ours[0]:.1f} s, {ours[1]:.0f} MB)")
    for method in ("ahc", "spectral", "kmeans", "meanshift"):
        half, whole = measure(n // 2, method), measure(n, method)
        print(f"{method}: {whole[0]:.1f} s and {whole[1]:.0f} MB, {whole[0] / half[0]:.1f} times the time "
              "of half the vectors")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
