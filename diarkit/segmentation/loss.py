"""Loss and errors of local segmentations, free of the order of the local speakers."""

import itertools

import numpy as np
import torch

from diarkit.segmentation.powerset import MEMBERS, SPEAKERS, to_classes

ORDERS = np.array(list(itertools.permutations(range(SPEAKERS))))  # (6, 3)
RENAMED = np.stack([to_classes(MEMBERS[:, order]) for order in ORDERS])  # (6, 7): classes, speakers reordered


def powerset_loss(scores, classes, counted):
    """Return the mean cross entropy of windows, each under the order of its speakers that suits it best.

    scores: (B, T, 7) log probabilities; classes: (B, T) int64 of the reference; counted: (B, T) float32, 0 for frames
    that are not annotated. Plaquet & Bredin 2023, eq. 3, with the minimum of eq. 2 taken over the loss itself.
    """
    assert scores.shape[:2] == classes.shape == counted.shape and scores.shape[-1] == len(MEMBERS), scores.shape
    targets = torch.from_numpy(RENAMED).long().to(scores.device)[:, classes]  # (6, B, T)
    entropy = -scores.expand(len(targets), *scores.shape).gather(-1, targets[..., None])[..., 0]
    frames = counted.sum(-1).clamp(min=1)
    return ((entropy * counted).sum(-1) / frames).min(0).values.mean()


def local_errors(found, reference, counted):
    """Return frames (miss, false alarm, confusion, total) of windows, each under its best one-to-one assignment.

    found, reference: (B, T, 3) bool; counted: (B, T), 0 for frames that are not annotated.
    """
    assert found.shape == reference.shape and found.shape[:2] == counted.shape, (found.shape, reference.shape)
    keep = (counted > 0)[..., None]
    found, reference = (found & keep).astype(np.float32), (reference & keep).astype(np.float32)
    talk, said = reference.sum(-1), found.sum(-1)
    shared = np.einsum("bti,btj->bij", reference, found)
    right = max_over_orders(shared).sum()
    both = np.minimum(talk, said).sum()
    return np.array([np.maximum(talk - said, 0).sum(), np.maximum(said - talk, 0).sum(), both - right, talk.sum()])


def max_over_orders(shared):
    """Return (B,) the largest sum of one entry of each row and column of (B, 3, 3)."""
    return np.stack([shared[:, range(SPEAKERS), order].sum(-1) for order in ORDERS]).max(0)
