"""VBx: Bayesian hidden Markov model of x-vectors, a state for each speaker (Landini, Profant, Diez and Burget 2022).

"Bayesian HMM clustering of x-vector sequences (VBx) in speaker diarization", arXiv 2012.14952; the numbers beside the
lines are its equations. With loop_prob 0 the vectors' order says nothing and the model is a Bayesian Gaussian mixture.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from diarkit.cluster.vectors import by_first_appearance

LEAST_SHARE = 1e-7  # a speaker with a smaller share of the vectors is dropped
SMALL_GAIN = 1e-4   # stop when the bound grows by less, nats


class Vbx(NamedTuple):
    """gamma: (N, S) probability of each speaker; pi: (S,) shares; elbo: (iterations,) the bound, which never falls."""

    gamma: np.ndarray
    pi: np.ndarray
    elbo: np.ndarray

    @property
    def labels(self):
        """(N,) most probable speaker, numbered by first appearance; a speaker who is nowhere the first is left out."""
        return by_first_appearance(self.gamma.argmax(1))


def vbx(x, phi, start, options):
    """Return the Vbx of a sequence of vectors.

    x: (N, D) PLDA latent coordinates in the order of time, variance 1 within a speaker; phi: (D,) variances between
    speakers. start: (N,) labels 0..S-1, better too many than too few: superfluous speakers lose their vectors.
    options: VbxOptions.
    """
    assert x.ndim == 2 and phi.shape == (x.shape[1],) and start.shape == (len(x),), (x.shape, phi.shape, start.shape)
    gamma, pi, bound = smoothed(start, options.smoothing), None, []
    pi = np.full(gamma.shape[1], 1 / gamma.shape[1])
    rho = x * np.sqrt(phi)                                                                          # (18), V = phi^1/2
    constant = -(np.einsum("nd,nd->n", x, x) + x.shape[1] * np.log(2 * np.pi))[:, None] / 2         # (5)
    for _ in range(options.max_iterations):
        log_p, speakers = _likelihood(rho, phi, constant, gamma, options)
        gamma, log_px, share = infer(log_p, pi, options.loop_prob)
        bound.append(log_px + speakers)                                                             # (25)
        keep = share > LEAST_SHARE
        gamma, pi = gamma[:, keep], share[keep] / share[keep].sum()
        if len(bound) > 1 and bound[-1] - bound[-2] < SMALL_GAIN:
            break
    return Vbx(gamma, pi, np.array(bound))


def _likelihood(rho, phi, constant, gamma, options):
    """Return the (N, S) expected log likelihoods, times F_A, and the speakers' own part of the bound."""
    fa, fb = options.fa, options.fb
    spread = 1 / (1 + fa / fb * gamma.sum(0)[:, None] * phi)                                        # (17), L^-1
    alpha = fa / fb * spread * (gamma.T @ rho)                                                      # (16)
    log_p = fa * (rho @ alpha.T - (spread + alpha ** 2) @ phi / 2 + constant)                       # (23)
    return log_p, fb / 2 * (np.log(spread) - spread - alpha ** 2 + 1).sum()                         # (25)


def smoothed(labels, smoothing):
    """Return (N, S) start of gamma: softmax of `smoothing` at the label and 0 elsewhere (section 3.2)."""
    return softmax(smoothing * (labels[:, None] == np.arange(labels.max() + 1)), axis=1)


def infer(log_p, pi, loop):
    """Return (gamma (N, S), log p(X), shares (S,)) of log likelihoods (N, S), shares pi (S,) and P_loop.

    Every step goes on in its state with P_loop, else anywhere by the shares: eq. (1), one product instead of S x S.
    """
    if not loop:
        joint = log_p + np.log(pi)
        total = logsumexp(joint, axis=1, keepdims=True)
        gamma = np.exp(joint - total)
        return gamma, float(total.sum()), gamma.mean(0)
    top = log_p.max(1)
    p, move = np.exp(log_p - top[:, None]), (1 - loop) * pi
    a, scale = _forward(p, pi, move, loop)
    b = _backward(p, move, loop, scale)
    gamma = a * b                                                                                   # (19)
    share = gamma[0] + (move * p[1:] * b[1:] / scale[1:, None]).sum(0)                              # (24)
    return gamma / gamma.sum(1, keepdims=True), float((np.log(scale) + top).sum()), share / share.sum()   # (22)


def _forward(p, pi, move, loop):
    """Return (N, S) forward probabilities (20), each row scaled to sum 1, and the (N,) scales.

    Likelihoods are scaled by the row's largest, and no state falls below (1 - P_loop) pi before it meets its own: so
    the scaled recursion loses nothing against logarithms, at a third of their time.
    """
    a, scale = np.empty_like(p), np.empty(len(p))
    before = pi
    for t, row in enumerate(p):
        now = a[t]
        np.multiply(before, row, out=now)
        scale[t] = now.sum()
        now /= scale[t]
        before = loop * now + move
    return a, scale


def _backward(p, move, loop, scale):
    """Return (N, S) backward probabilities (21), scaled so that forward times backward is gamma."""
    b = np.ones_like(p)
    after = p / scale[:, None]
    for t in range(len(p) - 2, -1, -1):
        seen = after[t + 1] * b[t + 1]
        np.multiply(seen, loop, out=b[t])
        b[t] += move @ seen
    return b
