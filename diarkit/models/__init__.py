"""Pretrained networks: the table of files, fetching them, and one module per network."""

from diarkit.models.fetch import fetch
from diarkit.models.table import find, read_models

__all__ = ["fetch", "find", "read_models"]
