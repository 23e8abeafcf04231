"""Powerset classes and the speakers they stand for (Plaquet & Bredin 2023): none, 1, 2, 3, 1+2, 1+3, 2+3."""

import numpy as np

SPEAKERS, CLASSES = 3, 7
MEMBERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], bool)
COUNT = MEMBERS.sum(axis=1)  # speakers of each class


def to_multilabel(classes):
    """Return (..., T, 3) bool, which local speakers talk, of (..., T) class numbers 0..6."""
    classes = np.asarray(classes)
    numbers = classes.astype(np.int8)
    if classes.size and (numbers.min() < 0 or numbers.max() >= CLASSES or (numbers != classes).any()):
        raise ValueError(f"class numbers must be whole, from 0 to {CLASSES - 1}")
    return MEMBERS[numbers]


def to_classes(active):
    """Return (..., T) int8 class numbers of (..., T, 3) bool; of three speakers at once the first two are kept."""
    active = np.asarray(active, bool)
    assert active.shape[-1] == SPEAKERS, active.shape
    kept = active & (np.cumsum(active, axis=-1) <= 2)
    code = kept @ np.array([1, 2, 4])
    return np.array([0, 1, 2, 4, 3, 5, 6, 0], np.int8)[code]
