"""The folder of a training: weights, metrics, the loss curve, and the checkpoint from which it goes on."""

import csv
import json
import math
import os
import shutil

import torch
from matplotlib.figure import Figure

from diarkit.cli import log
from diarkit.errors import DiarkitError
from diarkit.files import atomic, write_text

COLUMNS = ("round", "epoch", "seconds", "train_loss", "dev_loss", "precision", "recall", "f1")


class Folder:
    """Keeps a network, its optimiser and the rows of metrics.csv in a folder; loads them where they are there.

    work: what the training is made of; a checkpoint of another one is refused.
    """

    def __init__(self, out, network, optimiser, work, device="cpu"):
        os.makedirs(out, exist_ok=True)
        self.out, self.network, self.optimiser, self.work, self.rows = out, network, optimiser, work, []
        path = self._path("checkpoint.pt")
        if os.path.exists(path):
            self._resume(path, device)

    @property
    def rounds(self):
        """How many rounds are done."""
        return len(self.rows)

    def _resume(self, path, device):
        try:
            found = torch.load(path, map_location=device, weights_only=True)
            work = found["work"]
        except Exception as error:  # unpickling fails in as many ways as there are broken files
            raise DiarkitError(f"{path}: no checkpoint: {str(error).splitlines()[0]}. Remove it") from None
        if work != self.work:
            raise DiarkitError(f"{path}: is of another training, {work}; this is {self.work}. Remove it, or take "
                               "another folder")
        self.network.load_state_dict(found["state_dict"])
        self.optimiser.load_state_dict(found["optimiser"])
        self.rows = found["rows"]
        log(f"{path}: going on after round {self.rounds}")

    def params(self, values):
        """Write params.yaml: every option and fact of the training."""
        write_text(self._path("params.yaml"), (f"{key}: {json.dumps(value)}" for key, value in values.items()))

    def save(self, row, seconds):
        """Add a row, seconds after the last one; write best.pt where it is the best, metrics, curve and checkpoint."""
        before_s = self.rows[-1]["seconds"] if self.rows else 0.0
        self.rows.append({**row, "seconds": before_s + seconds})
        state = {name: value.cpu() for name, value in self.network.state_dict().items()}
        if not row["dev_loss"] > min((r["dev_loss"] for r in self.rows[:-1]), default=math.inf):
            self._write({"state_dict": state}, "best.pt")
        with atomic(self._path("metrics.csv")) as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows({key: f"{r[key]:.6g}" for key in COLUMNS} for r in self.rows)
        self._draw()
        self._write({"state_dict": state, "optimiser": self.optimiser.state_dict(), "rows": self.rows,
                     "work": self.work}, "checkpoint.pt")  # last: what stands before it belongs to it

    def finish(self):
        """Make final.pt, the best weights by dev loss; without one each round's are the best so far."""
        with open(self._path("best.pt"), "rb") as best, atomic(self._path("final.pt"), "wb") as file:
            shutil.copyfileobj(best, file)

    def _draw(self):
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot(xlabel="round", ylabel="binary cross-entropy per frame")
        for key, name in (("train_loss", "training windows"), ("dev_loss", "all of the dev recordings")):
            axes.plot([r["round"] for r in self.rows], [r[key] for r in self.rows], ".-", label=name)
        axes.legend()
        with atomic(self._path("loss.png"), "wb") as file:
            figure.savefig(file, format="png", metadata={"Software": None})

    def _write(self, what, name):
        with atomic(self._path(name), "wb") as file:
            torch.save(what, file)

    def _path(self, name):
        return os.path.join(self.out, name)
