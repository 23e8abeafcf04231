#!/usr/bin/env python3
"""How long each stage of egs/wavs takes on an hour of audio: bench_pipeline.py [minutes] [jobs] [script].

The hour is the mini conversation again and again, as recordings of ten minutes. Every stage is run by itself, as a user
would run it; printed are wall and processor seconds per hour of audio, the share of each stage, and the peak memory of
the largest process.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from recipes import make_recipe  # noqa: E402

from diarkit.models import fetch  # noqa: E402


def measure(words, folder):
    """Return (wall seconds, processor seconds) of one command and all it starts."""
    before, start_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(minutes=60, jobs=2, script="run.sh", *options):
    with tempfile.TemporaryDirectory() as scratch:
        folder, audio = make_recipe(Path(scratch), "wavs", script), Path(scratch, "audio")
        audio.mkdir()
        samples, rate = soundfile.read(fetch("mini-audio"), dtype="float32")
        count, length_s = max(round(float(minutes) / 10), 1), round(min(float(minutes), 10) * 60)
        for index in range(count):
            soundfile.write(audio / f"ten{index}.flac", np.resize(samples, length_s * rate), rate)
        hours = count * length_s / 3600
        stages = dict(re.findall(r'^stage (\d+) "([^"]+)"', (folder / "run.sh").read_text(), re.M)[::-1])
        rows = []
        for stage in sorted(stages, key=int):
            words = ["./run.sh", "--audio", str(audio), "--nj", str(jobs), *options]
            wall_s, cpu_s = measure([*words, "--stage", stage, "--stop-stage", stage], folder)
            rows.append((f"{stage} {stages[stage]}", wall_s, cpu_s))
        total_s = sum(wall_s for _, wall_s, _ in rows)
        print(f"{hours:.2f} hours of audio, {jobs} jobs on {len(os.sched_getaffinity(0))} processors")
        print(f"{'stage':36} {'wall s/h':>9} {'cpu s/h':>9} {'share':>7}")
        for name, wall_s, cpu_s in [*rows, ("whole", total_s, sum(c for _, _, c in rows))]:
            print(f"{name:36} {wall_s / hours:9.1f} {cpu_s / hours:9.1f} {wall_s / total_s:7.1%}")
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process {peak_mb:.0f} MB; {total_s / hours / 3600:.4f} seconds per second of audio")


if __name__ == "__main__":
    main(*sys.argv[1:])
