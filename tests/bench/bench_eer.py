#!/usr/bin/env python3
"""Print the equal error rates of embedding models on the same crops, of speakers of one half and of conversations.

Usage: tests/bench/bench_eer.py SPEECH CONVERSATIONS MODEL...
SPEECH: folder with utterances.tsv, of which the half `test` is taken (CRC-32 of the speaker); CONVERSATIONS: folder of
FLAC and ref.rttm, of which windows of 1.5 s of one speaker alone are compared within a recording.
"""

import csv
import sys
import zlib
from pathlib import Path

import numpy as np

from diarkit.audio import AudioOptions, read_audio
from diarkit.embed import EmbedOptions, Extractor
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.models.network import open_network
from diarkit.options import from_conf
from diarkit.verification.rates import equal_error_rate

SHORT_S, FULL_S, MOST, LEAST = 1.5, 10.0, 10, 3   # seconds; utterances of a speaker; speakers of a corpus


def utterances(speech):
    """Return {corpus: [(speaker, path)]}: up to MOST utterances of each speaker of the half `test`."""
    found = {}
    with open(Path(speech, "utterances.tsv"), encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if zlib.crc32(row["speaker"].encode()) % 2 and float(row["seconds"]) >= SHORT_S:
                mine = found.setdefault(row["corpus"], {}).setdefault(row["speaker"], [])
                if len(mine) < MOST:
                    mine.append(str(Path(speech, row["path"])))
    found = {corpus: {s: paths for s, paths in by.items() if len(paths) > 1} for corpus, by in found.items()}
    return {corpus: [(s, path) for s, paths in by.items() for path in paths]
            for corpus, by in found.items() if len(by) >= LEAST}


def alone(rttm):
    """Return [(reco, speaker, start)] of windows of SHORT_S in which one speaker talks alone."""
    turns, found = {}, []
    for line in Path(rttm).read_text().split("\n"):
        if line.startswith("SPEAKER"):
            words = line.split()
            turns.setdefault(words[1], []).append((float(words[3]), float(words[3]) + float(words[4]), words[7]))
    for reco, mine in turns.items():
        for start, end, speaker in mine:
            for at in np.arange(start, end - SHORT_S + 1e-6, SHORT_S):
                if not any(s < at + SHORT_S and e > at for s, e, other in mine if other != speaker):
                    found.append((reco, speaker, float(at)))
    return found


def rate(vectors, speakers, groups):
    """Return the EER in % over all pairs of different groups of utterances that may be compared."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    a, b = np.triu_indices(len(unit), 1)
    kept = groups[a] == groups[b]
    a, b = a[kept], b[kept]
    same = speakers[a] == speakers[b]
    return 100 * equal_error_rate((unit[a] * unit[b]).sum(1), same)[0], int(same.sum()), int((~same).sum())


def main(speech, conversations, names):
    """Print one line for each corpus and length."""
    networks = {name: open_network(name) for name in names}
    fbank = Fbank(from_conf(FbankOptions, networks[names[0]].features or next(
        n.features for n in networks.values() if n.features)))
    extractors = {name: Extractor(network, EmbedOptions()) for name, network in networks.items()}

    def compare(title, items):
        """items: [(speaker, group, features, span)]."""
        speakers, groups = (np.unique([item[k] for item in items], return_inverse=True)[1] for k in (0, 1))
        found = []
        for extractor in extractors.values():
            vectors = np.concatenate([extractor(feats, [span]) for _, _, feats, span in items])
            found.append(rate(vectors, speakers, groups))
        print(title, *(f"{eer:5.1f}" for eer, _, _ in found), f"{found[0][1]} {found[0][2]}", sep=" | ", flush=True)

    print("corpus", *names, "trials of one, of two speakers", sep=" | ")
    for corpus, items in utterances(speech).items():
        sounds = [(s, read_audio(path, AudioOptions())) for s, path in items]
        for title, length_s in (("1.5 s", SHORT_S), ("full", FULL_S)):
            cut = []
            for speaker, sound in sounds:
                half, middle = min(length_s, len(sound) / 16000) / 2, len(sound) / 32000
                cut.append((speaker, "", fbank(sound), (middle - half, middle + half)))
            compare(f"{corpus} {title}, {len({s for s, _ in items})} speakers", cut)
    windows = alone(Path(conversations, "ref.rttm"))
    feats = {reco: fbank(read_audio(str(next(Path(conversations).glob(f"{reco}.*"))), AudioOptions()))
             for reco in {reco for reco, _, _ in windows}}
    compare(f"meetings 1.5 s, {len(feats)} recordings", [
        (f"{reco} {speaker}", reco, feats[reco], (at, at + SHORT_S)) for reco, speaker, at in windows])


if __name__ == "__main__":
    main(*sys.argv[1:3], sys.argv[3:])
