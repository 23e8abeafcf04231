"""The labels of a table as lines `<subsegment id> <speaker number>`."""

import numpy as np

from diarkit.errors import DiarkitError


def label_lines(segments, labels):
    """Yield the lines of one recording.

    segments: its Segments in the order of the subsegments file; labels: (N,) speaker numbers.
    Raises DiarkitError when their numbers differ or a label is no whole number.
    """
    labels = np.asarray(labels).reshape(-1)
    if len(labels) != len(segments):
        raise DiarkitError(f"{len(labels)} labels but {len(segments)} subsegments. Cluster these windows again")
    if not (np.isfinite(labels).all() and (labels == np.floor(labels)).all() and (labels >= 0).all()):
        raise DiarkitError("the labels must be whole numbers from 0 on. Is this a table of labels?")
    for segment, label in zip(segments, labels.astype(int)):
        yield f"{segment.id} {label}"
