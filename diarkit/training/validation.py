"""The equal error rate on speakers who are held out, on short crops and on whole utterances."""

import numpy as np
import torch

from diarkit.training.crops import centred
from diarkit.verification.rates import equal_error_rate

STEP_S = 0.5     # whole utterances are cut to a multiple of this: torch prepares itself anew for each length
BATCH = 32


class DevSet:
    """Utterances of some speakers, as features in memory; every pair of them is a trial.

    names: of the speakers; count: most utterances of them all; short_s, full_s: lengths, the middle of the utterance
    is taken. make(samples or features) -> (T, D).
    """

    def __init__(self, corpus, names, count, short_s, full_s, make, seed):
        store, random, each = corpus.store, np.random.default_rng((seed, 3)), max(count // len(names), 2)
        chosen = [random.permutation(corpus.long_enough(name, short_s))[:each] for name in names]
        self.speakers = np.repeat(np.arange(len(names)), [len(part) for part in chosen])
        self._shorts, self._fulls = [], []
        for number in np.concatenate(chosen).tolist():
            length_s = store.lengths[number] / store.rate
            full = min(length_s, full_s)
            full = max(full // STEP_S * STEP_S, short_s)
            self._shorts.append(make(_middle(store, number, short_s)))
            self._fulls.append(make(_middle(store, number, full)))

    def rates(self, embed):
        """Return {eer_short, eer_full} in %; embed: (B, T, D) float32 array -> (B, dim) array."""
        return {"eer_short": self._rate(self._shorts, embed), "eer_full": self._rate(self._fulls, embed)}

    def _rate(self, feats, embed):
        vectors = embed_all(feats, embed)
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        a, b = np.triu_indices(len(unit), 1)
        return 100 * equal_error_rate((unit @ unit.T)[a, b], self.speakers[a] == self.speakers[b])[0]


def embed_all(feats, embed):
    """Return (N, dim) embeddings of a list of (T, D), those of one length together."""
    groups, found = {}, [None] * len(feats)
    for number, matrix in enumerate(feats):
        groups.setdefault(len(matrix), []).append(number)
    for numbers in groups.values():
        for first in range(0, len(numbers), BATCH):
            part = numbers[first:first + BATCH]
            for number, vector in zip(part, embed(np.stack([feats[n] for n in part]))):
                found[number] = vector
    return np.stack(found).astype(np.float64)


def maker(feature, centre):
    """Return the function that DevSet wants: samples to features where there is a feature, centred where asked."""
    def make(sound):
        feats = feature(sound) if feature else sound
        return (centred(feats) if centre else feats).astype(np.float32)
    return make


def plain(embed, network, device):
    """Return a function on arrays: the network's embeddings without gradients, as when it is used."""
    def run(feats):
        network.eval()
        with torch.inference_mode():
            return embed(torch.from_numpy(feats).to(device)).float().cpu().numpy()
    return run


def _middle(store, number, length_s):
    count = min(round(length_s * store.rate), int(store.lengths[number]))
    return store.read(number, (int(store.lengths[number]) - count) // 2, count)
