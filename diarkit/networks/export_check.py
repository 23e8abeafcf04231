"""Does a network's ONNX file give what the network gives? ONNX Runtime beside torch, input by input."""

from typing import NamedTuple

import numpy as np
import torch

from diarkit.errors import DiarkitError
from diarkit.models.calibration import middle
from diarkit.models.run import onnx_session
from diarkit.tables import load_matrix, read_scp

LEAST = 10  # utterances, so that there are some for the scales of 8 bits and some others for the check


class Likeness(NamedTuple):
    """difference: the largest of all values, in parts of the largest value. cosine, centred: the lowest of all inputs,
    of the embeddings as they are, and less their mean: what all have in common would hide what is wrong."""

    difference: float
    cosine: float
    centred: float


BOUNDS = {  # the most difference and the least cosines; ResNet34 in 8 bits has cosines of 0.99
    "embedding.onnx": Likeness(1e-3, 0.9999, -1),
    "embedding_fp16.onnx": Likeness(np.inf, 0.9999, -1),
    "embedding_int8.onnx": Likeness(np.inf, 0.98, 0.95),
}


def real_crops(table, opened, utterances, frames_t):
    """Return the middle frames of some utterances, [(1, T, D)], spread over an scp of features.

    opened: the Network of diarkit.models.network. utterances, frames_t: the most that are wanted.
    Raises DiarkitError for features of another width, and for fewer than LEAST utterances that are long enough.
    """
    entries, found = list(read_scp(table).items()), []
    for key, entry in entries[::max(-(-len(entries) // utterances), 1)]:
        x = middle(load_matrix(entry), frames_t, opened.centred)
        if x.shape[2] != opened.mels:
            raise DiarkitError(f"{table}: {key} has {x.shape[2]} columns, the network takes {opened.mels}")
        found += [x] * (x.shape[1] >= opened.least_t)
    if len(found) < LEAST:
        raise DiarkitError(f"{table}: {len(found)} utterances of {opened.least_t} frames or more, {LEAST} are needed")
    return found


def random_crops(feats_dim, count=20, frames_t=200):
    """Return random features [(1, T, D)], the same each time."""
    return list(torch.randn(count, 1, frames_t, feats_dim, generator=torch.Generator().manual_seed(0)))


def compare(data, network, crops):
    """Return the Likeness of an ONNX file's bytes to its SpeakerNetwork; crops: two or more (1, T, D) tensors."""
    session = onnx_session(data, 1)
    found = np.concatenate([session.run(["embedding"], {"feats": x.numpy()})[0] for x in crops])
    with torch.inference_mode():
        wanted = np.concatenate([network(x).numpy() for x in crops])
    mean = wanted.mean(0)
    return Likeness(float(np.abs(found - wanted).max() / np.abs(wanted).max()), _cosine(found, wanted),
                    _cosine(found - mean, wanted - mean))


def check(name, data, network, crops):
    """Return a line that says how near a file is to its network.

    name: of BOUNDS. Raises DiarkitError where it is not near enough; what is not finite is not.
    """
    found, bounds = compare(data, network, crops), BOUNDS[name]
    line = (f"{name}: {len(data) / 1e6:.1f} MB, largest difference {found.difference:.2g} of the largest value, lowest "
            f"cosine {found.cosine:.5f}, less the mean {found.centred:.5f}, of {len(crops)} inputs")
    if not (found.difference <= bounds.difference and found.cosine >= bounds.cosine
            and found.centred >= bounds.centred):
        raise DiarkitError(f"{line}. That is not what the network gives in torch: allowed are {bounds.difference:g}, "
                           f"{bounds.cosine:g} and {bounds.centred:g}. The file is not written")
    return line


def _cosine(a, b):
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())
