"""Train the change detector: rounds of windows, each followed by a measurement and a checkpoint.

Everything random of a round follows from the seed and the round's number, so that a training that was stopped at any
time ends with the same weights to the last bit.
"""

import contextlib
import dataclasses
import math
import os
import time

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch.nn.functional import binary_cross_entropy_with_logits

from diarkit.change.grid import FRAME_S, STEP_S, WINDOW_T
from diarkit.change.network import ChangeNet
from diarkit.cli import log, progress
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.training.folder import Folder
from diarkit.training.smorms3 import Smorms3

COLUMNS = ("round", "epoch", "seconds", "train_loss", "dev_loss", "ap", "precision", "recall", "f1")
CURVES = [("binary cross-entropy per frame", {"train_loss": "training windows",
                                              "dev_loss": "all of the dev recordings"})]
FREE = ("epochs", "patience", "training_threads", "device")  # may change between a stop and going on


@options
class TrainChangeOptions:
    """Training of the change detector."""

    epochs: int = opt(50, "passes over the training windows; may be raised later, to go on", low=1)
    round_windows: int | None = opt(None, "windows between two measurements and checkpoints (none: an epoch's)", low=1)
    batch_size: int = opt(256, "windows of one step", low=1)
    optimiser: str = opt("smorms3", "how weights follow their gradients", choices=("smorms3", "adam"))
    learning_rate: float = opt(1e-3, "of the optimiser", above=0)
    dropout: float = opt(0.3, "after each LSTM", low=0, below=1)
    step_s: float = opt(STEP_S, "a window of 3.2 s starts every so many seconds", above=0)
    min_positive: int | None = opt(5, "train on windows with more frames near a change than this (none: all windows)",
                                   low=0)
    dev_share: float = opt(0.03, "share of the recordings that is measured on, not trained on", low=0, high=0.5)
    patience: int | None = opt(None, "stop after so many rounds without a higher average precision (none: "
                               "never)", low=1)
    precision: str = opt("float32", "of the products while training: bfloat16 has three digits, and is faster "
                         "where the processor has it", choices=("float32", "bfloat16"))
    seed: int = opt(0, "of the weights, the split, the order of windows and dropout", low=0)
    training_threads: int = opt(2, "processor threads; rounding changes with it", low=1)
    device: str = opt("cpu", "cpu or cuda")


def train(data, out, opts=None):
    """Train on a ChangeSet and write final.pt, best.pt, checkpoint.pt, metrics.csv, params.yaml, loss.png into `out`.

    best.pt has the highest average precision; final.pt is best.pt, or the last weights where nothing is held out.
    Returns the rows of metrics.csv. Its ap (average precision), and precision, recall and f1 of scores above 0.5, are
    percent of the dev recordings' frames. They do not choose by the dev loss: the windows trained on hold more changes
    than a recording does, so the loss of a better network may be higher.
    """
    opts = opts or TrainChangeOptions()
    _prepare(opts)
    train_recos, dev_recos = data.split(opts.dev_share, opts.seed)
    windows = data.windows(train_recos, opts.step_s, opts.min_positive)
    if not len(windows):
        raise DiarkitError(f"no window of 3.2 s has more than {opts.min_positive} frames near a change of speaker. "
                           "Check the reference, or lower --min-positive")
    dev = data.windows(dev_recos, WINDOW_T * FRAME_S, to_the_end=True)
    network = ChangeNet(opts.dropout).to(opts.device)
    kind = Smorms3 if opts.optimiser == "smorms3" else torch.optim.Adam
    optimiser = kind(network.parameters(), lr=opts.learning_rate)
    parts = {"state_dict": network, "optimiser": optimiser}
    folder = Folder(out, parts, _work(data, opts), COLUMNS, "-ap", CURVES, opts.device)
    facts = _facts(data, train_recos, dev_recos, windows, dev)
    folder.params({**dataclasses.asdict(opts), **dataclasses.asdict(data.label_options), **facts})
    for number, epoch, part in rounds(len(windows), folder.rounds, opts):
        if _stale([folder.cost(row) for row in folder.rows], opts.patience):
            log(f"stopped: no higher average precision in {opts.patience} rounds")
            break
        start_s = time.monotonic()
        loss = train_round(network, optimiser, data, windows[part], number, opts)
        taken_s = time.monotonic() - start_s
        row = {"round": number, "epoch": epoch, "train_loss": loss, **evaluate(network, data, dev, opts)}
        folder.save(row, time.monotonic() - start_s)
        hours = facts["train_hours"] * len(part) / len(windows)
        log(f"round {number}, epoch {epoch} of {opts.epochs}: " + _words(row)
            + f"; {len(part) / taken_s:.0f} windows/s, {hours / taken_s * 3600:.0f} h of recordings an hour")
    folder.finish()
    return folder.rows


def _prepare(opts):
    torch.set_num_threads(opts.training_threads)
    torch.manual_seed(opts.seed)
    if opts.device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, CUDA's sums differ from run to run
        torch.backends.cudnn.deterministic = True


def _work(data, opts):
    """Return what a checkpoint must have been made of."""
    fixed = {key: value for key, value in dataclasses.asdict(opts).items() if key not in FREE}
    return f"{fixed} {data.label_options} on {data.work}"


def _facts(data, train_recos, dev_recos, windows, dev):
    sums = {"train_recordings": len(train_recos), "train_hours": data.seconds(train_recos) / 3600,
            "train_windows": len(windows), "dev_recordings": len(dev_recos),
            "dev_hours": data.seconds(dev_recos) / 3600, "dev_windows": len(dev)}
    log(", ".join(f"{key.replace('_', ' ')} {value:.6g}" for key, value in sums.items()))
    if not len(dev):
        log("nothing is held out: final.pt will be the last weights")
    return sums


def rounds(count, done, opts):
    """Yield (round from 1, epoch from 1, window numbers) of the rounds after the first `done` ones.

    Each epoch has its own order of all `count` windows, cut into rounds of round_windows, in whole batches.
    """
    size = -(-min(opts.round_windows or count, count) // opts.batch_size) * opts.batch_size
    per_epoch = -(-count // size)
    for number in range(done + 1, opts.epochs * per_epoch + 1):
        epoch, part = (number - 1) // per_epoch + 1, (number - 1) % per_epoch
        order = np.random.default_rng((opts.seed, 2, epoch)).permutation(count)
        yield number, epoch, order[part * size:(part + 1) * size]


def train_round(network, optimiser, data, windows, number, opts):
    """Train on windows (N, 2) in their order; return the mean loss. The round's number and the seed fix dropout."""
    torch.manual_seed(opts.seed * 1000003 + number)
    network.train()
    total = torch.zeros((), dtype=torch.float64, device=opts.device)
    starts = range(0, len(windows), opts.batch_size)
    for first in progress(starts, len(starts), "batch"):
        feats, labels = _tensors(data, windows[first:first + opts.batch_size], opts)
        loss = binary_cross_entropy_with_logits(_logits(network, feats, opts), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(feats)
    mean = total.item() / len(windows)
    if not math.isfinite(mean):
        raise DiarkitError(f"the loss is {mean} in round {number}. Lower --learning-rate")
    return mean


def evaluate(network, data, windows, opts):
    """Return {dev_loss, ap, precision, recall, f1} over windows (N, 2), rates in %; NaN where there is nothing."""
    network.eval()
    scores, truth = [], []
    with torch.inference_mode():
        for first in range(0, len(windows), opts.batch_size):
            feats, labels = _tensors(data, windows[first:first + opts.batch_size], opts)
            scores.append(_logits(network, feats, opts).cpu().flatten())
            truth.append(labels.cpu().flatten())
    if not scores:
        return dict.fromkeys(("dev_loss", "ap", "precision", "recall", "f1"), math.nan)
    scores, truth = torch.cat(scores), torch.cat(truth)
    rates = (average_precision(truth > 0, scores), *_rates(scores > 0, truth > 0))
    return {"dev_loss": binary_cross_entropy_with_logits(scores, truth).item(),
            **{key: 100 * rate for key, rate in zip(("ap", "precision", "recall", "f1"), rates)}}


def average_precision(true, scores):
    """Return the mean precision at the scores of the true ones (N,) bool, from 0 to 1; NaN where none is true."""
    return float(average_precision_score(true, scores)) if true.any() else math.nan


def _rates(found, true):
    hits = (found & true).sum().item()
    pairs = ((hits, found.sum().item()), (hits, true.sum().item()), (2 * hits, (found.sum() + true.sum()).item()))
    return [a / b if b else math.nan for a, b in pairs]


def _tensors(data, windows, opts):
    return (torch.from_numpy(part).to(opts.device) for part in data.batch(windows))


def _logits(network, feats, opts):
    narrow = opts.precision == "bfloat16"
    with torch.autocast(opts.device.split(":")[0], torch.bfloat16) if narrow else contextlib.nullcontext():
        return network(feats).float()


def _stale(costs, patience):
    return patience is not None and len(costs) > patience and min(costs[-patience:]) > min(costs[:-patience])


def _words(row):
    return ", ".join(f"{key.replace('_', ' ')} {row[key]:.4g}" for key in row if key not in ("round", "epoch"))
