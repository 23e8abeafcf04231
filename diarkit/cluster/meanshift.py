"""Mean shift with a flat kernel (Comaniciu and Meer 2002), in blocks of rows."""

import numpy as np

from diarkit.cluster import ahc
from diarkit.cluster.vectors import blocks

ROWS = 512
FEWEST = 16  # t-SNE of fewer would have a perplexity below 5, the least that its authors advise, and scatters them


def group(points, weights, options, least, most, seed):
    """Return (N,) labels: each row belongs to the nearest of the modes that all rows climb to.

    The counts least and most are left to the caller. See diarkit.cluster.cluster for the other arguments.
    """
    if options.tsne and len(points) < FEWEST:
        return ahc.group(points, weights, options, least, most, seed)
    x = standardised(points, weights) if options.standardise else points
    x = places(x, options.perplexity, seed) if options.tsne else x
    bandwidth = options.tsne_bandwidth if options.tsne else options.bandwidth
    bandwidth = bandwidth or estimate_bandwidth(x, options.quantile)
    modes = distinct(*climb(x, weights, bandwidth), bandwidth)
    return np.concatenate([squared(x[rows], modes).argmin(1) for rows in blocks(len(x), ROWS)])


def standardised(x, weights):
    """Return the rows with mean 0 and variance 1 in every dimension that varies."""
    mean = np.average(x, axis=0, weights=weights)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    return ((x - mean) / np.where(spread > 1e-6, spread, 1)).astype(np.float32)


def places(x, perplexity, seed):
    """Return (N, 2) float32: the rows placed in the plane by t-SNE (van der Maaten and Hinton 2008), like near like.

    perplexity: at most (N - 1) / 3 is used, scikit-learn's bound for a meaningful one.
    """
    from sklearn.manifold import TSNE  # here: a second to import
    found = TSNE(perplexity=max(min(perplexity, (len(x) - 1) / 3), 1), init="pca", random_state=seed, n_jobs=1)
    return found.fit_transform(np.asarray(x, np.float32)).astype(np.float32)


def squared(a, b):
    """Return (A, B) squared Euclidean distances."""
    return np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T), 0)


def estimate_bandwidth(x, quantile):
    """Return the mean distance to the (quantile * N)-th nearest row, each row its own first: scikit-learn's rule."""
    rank = max(int(len(x) * quantile), 1) - 1
    far = [np.sqrt(np.partition(squared(x[rows], x), rank)[:, rank]) for rows in blocks(len(x), ROWS)]
    return max(float(np.concatenate(far).mean()), 1e-3)


def climb(x, weights, bandwidth, most_steps=300):
    """Return ((N, D) mode each row reaches, (N,) weight within the bandwidth of it).

    A step goes to the mean of all rows within the bandwidth; it ends when a step is below 1e-3 bandwidths.
    """
    modes, mass = x.copy(), np.zeros(len(x))
    for rows in blocks(len(x), ROWS):
        moving = np.arange(rows.start, rows.stop)
        for _ in range(most_steps):
            inside = (squared(modes[moving], x) <= bandwidth ** 2) * weights.astype(np.float32)
            mass[moving] = inside.sum(1)
            new = inside @ x / np.maximum(mass[moving], 1e-12)[:, None]
            new = np.where(mass[moving, None] > 0, new, modes[moving]).astype(np.float32)
            step = np.linalg.norm(new - modes[moving], axis=1)
            modes[moving] = new
            moving = moving[step > 1e-3 * bandwidth]
            if not len(moving):
                break
    return modes, mass


def distinct(modes, mass, bandwidth):
    """Return the modes, heaviest first, that lie further than a bandwidth from every heavier one."""
    order = np.lexsort((*-modes.T[::-1], -mass))  # equally heavy ones in a fixed order
    kept = []
    left = modes[order]
    while len(left):
        kept.append(left[0])
        left = left[squared(left, left[:1])[:, 0] > bandwidth ** 2]
    return np.array(kept)
