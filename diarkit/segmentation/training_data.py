"""Chunks of ten seconds with their classes, from own recordings and RTTMs."""

import hashlib
import json
import os

import numpy as np

from diarkit.annotation import read_rttm, read_uem
from diarkit.audio import AudioFile
from diarkit.errors import DiarkitError
from diarkit.files import atomic, write_text
from diarkit.segmentation.grid import FRAME_S, FRAMES, RATE_HZ, WINDOW_N, WINDOW_S
from diarkit.segmentation.oracle import CENTRE_S, speakers_of, window_activity
from diarkit.segmentation.powerset import SPEAKERS, to_classes
from diarkit.tables import read_scp

FULL_SCALE = 32767


class TrainingSet:
    """Annotated recordings of which any ten seconds can be taken; audio is kept on disk, 115 MB an hour."""

    def __init__(self, wav_scp, rttm, cache, uem=None):
        """cache: a file that is made once of all recordings, 16-bit at 16 kHz, and read wherever chunks lie.

        uem: chunks lie in its stretches alone, and frames outside them do not count; None for whole recordings.
        """
        entries, self.turns = read_scp(wav_scp), read_rttm(rttm)
        unknown = sorted(set(self.turns) - set(entries))
        if unknown or not set(self.turns):
            raise DiarkitError(f"{rttm}: {len(unknown)} of its {len(self.turns)} recordings are not in {wav_scp}. "
                               "Take the reference of these recordings")
        self.recos = list(entries)
        self._starts = _decoded(entries, cache)
        self._samples = np.memmap(cache, np.int16, "r")
        self.seconds = np.diff(self._starts) / RATE_HZ
        given = read_uem(uem) if uem else {}
        self.regions = [(r, a, min(b, self.seconds[r])) for r, reco in enumerate(self.recos)
                        for a, b in (given.get(reco, []) if uem else [(0.0, self.seconds[r])]) if a < self.seconds[r]]
        if not self.regions:
            raise DiarkitError(f"{uem}: no annotated stretch in any recording of {wav_scp}")

    @property
    def fingerprint(self):
        """A short text that another set of recordings, turns or regions does not have."""
        said = repr((self.recos, self._starts.tolist(), sorted(self.turns.items()), self.regions))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def annotated_s(self):
        """Seconds that are annotated."""
        return sum(stop_s - start_s for _, start_s, stop_s in self.regions)

    def random_chunks(self, count, random):
        """Return `count` chunks (recording, start_s, region's start, region's end), regions drawn by their length."""
        spans = np.array([(a, b) for _, a, b in self.regions])
        length = spans[:, 1] - spans[:, 0]
        drawn = random.choice(len(spans), count, p=length / length.sum())
        starts = spans[drawn, 0] + random.random(count) * np.maximum(length[drawn] - WINDOW_S, 0)
        return [(self.regions[d][0], float(s), *spans[d]) for d, s in zip(drawn, starts)]

    def all_chunks(self):
        """Return chunks that cover every region, one after the other."""
        return [(r, float(s), a, b) for r, a, b in self.regions for s in np.arange(a, max(b - 0.1, a + 1e-3), WINDOW_S)]

    def load(self, chunks):
        """Return samples (B, 1, 160000) float32, active (B, 589, 3) bool and counted (B, 589) float32 of chunks."""
        parts = [self._one(*chunk) for chunk in chunks]
        return tuple(np.stack(column) for column in zip(*parts))

    def _one(self, r, start_s, region_start_s, region_end_s):
        first = self._starts[r] + round(start_s * RATE_HZ)
        cut = self._samples[first:min(first + WINDOW_N, self._starts[r + 1])]
        samples = np.zeros((1, WINDOW_N), np.float32)
        samples[0, :len(cut)] = cut / np.float32(FULL_SCALE)
        turns = self.turns.get(self.recos[r], [])
        near = [t for t in turns if t.start_s < start_s + WINDOW_S and t.end_s > start_s]
        truth = window_activity(near, speakers_of(near), start_s)
        most = np.argsort(-truth.sum(axis=0), kind="stable")[:SPEAKERS]
        active = np.zeros((FRAMES, SPEAKERS), bool)
        active[:, :len(most)] = truth[:, most]
        centres = start_s + CENTRE_S + np.arange(FRAMES) * FRAME_S
        return samples, active, ((centres >= region_start_s) & (centres < region_end_s)).astype(np.float32)


def classes_of(active):
    """Return (B, T) int64 class numbers of (B, T, 3) bool."""
    return to_classes(active).astype(np.int64)


def _decoded(entries, cache):
    """Return (R + 1,) where each recording starts in the cache, which is made unless it is of these entries."""
    index = cache + ".json"
    if os.path.exists(index):
        with open(index, encoding="utf-8") as file:
            found = json.load(file)
        if found["entries"] == entries and list(found["entries"]) == list(entries):
            return np.array(found["starts"])
        os.unlink(index)
    starts = _decode(entries, cache)
    write_text(index, [json.dumps({"entries": entries, "starts": starts})])  # last: it proves the audio
    return np.array(starts)


def _decode(entries, cache):
    starts = [0]
    with atomic(cache, "wb") as file:
        for entry in entries.values():
            done = starts[-1]
            for block in AudioFile(entry).blocks():
                np.rint(np.clip(block, -1, 1) * FULL_SCALE).astype(np.int16).tofile(file)
                done += len(block)
            starts.append(done)
    return starts
