"""What `diarkit.diarize` gives: turns, speakers, and every form in which others want them."""

import io
from typing import NamedTuple

import numpy as np

from diarkit.annotation import Turn
from diarkit.files import atomic
from diarkit.formats import registry
from diarkit.turns import speaker_name

FORMATS = registry.WRITABLE


class SpokenTurn(NamedTuple):
    """One turn: start_s, end_s (seconds), speaker (a name), confidence (0 to 1: how far the windows agree on it)."""

    start_s: float
    end_s: float
    speaker: str
    confidence: float


class Speaker(NamedTuple):
    """One speaker of a recording, and what speaks for there being one.

    name; seconds of speech; turns: how many; embedding: (D,) float32 of length 1; nearest: name of the speaker whose
    voice is the most alike, None for the only one; distance: cosine distance to that voice, 0 (same) to 2.
    """

    name: str
    seconds: float
    turns: int
    embedding: np.ndarray
    nearest: str | None
    distance: float


class Diarization:
    """Who spoke when in one recording.

    name: of the recording; duration_s; turns: list of SpokenTurn in time order, which may overlap; exclusive: the same
    with one speaker at a time, for transcripts; speakers: list of Speaker; notes: what was noticed about the audio.
    """

    def __init__(self, name, duration_s, turns, exclusive, speakers, notes=()):
        self.name, self.duration_s, self.turns, self.exclusive = name, duration_s, turns, exclusive
        self.speakers, self.notes = speakers, list(notes)

    @classmethod
    def of_found(cls, name, found, notes=()):
        """Return the Diarization of a pipeline.Found."""
        turns, exclusive = ([SpokenTurn(a, b, speaker_name(k), sure) for a, b, k, sure in spans]
                            for spans in (found.turns, found.exclusive))
        return cls(name, found.duration_s, turns, exclusive, _speakers(found, turns), notes)

    def __repr__(self):
        return f"<Diarization of {self.name}: {self.duration_s:.1f} s, {len(self.speakers)} speakers, " \
               f"{len(self.turns)} turns>"

    def __len__(self):
        return len(self.turns)

    def __iter__(self):
        return iter(self.turns)

    def as_turns(self, exclusive=False):
        """Return a list of annotation.Turn, as the rest of the library takes them."""
        return [Turn(self.name, *t) for t in (self.exclusive if exclusive else self.turns)]

    def to(self, form, path=None, exclusive=False):
        """Return the turns as text in one of FORMATS, and write it to `path` where there is one.

        exclusive: one speaker at a time.
        """
        text = registry.write(form, self.as_turns(exclusive), self.name, self.duration_s)
        if path is not None:
            with atomic(path) as file:
                file.write(text)
        return text

    def to_rttm(self, path=None, exclusive=False):
        """Return RTTM, the same bytes as the recipes write."""
        return self.to("rttm", path, exclusive)

    def to_json(self, path=None, exclusive=False):
        """Return `{"diarization": [{"speaker": ..., "start": ..., "end": ...}]}`."""
        return self.to("json", path, exclusive)

    def to_csv(self, path=None, exclusive=False):
        """Return CSV with the header start,end,duration,speaker."""
        return self.to("csv", path, exclusive)

    def to_srt(self, path=None, exclusive=False):
        """Return SubRip subtitles, one cue for each turn."""
        return self.to("srt", path, exclusive)

    def to_vtt(self, path=None, exclusive=False):
        """Return WebVTT subtitles with a voice for each turn."""
        return self.to("vtt", path, exclusive)

    def to_textgrid(self, path=None, exclusive=False):
        """Return Praat's TextGrid, a tier for each speaker."""
        return self.to("textgrid", path, exclusive)

    def to_eaf(self, path=None, exclusive=False):
        """Return ELAN's .eaf, a tier for each speaker."""
        return self.to("eaf", path, exclusive)

    def to_annotation(self):
        """Return a pyannote.core.Annotation; needs the package pyannote.core."""
        from pyannote.core import Annotation, Segment

        found = Annotation(uri=self.name)
        for number, turn in enumerate(self.turns):
            found[Segment(turn.start_s, turn.end_s), number] = turn.speaker
        return found

    def plot(self, path=None):
        """Return a matplotlib figure of the turns, written to `path` (.png, .svg) where there is one."""
        from diarkit.export.cast import Cast
        from diarkit.export.timeline import draw

        figure = draw(self.name, Cast(None, self.as_turns()), max(self.duration_s, 1e-3))
        if path is not None:
            figure.savefig(path)
        return figure

    def _repr_svg_(self):
        text = io.StringIO()
        self.plot().savefig(text, format="svg")
        return text.getvalue()


def _speakers(found, turns):
    listed = []
    for label, (embedding, evidence) in enumerate(zip(found.means, found.speakers.evidence)):
        own = [t for t in turns if t.speaker == speaker_name(label)]
        near, far = int(evidence[3]), float(evidence[4])
        seconds = round(float(sum(t.end_s - t.start_s for t in own)), 3)
        listed.append(Speaker(speaker_name(label), seconds, len(own), embedding,
                              speaker_name(near) if near >= 0 else None, round(far, 3)))
    return listed
