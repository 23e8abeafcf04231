"""The folder of a training: weights, metrics, the loss curves, and the checkpoint from which it goes on."""

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


class Folder:
    """Keeps the parts of a training and the rows of metrics.csv in a folder; loads them where they are there.

    parts: {name: network, loss or optimiser}; `state_dict` is the network, whose weights are shipped. work: what the
    training is made of; a checkpoint of another one is refused. columns: of metrics.csv; best: the column whose lowest
    value makes best.pt, or highest where it begins with a minus; curves: [(axis label, {column: name in the legend})]
    for loss.png. about: goes into every file of weights beside state_dict. A row's seconds are summed up.
    """

    def __init__(self, out, parts, work, columns, best, curves, device="cpu", about=None):
        os.makedirs(out, exist_ok=True)
        self.out, self.parts, self.work, self.rows = out, parts, work, []
        self.columns, self.best, self.curves, self.about = columns, best, curves, about or {}
        path = self.path("checkpoint.pt")
        if os.path.exists(path):
            self._resume(path, device)

    @property
    def rounds(self):
        """How many rounds are done."""
        return len(self.rows)

    def path(self, name):
        """Return the path of a file in the folder."""
        return os.path.join(self.out, name)

    def _resume(self, path, device):
        try:
            found = torch.load(path, map_location=device, weights_only=True)
            work, rows, states = found["work"], found["rows"], [found[name] for name in self.parts]
        except Exception as error:  # unpickling fails in as many ways as there are broken files
            raise DiarkitError(f"{path}: no checkpoint: {str(error).splitlines()[0]}. Remove it") from None
        if work != self.work:
            raise DiarkitError(f"{path}: is of another training, {work}; this is {self.work}. Remove it, or take "
                               "another folder")
        for part, state in zip(self.parts.values(), states):
            part.load_state_dict(state)
        self.rows = rows
        log(f"{path}: going on after round {self.rounds}")

    def params(self, values):
        """Write params.yaml: every option and fact of the training."""
        write_text(self.path("params.yaml"), (f"{key}: {json.dumps(value)}" for key, value in values.items()))

    def state(self):
        """Return the network's weights on the CPU."""
        return {name: value.cpu() for name, value in self.parts["state_dict"].state_dict().items()}

    def save(self, row, seconds, keep=0):
        """Add a row, seconds after the last one; write best.pt where it is the best, metrics, curves and checkpoint.

        keep: the weights of the last so many rounds stay as round-<number>.pt, for an average.
        """
        before_s = self.rows[-1]["seconds"] if self.rows else 0.0
        self.rows.append({**row, "seconds": before_s + seconds})
        state = self.state()
        if not self.cost(row) > min(map(self.cost, self.rows[:-1]), default=math.inf):
            self.write({"state_dict": state, **self.about}, "best.pt")
        if keep:
            self.write({"state_dict": state}, f"round-{self.rounds:04d}.pt")
        with atomic(self.path("metrics.csv")) as file:
            table = csv.DictWriter(file, self.columns, lineterminator="\n")
            table.writeheader()
            table.writerows({key: f"{r[key]:.6g}" for key in self.columns} for r in self.rows)
        self._draw()
        states = {name: part.state_dict() for name, part in self.parts.items()}
        self.write({**states, "rows": self.rows, "work": self.work}, "checkpoint.pt")  # last: the rest belongs to it
        for name in self.kept()[:-keep or None]:
            os.unlink(self.path(name))

    def cost(self, row):
        """Return what is lowest in the best row; NaN where nothing was measured."""
        return -row[self.best[1:]] if self.best.startswith("-") else row[self.best]

    def kept(self):
        """Return the names of the rounds' weights that are there, oldest first."""
        return sorted(name for name in os.listdir(self.out) if name.startswith("round-") and name.endswith(".pt"))

    def average(self):
        """Return the mean of the kept rounds' weights; whole numbers, such as counts, are the last ones'."""
        states = [torch.load(self.path(name), map_location="cpu", weights_only=True)["state_dict"]
                  for name in self.kept()]
        return {key: torch.stack([state[key] for state in states]).mean(0) if value.is_floating_point() else value
                for key, value in states[-1].items()}

    def finish(self):
        """Make final.pt, the best weights by the best column; without one each round's are the best so far."""
        with open(self.path("best.pt"), "rb") as best, atomic(self.path("final.pt"), "wb") as file:
            shutil.copyfileobj(best, file)

    def write(self, what, name):
        """Write something with torch.save, whole or not at all."""
        with atomic(self.path(name), "wb") as file:
            torch.save(what, file)

    def _draw(self):
        figure = Figure(figsize=(6, 3 + len(self.curves)), layout="constrained")
        for number, (words, lines) in enumerate(self.curves, 1):
            axes = figure.add_subplot(len(self.curves), 1, number, xlabel="round", ylabel=words)
            for key, name in lines.items():
                axes.plot([r["round"] for r in self.rows], [r[key] for r in self.rows], ".-", label=name)
            axes.legend()
        with atomic(self.path("loss.png"), "wb") as file:
            figure.savefig(file, format="png", metadata={"Software": None})
