"""Find the threshold with the least DER on a development set."""

import dataclasses

import numpy as np

from diarkit.cluster import ahc, cluster, prepare, settle
from diarkit.cluster.agglomerate import agglomerate
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.scoring.metrics import annotation, pool, score, timeline
from diarkit.scoring.protocols import PROTOCOLS
from diarkit.turns import as_turns, labels_to_turns

SWEEPS = {"ahc": ("threshold", 0.02, 1.2, 0.02), "meanshift": ("bandwidth", 0.3, 1.4, 0.02),
          "kmeans": ("min_silhouette", -0.1, 0.6, 0.02)}  # what each method sweeps: from, to, step


@options
class TuneOptions:
    """Tuning: [ahc] threshold, [meanshift] bandwidth, [kmeans] min-silhouette."""

    sweep_from: float | None = opt(None, "first value tried; none: ahc 0.02, meanshift 0.3, kmeans -0.1")
    sweep_to: float | None = opt(None, "last value tried; none: ahc 1.2, meanshift 1.4, kmeans 0.6")
    sweep_step: float = opt(0.02, "from one value to the next", above=0.0)
    protocol: str = opt("full", "how the DER is measured", choices=tuple(p.name for p in PROTOCOLS))
    seed: int = opt(0, "of the random starts of k-means", low=0, high=2 ** 32 - 1)


def sweep_of(method, tune):
    """Return (field of ClusterOptions, values) to try; raises UsageError where a method has nothing to tune."""
    if method not in SWEEPS:
        raise UsageError(f"--method {method} has no threshold to tune. Methods that have: {', '.join(SWEEPS)}")
    name, first, last, _ = SWEEPS[method]
    first = first if tune.sweep_from is None else tune.sweep_from
    last = last if tune.sweep_to is None else tune.sweep_to
    if last < first:
        raise UsageError(f"--sweep-to {last:g} is below --sweep-from {first:g}")
    return name, np.round(np.arange(first, last + tune.sweep_step / 2, tune.sweep_step), 6)


def labels_by_value(vectors, options, count, name, values, seed):
    """Yield the (N,) labels of one recording for each value of the option `name`; one dendrogram serves them all."""
    if options.method != "ahc":
        for value in values:
            yield cluster(vectors, dataclasses.replace(options, **{name: float(value)}), count, seed)
        return
    x, points, weights, member = prepare(vectors, options)
    tree = agglomerate(points, weights, options.linkage) if len(points) else None
    least, most = (min(bound, len(points)) for bound in count.bounds(len(x)))
    for value in values:
        at = dataclasses.replace(options, **{name: float(value)})
        labels = ahc.labels_at(tree, at, least, most)[member] if tree else np.zeros(0, int)
        yield settle(labels, x, at, count, seed)


def score_labels(reco, segments, labels, duration_s, reference, protocol, turn_options):
    """Return the Score of one labelling: turns are made and scored as in the pipeline, on the whole recording.

    segments: Segments of the windows; reference: pyannote Annotation.
    """
    windows = np.array([(s.start_s, s.end_s) for s in segments]).reshape(-1, 2)
    turns = as_turns(reco, labels_to_turns(windows, labels, duration_s, turn_options))
    return score(reference, annotation(reco, turns)[0], timeline([(0, duration_s)]), protocol)


def scores_by_value(reco, segments, vectors, labellings, duration_s, turns, protocol, turn_options):
    """Return one Score per labelling of a recording; equal labellings are scored once.

    turns: the reference's Turns.
    """
    if len(vectors) != len(segments):
        raise DiarkitError(f"{len(vectors)} vectors but {len(segments)} subsegments. Extract the embeddings again")
    reference, known = annotation(reco, turns)[0], {}
    scores = []
    for labels in labellings:
        key = labels.tobytes()
        if key not in known:
            known[key] = score_labels(reco, segments, labels, duration_s, reference, protocol, turn_options)
        scores.append(known[key])
    return scores


def best_value(values, scores):
    """Return (value, DER in percent, whether it lies at an end of the sweep).

    scores: {reco: [Score per value]}. Of the values that are equally good the middle one of the first run is taken.
    """
    rates = np.array([100 * pool(column).der for column in zip(*scores.values())])
    good = np.flatnonzero(rates <= rates.min() + 1e-9)
    run = good[:1 + int((np.diff(good) == 1).cumprod().sum())]
    pick = int(run[(len(run) - 1) // 2])
    return float(values[pick]), float(rates[pick]), 0 in run or len(values) - 1 in run
