"""ELAN's .eaf: one tier per speaker, by the package pympi-ling."""

import os
import tempfile
import warnings

from diarkit.errors import data_error
from diarkit.formats.common import reco_of, text_of, ticks, turn_of

DATE = "1970-01-01T00:00:00+00:00"  # the same turns give the same bytes


def write(turns, reco=None, duration_s=None):
    """Return an ELAN document in milliseconds; each annotation carries the speaker's name."""
    from pympi import Elan

    document = Elan.Eaf(author="diarkit")
    document.adocument["DATE"] = DATE
    document.remove_tier("default")
    for name in dict.fromkeys(t.speaker for t in turns) or ["nobody"]:
        document.add_tier(name, part=name)
    for t in turns:
        document.add_annotation(t.speaker, *ticks(t, 1000), t.speaker)
    with tempfile.TemporaryDirectory(prefix="diarkit-") as folder:
        path = os.path.join(folder, "out.eaf")
        document.to_file(path)
        return text_of(path)


def read(path):
    """Yield the Turns of an ELAN document: a tier is its participant, else its name; tiers below others are words'."""
    from pympi import Elan

    text_of(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = Elan.Eaf(path)
    except Exception as error:  # pympi answers a broken file with whatever its parser trips over
        raise data_error(path, None, f"no ELAN document: {type(error).__name__} {error}".rstrip(),
                         "Open it in ELAN and save it again") from None
    for name in document.get_tier_names():
        about = document.get_parameters_for_tier(name)
        if about.get("PARENT_REF"):
            continue
        for start_ms, end_ms, *_ in document.get_annotation_data_for_tier(name):
            yield turn_of(path, None, reco_of(path), start_ms / 1000, end_ms / 1000, about.get("PARTICIPANT") or name)
