"""Speakers and their utterances, some speakers held out, and what a teacher says of each utterance."""

import hashlib

import numpy as np

from diarkit.cli import log
from diarkit.errors import DiarkitError
from diarkit.files import read_lines, read_table
from diarkit.tables import read_matrices

LEAST_S = 0.2  # utterances shorter than this are left out


class Corpus:
    """Utterances of a store by speaker.

    store: AudioStore or FeatureStore; utt2spk: path; teacher: rspecifier of a vector (E,) or matrix (N, E) for each
    utterance, whose rows' mean of length 1 is kept. Attributes: speakers: names, sorted; utterances: {speaker: (U,)
    numbers in the store}; teacher: (N, E) float32 with rows of zeros where there is none, or None.
    """

    def __init__(self, store, utt2spk, teacher=None):
        self.store, speaker_of = store, read_table(utt2spk)
        unknown = [key for key in store.keys if key not in speaker_of]
        if unknown:
            raise DiarkitError(f"{utt2spk}: {len(unknown)} of {len(store.keys)} utterances have no speaker, such as "
                               f"{unknown[0]}. Add `<utterance> <speaker>`")
        long = store.lengths >= LEAST_S * store.rate
        groups = {}
        for number in np.flatnonzero(long).tolist():
            groups.setdefault(speaker_of[store.keys[number]], []).append(number)
        self.utterances = {name: np.array(groups[name]) for name in sorted(groups)}
        self.speakers = list(self.utterances)
        self.teacher = None if teacher is None else _teacher(teacher, store.keys)
        self.work = self._fingerprint()
        hours = store.lengths[long].sum() / store.rate / 3600
        log(f"{len(self.speakers)} speakers, {int(long.sum())} utterances, {hours:.2f} h; {int((~long).sum())} shorter "
            f"than {LEAST_S} s left out")

    def _fingerprint(self):
        """Return a short text that other utterances, speakers or teachers do not have."""
        digest = hashlib.sha256(self.store.work.encode())
        for name, numbers in self.utterances.items():
            digest.update(f"{name} {len(numbers)}".encode() + numbers.tobytes())
        digest.update(b"" if self.teacher is None else self.teacher.tobytes())
        return digest.hexdigest()[:16]

    def seconds(self, speaker):
        """Return how many seconds there are of a speaker."""
        return self.store.lengths[self.utterances[speaker]].sum() / self.store.rate

    def long_enough(self, speaker, least_s):
        """Return the numbers of a speaker's utterances of at least so many seconds."""
        numbers = self.utterances[speaker]
        return numbers[self.store.lengths[numbers] >= least_s * self.store.rate]

    def held_out(self, count, least_s, seed):
        """Return the names of up to `count` speakers, drawn of those with two utterances of at least least_s."""
        fit = [name for name in self.speakers if len(self.long_enough(name, least_s)) >= 2]
        count = min(count, len(fit), len(self.speakers) // 3)
        if count < 2:
            raise DiarkitError(f"{len(fit)} of {len(self.speakers)} speakers have two utterances of {least_s} s to be "
                               "measured on; two are needed, and four others to train on. Give more, or a shorter "
                               "--dev-crop-s")
        return sorted(np.random.default_rng((seed, 1)).choice(fit, count, replace=False).tolist())

    def listed(self, path):
        """Return the speakers named in a file, one on a line; one that is not here is an error."""
        names = [line.split()[0] for _, line in read_lines(path)]
        strange = sorted(set(names) - set(self.speakers))
        if strange:
            raise DiarkitError(f"{path}: {len(strange)} of {len(names)} speakers are not in the data, such as "
                               f"{strange[0]}")
        return sorted(set(names))


def _teacher(rspecifier, keys):
    """Return (N, E) float32 unit vectors in the order of the keys, zeros for an utterance with an empty matrix."""
    number, rows, dims = {key: n for n, key in enumerate(keys)}, {}, set()
    for key, load in read_matrices(rspecifier):
        matrix = np.atleast_2d(np.asarray(load(), np.float64))
        if key in number and matrix.size:
            units = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
            mean = units.mean(0)
            dims.add(len(mean))
            rows[key] = mean / max(np.linalg.norm(mean), 1e-12)
        elif key in number:
            rows[key] = None
    missing = [key for key in keys if key not in rows]
    if missing or len(dims) != 1:
        raise DiarkitError(f"{rspecifier}: vectors of {sorted(dims)} dimensions; {len(missing)} of {len(keys)} "
                           f"utterances have none{', such as ' + missing[0] if missing else ''}. Extract them all, "
                           "with one model")
    vectors = np.zeros((len(keys), dims.pop()), np.float32)
    for key, row in rows.items():
        if row is not None:
            vectors[number[key]] = row
    empty = sum(row is None for row in rows.values())
    log(f"teacher: {vectors.shape[1]} dimensions; {empty} utterances without a vector are classified only")
    return vectors
