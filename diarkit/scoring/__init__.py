"""Scores of a diarization against a reference: DER in three named protocols, JER, purity, coverage, speaker counts."""

from diarkit.scoring.metrics import Score, annotation, best_names, pool, score, timeline
from diarkit.scoring.protocols import FAIR, FORGIVING, FULL, PROTOCOLS, Protocol

__all__ = ["FAIR", "FORGIVING", "FULL", "PROTOCOLS", "Protocol", "Score", "annotation", "best_names", "pool", "score",
           "timeline"]
