"""Embeddings of windows: which frames, in which batches, through which network."""

from diarkit.embed.extractor import EmbedOptions, Extractor

__all__ = ["EmbedOptions", "Extractor"]
