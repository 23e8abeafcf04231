"""Scores of speaker change over a recording: the network on overlapping windows, averaged where they overlap."""

from pathlib import Path

import numpy as np
import torch

from diarkit import models
from diarkit.change.grid import FRAME_S, STEP_S, WINDOW_T, window_starts
from diarkit.change.network import load_network
from diarkit.embed.feats import parse_options, refuse_others
from diarkit.errors import DiarkitError, UsageError
from diarkit.features.change import DIM, ChangeFeatsOptions
from diarkit.options import opt, options
from diarkit.tables import forget_pages


@options
class DetectOptions:
    """Detection of changes by the Bi-LSTM."""

    model: str = opt("change_bilstm", "change_bilstm, which is shipped, or a weights file of train-change-detector.py")
    step_s: float = opt(STEP_S, "a window of 3.2 s starts every so many seconds; larger is faster", above=0)
    batch: int = opt(64, "windows that go through the network together", low=1, high=4096)

    def check(self):
        if self.step_s > WINDOW_T * FRAME_S:
            raise UsageError(f"--step-s {self.step_s:g} is longer than a window, {WINDOW_T * FRAME_S:.2f} s")


def weights_of(model):
    """Return the path of the weights of a model's name or of a file; raises DiarkitError where there is none."""
    return Path(model) if Path(model).is_file() else models.fetch(model)


def check_feats(conf, options):
    """Raise UsageError where features were made with other options than those that the network was trained on.

    conf: the file of the features; it is compared with the feats.conf beside the weights, if there is one.
    """
    needed = weights_of(options.model).with_name("feats.conf")
    if needed.exists():
        refuse_others(conf, parse_options(conf, ChangeFeatsOptions), needed, parse_options(needed, ChangeFeatsOptions))


class Detector:
    """Score recordings with one network, on the calling thread alone."""

    def __init__(self, options=None):
        self.options = options or DetectOptions()
        self.network = load_network(weights_of(self.options.model))

    def __call__(self, feats):
        """Return the curve (T, 2) float64 of features (T, 35): time in seconds, score from 0 to 1.

        A recording shorter than a window is one window. feats may be memory-mapped; what was read is given back.
        """
        if not feats.size:
            return np.zeros((0, 2))
        if feats.ndim != 2 or feats.shape[1] != DIM:
            raise DiarkitError(f"features of shape {feats.shape}, expected (frames, {DIM}). Make them with "
                               "compute-change-feats.py")
        if torch.get_num_threads() != 1:
            torch.set_num_threads(1)
        total, count = np.zeros(len(feats)), np.zeros(len(feats), np.int32)
        width = np.arange(min(WINDOW_T, len(feats)))
        starts = window_starts(len(feats), len(width), self.options.step_s, to_the_end=True)
        for first in range(0, len(starts), self.options.batch):
            frames = starts[first:first + self.options.batch, None] + width
            np.add.at(total, frames, self._scores(feats, frames))
            np.add.at(count, frames, 1)
            forget_pages(feats)
        return np.column_stack([np.arange(len(feats)) * FRAME_S, total / count])

    def _scores(self, feats, frames):
        near = np.asarray(feats[frames[0, 0]:frames[-1, -1] + 1], np.float32)
        with torch.inference_mode():
            return torch.sigmoid(self.network(torch.from_numpy(near[frames - frames[0, 0]]))).numpy()
