"""From an embedding to the space where PLDA scores: centre, project, scale; as files that Kaldi reads."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from diarkit.cluster.vectors import unit_rows
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import atomic
from diarkit.kaldi_arrays import write_binary
from diarkit.options import from_conf, opt, options
from diarkit.places import WEIGHTS
from diarkit.plda.kaldi import read_plda, write_plda
from diarkit.plda.model import Plda
from diarkit.tables import load_matrix


@options
class BackendOptions:
    """What the embeddings need before the mean is taken off."""

    unit_length: bool = opt(False, "scale them to length 1")


@dataclass(frozen=True)
class Backend:
    """mean: (D,); lda: (d, D); plda: Plda of d dimensions; unit_length: scale embeddings to length 1 first."""

    mean: np.ndarray
    lda: np.ndarray
    plda: Plda | None
    unit_length: bool = True

    def project(self, x):
        """Return (N, d) float64: centred, projected, of length sqrt(d), as Kaldi's ivector-normalize-length does."""
        x = np.asarray(x, np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise DiarkitError(f"embeddings of the shape {x.shape}, this PLDA takes {len(self.mean)} columns. Use the "
                               "one that was trained for this embedding model")
        x = unit_rows(x).astype(np.float64) if self.unit_length else x
        z = (x - self.mean) @ self.lda.T
        return z * np.sqrt(z.shape[1]) / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)

    def latent(self, x, dims=None):
        """Return (N, dims) latent coordinates of embeddings x (N, D); variance 1 within, plda.psi between speakers."""
        return self.plda.latent(self.project(x), dims)

    def with_plda(self, plda):
        """Return the same projection with a PLDA after it."""
        return replace(self, plda=plda)


def write_backend(folder, backend):
    """Write mean.vec, transform.mat and plda as Kaldi does, binary, and backend.conf."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (("mean.vec", backend.mean), ("transform.mat", backend.lda)):
        with atomic(folder / name, "wb") as file:
            write_binary(file, np.asarray(array, np.float32))
    write_plda(folder / "plda", backend.plda)
    with atomic(folder / "backend.conf") as file:
        file.write(f"--unit-length={str(backend.unit_length).lower()}  # of the embeddings, first of all\n")


def read_backend(folder):
    """Return the Backend of a folder with mean.vec, transform.mat and plda, binary or text.

    A folder from Kaldi has no backend.conf: its embeddings are taken as they are. A transform.mat with one column more
    than the mean has its offset there, as Kaldi's LDA writes it. Raises DiarkitError where the parts do not fit.
    """
    folder = Path(folder)
    mean, lda = (np.asarray(load_matrix(str(folder / name)), np.float64) for name in ("mean.vec", "transform.mat"))
    plda, conf = read_plda(folder / "plda"), folder / "backend.conf"
    if mean.ndim == 1 and lda.ndim == 2 and lda.shape[1] == len(mean) + 1:
        mean, lda = mean - np.linalg.lstsq(lda[:, :-1], lda[:, -1], rcond=None)[0], lda[:, :-1]
    if mean.ndim != 1 or lda.ndim != 2 or lda.shape != (len(plda.mean), len(mean)):
        raise DiarkitError(f"{folder}: mean.vec {mean.shape}, transform.mat {lda.shape} and a PLDA of "
                           f"{len(plda.mean)} dimensions do not fit. Take all three from one training")
    unit = from_conf(BackendOptions, conf).unit_length if conf.exists() else False
    return Backend(mean, lda, plda, unit)


def open_backend(name):
    """Return the Backend of a folder, or the one shipped for a model's name, such as resnet34."""
    shipped = {path.name.removeprefix("plda_"): path for path in sorted(WEIGHTS.glob("plda_*")) if path.is_dir()}
    if name in shipped:
        return read_backend(shipped[name])
    if not Path(name).is_dir():
        raise UsageError(f"--plda={name}: neither a folder nor one of {', '.join(shipped)}")
    return read_backend(name)
