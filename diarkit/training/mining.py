"""Batches of speakers who are hard to tell apart, for triplets.

Source: Li et al. 2017, "Deep Speaker", which looks for hard negatives among many more speakers than a batch has.
"""

import numpy as np

from diarkit.training.batches import HALF, Batch, draws

FIRST_ROW = 10 ** 8  # crops that are looked at have names of their own


def mine(plan, heard, embed, number):
    """Return the Batches of a round: two by two, the voices whose crops are most alike stand in one batch.

    Half of the voices are drawn. All their crops are embedded without augmentation; of the full cosine matrix each
    crop's nearest crop of another voice is taken, and the pairs in which it is nearest, measured against the crop's
    farthest one of its own voice, come first. plan: Plan; heard: [Batch] -> an iterator over {feats: (S, M, T, D)};
    embed: (B, T, D) -> (B, dim) arrays; number: the round.
    """
    random = np.random.default_rng((plan.seed, HALF, number))
    half = random.permutation(plan.classes)[:max(plan.classes // 2, min(plan.size, plan.classes))]
    named = draws(number, FIRST_ROW + np.arange(len(half)), plan.options.crops)
    length_s = plan.length_s(number, FIRST_ROW)
    looked_at = [Batch(half[first:first + plan.size], named[first:first + plan.size], length_s)
                 for first in range(0, len(half), plan.size)]
    parts = [embed(batch["feats"].reshape(-1, *batch["feats"].shape[2:])) for batch in heard(looked_at)]
    pairs = hard_pairs(np.concatenate(parts), plan.options.crops)
    wanted = plan.count * (plan.size // 2)
    pairs = np.resize(pairs, (wanted, 2)) if len(pairs) < wanted else pairs[:wanted]
    rows = random.permutation(pairs).reshape(plan.count, -1)
    return [Batch(half[line], named[line], plan.length_s(number, b)) for b, line in enumerate(rows)]


def hard_pairs(vectors, crops):
    """Return (P, 2) row numbers, hardest first, each pair once. vectors: (V * crops, D), those of a voice together."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    voice = np.arange(len(unit)) // crops
    cosines = unit @ unit.T
    same = voice[:, None] == voice
    nearest = np.where(same, -np.inf, cosines).argmax(1)
    farthest = np.where(same, cosines, np.inf).min(1)
    hardness = cosines[np.arange(len(unit)), nearest] - farthest
    order = np.argsort(-hardness, kind="stable")
    pairs = np.sort(np.column_stack([voice, voice[nearest]])[order], axis=1)
    first = np.sort(np.unique(pairs, axis=0, return_index=True)[1])
    return pairs[first]
