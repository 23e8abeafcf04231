"""How unlike two windows are that follow each other: distances of Gaussians with diagonal covariances."""

import numpy as np

from diarkit.change.gaussians import variance


def gaussian_divergence(before, after, floor):
    """Return (b,) divergence of the windows: sum over dimensions of (mu1 - mu2)^2 / (sigma1 sigma2).

    before, after: (n, mean, power) of diarkit.change.gaussians.beside; floor: (D,) added to the variances.
    The measure of LIUM's first segmentation (Meignier and Merlin 2010, section 3.1; Barras et al. 2006, section II-B).
    """
    spread = np.sqrt(variance(before, floor) * variance(after, floor))
    return ((before[1] - after[1]) ** 2 / spread).sum(axis=1)


def kl2(before, after, floor):
    """Return (b,) symmetric Kullback-Leibler distance KL(1, 2) + KL(2, 1) of the windows (Siegler et al. 1997).

    Of two Gaussians it is half the sum over dimensions of v1/v2 + v2/v1 - 2 + (mu1 - mu2)^2 (1/v1 + 1/v2).
    """
    v1, v2 = variance(before, floor), variance(after, floor)
    apart = (before[1] - after[1]) ** 2
    return (v1 / v2 + v2 / v1 - 2 + apart * (1 / v1 + 1 / v2)).sum(axis=1) / 2
