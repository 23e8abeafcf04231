"""diarkit: speaker diarization ("who spoke when"), arrays in, arrays out."""

__version__ = "0.1.0"
