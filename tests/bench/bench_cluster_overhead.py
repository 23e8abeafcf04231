#!/usr/bin/env python3
"""What an array of empty tasks costs on each backend: bench_cluster_overhead.py [tasks].

As root on Debian, whose packages of Slurm and Grid Engine it installs. Six tasks at once everywhere.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from engines import sge, slurm  # noqa: E402


def measure(runner, count, env):
    """Return the seconds that a runner takes for so many empty tasks, the best of two."""
    best_s = float("inf")
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            start_s = time.perf_counter()
            subprocess.run([ROOT / "utils" / runner, "--max-jobs-run", "6", f"JOB=1:{count}", "log/x.JOB.log", "true"],
                           cwd=folder, env=env, check=True)
            best_s = min(best_s, time.perf_counter() - start_s)
    return best_s


def main(count=100):
    env = {**os.environ, "PATH": f"{ROOT / 'utils'}:{os.environ['PATH']}"}
    local_s = measure("run.py", count, env)
    print(f"{count} empty tasks, six at once, {len(os.sched_getaffinity(0))} processors")
    print(f"{'run.py':10} {local_s:7.2f} s   {local_s / int(count) * 1000:7.1f} ms a task   ratio  1.0")
    for kind, runner in ((slurm, "slurm.py"), (sge, "sge.py")):
        with kind.start() as engine:
            seconds = measure(runner, count, {**env, **engine.env})
            print(f"{runner:10} {seconds:7.2f} s   {seconds / int(count) * 1000:7.1f} ms a task   "
                  f"ratio {seconds / local_s:4.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
