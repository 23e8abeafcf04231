"""diarkit: speaker diarization, who spoke when.

    import diarkit
    result = diarkit.diarize("talk.m4a")

The parts below are imported when they are first asked for, so that `import diarkit` costs nothing.
"""

__version__ = "0.2.0"
__all__ = ["Diarization", "Diarizer", "DiarkitError", "diarize"]

_PLACES = {"diarize": "api", "Diarizer": "api", "DiarizerOptions": "api", "Diarization": "result",
           "DiarkitError": "errors"}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module 'diarkit' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"diarkit.{_PLACES[name]}"), name)
