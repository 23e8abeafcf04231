"""Where crops come from: all utterances once in one memory-mapped file of 16-bit samples, or features from an scp."""

import hashlib
import os
from multiprocessing import get_context

import numpy as np

from diarkit.audio import AudioOptions, read_audio
from diarkit.cli import log, progress
from diarkit.errors import DiarkitError, os_message
from diarkit.files import atomic, read_lines, write_text
from diarkit.tables import load_matrix, read_scp

FULL_SCALE = 32767


class AudioStore:
    """The utterances of a wav.scp, decoded once into `folder`: audio.i16 and its index audio.tsv.

    wav: rspecifier; workers: processes that decode. A folder made of other files is made anew. Attributes: keys;
    lengths: (N,) samples; rate: samples a second; work: a text that other audio does not have.
    """

    def __init__(self, wav, folder, sample_rate=16000, workers=2):
        entries, self.rate = read_scp(wav), sample_rate
        self.work = fingerprint(entries, sample_rate)
        self._data, index = os.path.join(folder, "audio.i16"), os.path.join(folder, "audio.tsv")
        found = _read_index(index)
        if found is None or found[0] != self.work or not os.path.exists(self._data):
            os.makedirs(folder, exist_ok=True)
            found = self.work, _decode_all(entries, sample_rate, self._data, workers)
            write_text(index, [self.work] + [f"{key}\t{n}" for key, n in found[1]])
        self.keys = [key for key, _ in found[1]]
        self.lengths = np.array([n for _, n in found[1]], np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        if os.path.getsize(self._data) != 2 * self._starts[-1]:
            raise DiarkitError(f"{self._data}: {os.path.getsize(self._data)} bytes, its index says "
                               f"{2 * self._starts[-1]}. Remove {folder}")
        self._samples = np.memmap(self._data, "<i2", "r") if self._starts[-1] else np.zeros(0, np.int16)

    def read(self, utterance, start_n, count_n):
        """Return (count_n,) float32 samples in [-1, 1] of an utterance's number."""
        first = self._starts[utterance] + start_n
        return self._samples[first:first + count_n] / np.float32(FULL_SCALE)


class FeatureStore:
    """Features of an scp, read where they are. Attributes as AudioStore's, in frames; dim: their columns."""

    def __init__(self, feats, shift_s):
        entries, self.rate = read_scp(feats), 1 / shift_s
        self.keys, self._entries = list(entries), list(entries.values())
        shapes = [load_matrix(entry).shape for entry in self._entries]
        self.dim = max((shape[1] for shape in shapes if len(shape) == 2), default=0)
        wrong = [key for key, shape in zip(self.keys, shapes) if len(shape) != 2 or shape[0] and shape[1] != self.dim]
        if wrong:
            raise DiarkitError(f"{feats}: {len(wrong)} matrices have not {self.dim} columns, such as {wrong[0]}")
        self.lengths = np.array([shape[0] for shape in shapes], np.int64)
        self.work = fingerprint(dict(zip(self.keys, zip(self._entries, self.lengths.tolist()))), shift_s)

    def read(self, utterance, start_t, count_t):
        """Return (count_t, D) float32 rows."""
        return np.asarray(load_matrix(self._entries[utterance])[start_t:start_t + count_t], np.float32)


def fingerprint(entries, *more):
    """Return a short text that other entries, or files changed since, do not have."""
    digest = hashlib.sha256(repr(more).encode())
    for key, entry in entries.items():
        digest.update(f"{key}\t{entry}\t".encode())
        if isinstance(entry, str) and os.path.exists(entry):
            facts = os.stat(entry)
            digest.update(f"{facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _read_index(path):
    """Return (fingerprint, [(key, samples)]), None where there is no index."""
    if not os.path.exists(path):
        return None
    lines = [line for _, line in read_lines(path)]
    pairs = [line.split("\t") for line in lines[1:]]
    return lines[0], [(key, int(n)) for key, n in pairs]


def _decode_all(entries, rate, path, workers):
    """Write all samples to one file; return [(key, samples)]. Raises DiarkitError that lists what cannot be read."""
    jobs, found, failed = [(key, entry, rate) for key, entry in entries.items()], [], []
    log(f"decoding {len(jobs)} utterances into {path}")
    with get_context("fork").Pool(max(workers, 1)) as pool, atomic(path, "wb") as file:
        decoded = pool.imap(_decode, jobs, chunksize=8)
        for key, samples, message in progress(decoded, len(jobs), "utterance"):
            if message:
                failed.append(f"  {key}: {message}")
                continue
            file.write(samples.data if len(samples) else b"")
            found.append((key, len(samples)))
        if failed:
            more = [f"  and {len(failed) - 20} more"] if len(failed) > 20 else []
            raise DiarkitError("\n".join([f"{len(failed)} of {len(jobs)} utterances cannot be read; take them out:",
                                          *failed[:20], *more]))
    return found


def _decode(job):
    key, entry, rate = job
    try:
        samples = read_audio(entry, AudioOptions(sample_rate=rate))
    except DiarkitError as error:
        return key, None, str(error)
    except OSError as error:
        return key, None, os_message(error)
    return key, np.round(np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2"), None
