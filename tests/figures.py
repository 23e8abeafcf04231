"""What the tests of pictures share: sounds, turns, vectors, and what is seen in a picture."""

import io

import numpy as np
from matplotlib.image import imread

from diarkit.annotation import Turn
from diarkit.export.cast import Casts
from diarkit.export.envelope import envelope
from diarkit.export.picture import save
from diarkit.export.scene import Sound, make_scene

RATE = 8000
REF = [Turn("r", 1, 4, "Ann"), Turn("r", 4, 7, "Bob"), Turn("r", 6, 9, "Ann")]
HYP = [Turn("r", 1, 4.2, "SPEAKER_00"), Turn("r", 4.2, 9, "SPEAKER_01")]
CAST = Casts({"r": HYP}, {"r": REF})("r")


def noise(seconds, seed=0):
    return (0.3 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32).clip(-0.9, 0.9)


def scene(seconds=10, cast=CAST, **more):
    extremes, step_n, total_n = envelope([noise(seconds)])
    return make_scene(Sound((np.arange(len(extremes)) + 0.5) * step_n / RATE, extremes, total_n / RATE), cast, **more)


def written(figure, options):
    file = io.BytesIO()
    save(figure, file, options)
    return file.getvalue()


def pixels(data):
    return np.round(255 * imread(io.BytesIO(data))[:, :, :3]).astype(int)


def where(picture, colour, near=3):
    """Return (rows, columns) of the pixels of a colour."""
    wanted = [int(colour[i:i + 2], 16) for i in (1, 3, 5)]
    return np.nonzero((np.abs(picture - wanted) <= near).all(2))


def column(axis, seconds):
    """Return the pixel column of a time, once the figure is drawn."""
    return axis.transData.transform((seconds, 0))[0]


def voices(counts, seed=0, spread=0.2, dim=16):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    return (rng.standard_normal((len(counts), dim))[labels] + spread * rng.standard_normal((len(labels), dim))).astype(
        np.float32), labels
