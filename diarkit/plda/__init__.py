"""Probabilistic linear discriminant analysis: which part of an embedding is the speaker, and which is chance."""

from diarkit.plda.backend import Backend, open_backend, read_backend, write_backend
from diarkit.plda.kaldi import read_plda, write_plda
from diarkit.plda.model import Plda
from diarkit.plda.training import PldaOptions, train

__all__ = ["Backend", "Plda", "PldaOptions", "open_backend", "read_backend", "read_plda", "train", "write_backend",
           "write_plda"]
