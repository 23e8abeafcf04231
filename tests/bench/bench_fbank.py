#!/usr/bin/env python3
"""Time of fbank on an hour of audio against kaldi_native_fbank: one process and one thread each, in turns.

Usage: bench_fbank.py [AUDIO-FILE]. The audio (any; noise when there is none) is repeated to an hour. Prints both
medians and their ratio, ours / theirs; below 1 is faster.
"""

import os
import statistics
import subprocess
import sys

ROUNDS, HOUR_N, BINS, SCALE = 7, 3600 * 16000, 80, 32768
OURS = """
from diarkit.features.fbank import Fbank, FbankOptions
fbank = Fbank(FbankOptions(num_mel_bins={bins}, sample_scale={scale}))
fbank(samples[:16000])
start = time.perf_counter()
feats = fbank(samples)
"""
THEIRS = """
import kaldi_native_fbank as knf
options = knf.FbankOptions()
options.mel_opts.num_bins, options.frame_opts.dither = {bins}, 0
start = time.perf_counter()
stream = knf.OnlineFbank(options)
stream.accept_waveform(16000, samples * np.float32({scale}))
stream.input_finished()
feats = stream.get_frames(0, stream.num_frames_ready) if hasattr(stream, "get_frames") else \\
    np.array([stream.get_frame(t) for t in range(stream.num_frames_ready)])
"""
HEAD = """
import sys, time
import numpy as np
from diarkit.audio import read_audio
path = sys.argv[1]
one = read_audio(path) if path else np.random.default_rng(0).standard_normal(160000).astype(np.float32) * 0.1
samples = np.resize(one, {hour})
"""
TAIL = "\nprint(time.perf_counter() - start, *np.asarray(feats).shape)\n"


def seconds(body, path):
    """Return the seconds that one process takes for an hour of audio."""
    code = (HEAD + body + TAIL).format(hour=HOUR_N, bins=BINS, scale=SCALE)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    said = subprocess.check_output([sys.executable, "-c", code, path], env=environment)
    took, rows, columns = said.split()
    assert (int(rows), int(columns)) == (1 + (HOUR_N - 400) // 160, BINS), said
    return float(took)


def main(path=""):
    """Run both in turns and print the ratio of the medians."""
    times = {"ours": [], "theirs": []}
    for _ in range(ROUNDS):
        times["ours"].append(seconds(OURS, path))
        times["theirs"].append(seconds(THEIRS, path))
    ours, theirs = (statistics.median(times[name]) for name in ("ours", "theirs"))
    print(f"an hour of audio, {BINS} bins: diarkit {ours:.2f} s, kaldi_native_fbank {theirs:.2f} s, "
          f"ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
