#!/usr/bin/env python3
"""What one recording costs as a whole process: `diarkit FILE` for 1, 10 and 60 minutes, by turns with another command.

Usage: tests/bench/bench_command.py AUDIO [OTHER]
AUDIO: recordings that are joined to an hour, with commas. OTHER: a command with {} for the file, such as
`other/bin/python -c "import senko; ..."`. Prints medians of wall seconds on all processors, seconds per second, peak
memory, and the ratio of the two; then where the time of one minute goes, stage by stage.
"""

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from diarkit.audio import read_audio

ROOT = Path(__file__).parents[2]
OURS = f"{sys.executable} {ROOT}/bin/diarize.py {{}} --out {{}}.out"
RUNS = {1: 5, 10: 3, 60: 1}
STAGES = """\
import time; t = [time.perf_counter()]
from diarkit.api import Diarizer; t.append(time.perf_counter())
d = Diarizer(); t.append(time.perf_counter())
marks = {}
r = d(%r, progress=lambda stage, share: marks.__setitem__(stage, time.perf_counter())); t.append(time.perf_counter())
r.to_rttm(); ends = [t[2], *marks.values(), t[3]]
print("import", t[1] - t[0], "networks", t[2] - t[1],
      *(w for n, a, b in zip([*marks, "turns"], ends, ends[1:]) for w in (n.replace(" ", "_"), b - a)))
"""


def run(command, path):
    """Return (wall seconds, peak memory in MB) of a command on a file."""
    start = time.perf_counter()
    process = subprocess.Popen(shlex.split(command.replace("{}", str(path))), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed on {path} with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main(audio, other=None):
    """Measure every length."""
    sound = np.concatenate([read_audio(path) for path in audio.split(",")])
    print(f"{'minutes':>7} {'ours s':>8} {'s per s':>8} {'MB':>6} {'other s':>8} {'MB':>6} {'other/ours':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for minutes, rounds in RUNS.items():
            path = f"{folder}/{minutes}.wav"
            soundfile.write(path, np.resize(sound, minutes * 60 * 16000), 16000)
            pairs = [(run(OURS, path), run(other, path) if other else (np.nan, np.nan)) for _ in range(rounds)]
            (ours, mb), (theirs, their_mb) = (np.median([pair[k] for pair in pairs], axis=0) for k in (0, 1))
            ratio = statistics.median(b[0] / a[0] for a, b in pairs)
            print(f"{minutes:7d} {ours:8.2f} {ours / minutes / 60:8.4f} {mb:6.0f} {theirs:8.2f} {their_mb:6.0f} "
                  f"{ratio:10.2f}")
        words = subprocess.run([sys.executable, "-c", STAGES % f"{folder}/1.wav"], capture_output=True, text=True,
                               cwd=ROOT).stdout.split()
        print("one minute:", ", ".join(f"{name.replace('_', ' ')} {float(s):.2f} s" for name, s in
                                       zip(words[::2], words[1::2])))


if __name__ == "__main__":
    main(*sys.argv[1:])
