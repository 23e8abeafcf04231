#!/usr/bin/env python3
"""The default pipeline's DER with its embeddings made the published way: bench_published.py <finished recipe> <set>.

Run it in a copy or folder of a recipe where ./run.sh has ended, for example `bench_published.py egs/mini/v1 dev`. The
fp32 network runs over each window by itself, the window's own mean taken off; everything else is the same. Prints both
DERs and what both embeddings cost in processor seconds. (The published way runs the trunk for each of the three masks;
the result is the same as of one run, so it is run once here and counted three times.)
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from diarkit.embed.pooling import pooled, weight_matrix
from diarkit.embed.speakers import CENTRE_S, SpeakerEmbedder, SpeakerEmbedOptions
from diarkit.embed.trunk import STRIDE
from diarkit.models.network import open_network
from diarkit.options import from_conf
from diarkit.segmentation import SegmentOptions
from diarkit.tables import MatrixWriter, load_matrix, read_matrices, read_scp

SHIFT_S, WINDOW_T = 0.01, 1000


def by_window(network, features, classes, hop_s):
    """Return (3 W, dim) float32 like SpeakerEmbedder, the trunk run once for each window."""
    found, options = np.zeros((3 * len(classes), network.dim), np.float32), SpeakerEmbedOptions()
    for number in np.flatnonzero(np.asarray(classes).any(1)):
        x = np.asarray(features[round(number * hop_s / SHIFT_S):][:WINDOW_T])
        if len(x) < 50:
            continue
        frames = network.trunk.frames((x - x.mean(0))[None])[0].T
        weights = weight_matrix(classes[number:number + 1], 0.0, len(frames), STRIDE * SHIFT_S, CENTRE_S,
                                options.min_clean_s, options.least_s)
        kept = np.flatnonzero(np.diff(weights.indptr) > 1)
        found[3 * number + kept] = network.trunk.project(pooled(weights[kept], frames))
    return found


def run(*words, cwd):
    done = subprocess.run(list(map(str, words)), cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def der(recipe, name, embeddings, out):
    """Return the DER lines of the rest of the pipeline on these embeddings."""
    seg, data = f"exp/segment/{name}", f"data/{name}"
    run("cluster-speakers.py", "--config=conf/cluster/speakers.conf", "--plda=resnet34", f"--seg-config={seg}/seg.conf",
        f"scp:{embeddings}", f"scp:{seg}/seg.scp", f"ark,scp:{out}/l.ark,{out}/l.scp", cwd=recipe)
    run("speakers-to-rttm.py", "--config=conf/turns/overlapping.conf", f"--seg-config={seg}/seg.conf",
        f"--scores=scp:{seg}/scores.scp", f"scp:{seg}/seg.scp", f"scp:{out}/l.scp", f"{data}/reco2dur", f"{out}/h.rttm",
        cwd=recipe)
    run("score-diarization.py", f"{data}/ref.rttm", f"{data}/reco2dur", f"{out}/h.rttm", out, cwd=recipe)
    return [line for line in Path(out, "der.txt").read_text().splitlines() if line.startswith("DER ")]


def main(recipe, name):
    """Embed every recording both ways; print cost and DER of each."""
    os.chdir(recipe)
    recipe, feats = ".", f"exp/fbank_resnet34/{name}/feats.scp"
    seg = read_scp(f"{recipe}/exp/segment/{name}/seg.scp")
    hop_s = from_conf(SegmentOptions, f"{recipe}/exp/segment/{name}/seg.conf").hop_s
    plain, fast = open_network("resnet34", engine="onnx"), open_network("resnet34", engine="fastest")
    ours = SpeakerEmbedder(fast)
    ways = {"published": (lambda x, c: by_window(plain, x, c, hop_s), 3),
            "one pass": (lambda x, c: ours(x, c, hop_s), 1)}
    with tempfile.TemporaryDirectory() as out:
        for way, (embed, times) in ways.items():
            start_s = time.process_time()
            with MatrixWriter(f"ark,scp:{out}/e.ark,{out}/e.scp") as writer:
                for reco, load in read_matrices(f"scp:{feats}"):
                    writer.write(reco, embed(load(), load_matrix(seg[reco])))
            print(f"{way}: {times * (time.process_time() - start_s):.1f} processor s")
            print("\n".join(der(recipe, name, f"{out}/e.scp", out)), flush=True)


if __name__ == "__main__":
    import os
    main(*sys.argv[1:])
