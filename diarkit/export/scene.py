"""What a waveform picture shows of a recording, and stretches of it."""

from typing import NamedTuple

import numpy as np

from diarkit.change.reference import activity, change_points
from diarkit.errors import DiarkitError
from diarkit.export.cast import Cast
from diarkit.export.envelope import envelope


class Sound(NamedTuple):
    """The sound of a recording: times (M,) seconds, extremes (M, 2) lowest and highest sample there, its duration."""

    times: np.ndarray
    extremes: np.ndarray
    duration_s: float


def sound_of(file, least):
    """Return the Sound of an AudioFile, at least `least` points of it, read once and block by block."""
    extremes, step_n, total_n = envelope(file.blocks(), least)
    if not total_n:
        raise DiarkitError(f"{file.entry}: no samples")
    rate_hz = file.options.sample_rate
    return Sound((np.arange(len(extremes)) + 0.5) * step_n / rate_hz, extremes, total_n / rate_hz)


class Scene(NamedTuple):
    """The sound of a recording or of a stretch of it, and what was said and found there.

    wanted, changes: (C,) seconds of the reference's change points and of those that were found; curve: (T, 2) time_s
    and score. Each is None where there is none.
    """

    sound: Sound
    cast: Cast
    wanted: np.ndarray | None = None
    changes: np.ndarray | None = None
    curve: np.ndarray | None = None

    def between(self, start_s, end_s):
        """Return the Scene of a stretch; turns that reach beyond it are cut."""
        rows = slice(*np.searchsorted(self.sound.times, (start_s, end_s)))
        sound = Sound(self.sound.times[rows], self.sound.extremes[rows], self.sound.duration_s)
        ref, hyp = (_cut(turns, start_s, end_s) for turns in self.cast[:2])
        return Scene(sound, self.cast._replace(reference=ref, hypothesis=hyp), _within(self.wanted, start_s, end_s),
                     _within(self.changes, start_s, end_s), _within(self.curve, start_s, end_s))


def make_scene(sound, cast, changes=None, curve=None):
    """Return the Scene of a recording; the reference's change points are those that scoring counts."""
    wanted = None if cast.reference is None else change_points(cast.reference)
    changes = None if changes is None else np.sort(np.asarray(changes, float).ravel())
    if curve is not None:
        curve = np.asarray(curve, float).reshape(-1, 2)
        curve = curve[np.isfinite(curve).all(1)]
    return Scene(sound, cast, wanted, changes, curve)


def _cut(turns, start_s, end_s):
    return None if turns is None else [t._replace(start_s=max(t.start_s, start_s), end_s=min(t.end_s, end_s))
                                       for t in turns if t.start_s < end_s and t.end_s > start_s]


def _within(rows, start_s, end_s):
    """Return the rows whose time, the number itself or the first column, lies in [start_s, end_s)."""
    if rows is None:
        return None
    times = rows if rows.ndim == 1 else rows[:, 0]
    return rows[(times >= start_s) & (times < end_s)]


def shares(turns):
    """Return {speaker: {(number, of): [(start_s, seconds)]}}: where it is the number-th of `of` who talk at once."""
    edges, active = activity(turns)
    number, of = np.cumsum(active, axis=1) - 1, active.sum(axis=1)
    found = {}
    for column, speaker in enumerate(sorted({t.speaker for t in turns})):
        for i in np.flatnonzero(active[:, column]):
            place = int(number[i, column]), int(of[i])
            found.setdefault(speaker, {}).setdefault(place, []).append((edges[i], edges[i + 1] - edges[i]))
    return found
