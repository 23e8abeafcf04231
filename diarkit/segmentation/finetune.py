"""Fine-tune the segmentation network on own recordings and RTTMs: same seed, same weights, also after a resume."""

import csv
import math
import os

import numpy as np
import torch

from diarkit import models
from diarkit.cli import log
from diarkit.errors import DiarkitError
from diarkit.files import atomic
from diarkit.models.pyannet import PyanNet
from diarkit.options import opt, options
from diarkit.segmentation.engines import load_torch
from diarkit.segmentation.grid import WINDOW_S
from diarkit.segmentation.loss import local_errors, powerset_loss
from diarkit.segmentation.powerset import to_multilabel
from diarkit.segmentation.training_data import classes_of

COLUMNS = ("epoch", "learning_rate", "train_loss", "dev_loss", "der", "false_alarm", "miss", "confusion")


@options
class FinetuneOptions:
    """Fine-tuning of the local segmentation."""

    start: str = opt("segmentation", "weights to start from: the pinned ones, a file, or `none` for random ones")
    epochs: int = opt(20, "rounds over the training set", low=1)
    chunks: int | None = opt(None, "chunks of 10 s in a round (none: as many as the annotated time holds)", low=1)
    batch_size: int = opt(16, "chunks of one step", low=1)
    learning_rate: float = opt(1e-4, "at the start; falls to 0 along half a cosine", above=0)
    clip: float = opt(0.5, "largest norm of a gradient", above=0)
    dropout: float = opt(0.5, "between the recurrent layers", low=0, below=1)
    seed: int = opt(0, "of the chunks, of dropout and of random weights", low=0)
    device: str = opt("cpu", "cpu or cuda")
    training_threads: int = opt(1, "processor threads; rounding changes with it", low=1)


def finetune(train, dev, out, opts=None):
    """Train on a TrainingSet, measure on another after each round, and write weights and metrics into folder `out`.

    Writes metrics.csv (round 0 is the network before training; der, false_alarm, miss and confusion are % of the
    reference talk in windows of 10 s, each under the best assignment of its speakers), best.pt (lowest DER), last.pt,
    and checkpoint.pt, from which a stopped training goes on to exactly the same weights.
    """
    opts = opts or FinetuneOptions()
    torch.set_num_threads(opts.training_threads)
    network = _start(opts).to(opts.device)
    optimiser = torch.optim.AdamW(network.parameters(), opts.learning_rate)
    work = f"{opts} on {train.fingerprint} and {dev.fingerprint}"
    rows = _resume(out, network, optimiser, work, opts)
    if not rows:
        rows = [{"epoch": 0, "learning_rate": 0.0, "train_loss": math.nan, **evaluate(network, dev, opts)}]
        _save(network, optimiser, rows, out, work)
    for epoch in range(rows[-1]["epoch"] + 1, opts.epochs + 1):
        rate, loss = train_round(network, optimiser, train, epoch, opts)
        rows.append({"epoch": epoch, "learning_rate": rate, "train_loss": loss, **evaluate(network, dev, opts)})
        log(", ".join(f"{key} {value:.4g}" for key, value in rows[-1].items()))
        _save(network, optimiser, rows, out, work)
    return rows


def train_round(network, optimiser, train, epoch, opts):
    """Train one round; return the last learning rate and the mean loss. The round's number and the seed fix it."""
    random = np.random.default_rng((opts.seed, epoch))
    torch.manual_seed(opts.seed * 100003 + epoch)
    count = opts.chunks or max(math.ceil(train.annotated_s / WINDOW_S), 1)
    chunks, losses = train.random_chunks(count, random), []
    steps = math.ceil(count / opts.batch_size)
    network.train()
    for step in range(steps):
        share = ((epoch - 1) * steps + step) / (opts.epochs * steps)
        rate = opts.learning_rate * (1 + math.cos(math.pi * share)) / 2
        for group in optimiser.param_groups:
            group["lr"] = rate
        samples, active, counted = train.load(chunks[step * opts.batch_size:(step + 1) * opts.batch_size])
        loss = _loss(network, samples, active, counted, opts)[0]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), opts.clip)
        optimiser.step()
        losses.append(loss.item())
    if not np.isfinite(losses).all():
        raise DiarkitError(f"the loss is {losses[-1]} in round {epoch}. Lower --learning-rate")
    return rate, float(np.mean(losses))


def evaluate(network, dev, opts):
    """Return {dev_loss, der, false_alarm, miss, confusion} over all of a TrainingSet, rates in %."""
    network.eval()
    errors, losses, chunks = np.zeros(4), [], dev.all_chunks()
    with torch.inference_mode():
        for first in range(0, len(chunks), opts.batch_size):
            samples, active, counted = dev.load(chunks[first:first + opts.batch_size])
            loss, scores = _loss(network, samples, active, counted, opts)
            losses.append(loss.item() * len(samples))
            errors += local_errors(to_multilabel(scores.argmax(-1).cpu().numpy()), active, counted)
    miss, alarm, confusion = (100 * errors[:3] / max(errors[3], 1)).tolist()
    return {"dev_loss": sum(losses) / len(chunks), "der": miss + alarm + confusion, "false_alarm": alarm,
            "miss": miss, "confusion": confusion}


def _loss(network, samples, active, counted, opts):
    samples, classes, counted = (torch.from_numpy(x).to(opts.device) for x in (samples, classes_of(active), counted))
    scores = network(samples)
    return powerset_loss(scores, classes, counted), scores


def _start(opts):
    torch.manual_seed(opts.seed)
    if opts.start == "none":
        network = PyanNet()
    else:
        network = load_torch(models.fetch("segmentation") if opts.start == "segmentation" else opts.start)
    network.lstm.dropout = opts.dropout
    return network


def _save(network, optimiser, rows, out, work):
    state = {name: value.cpu() for name, value in network.state_dict().items()}
    if rows[-1]["der"] <= min(row["der"] for row in rows):
        _write({"state_dict": state}, os.path.join(out, "best.pt"))
    _write({"state_dict": state}, os.path.join(out, "last.pt"))
    with atomic(os.path.join(out, "metrics.csv")) as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in rows)
    _write({"state_dict": state, "optimiser": optimiser.state_dict(), "rows": rows, "work": work},
           os.path.join(out, "checkpoint.pt"))  # last: what stands before it belongs to it


def _write(what, path):
    with atomic(path, "wb") as file:
        torch.save(what, file)


def _resume(out, network, optimiser, work, opts):
    """Load the checkpoint and return its rows; none without one. One of another work is refused, not trained on."""
    path = os.path.join(out, "checkpoint.pt")
    if not os.path.exists(path):
        return []
    found = torch.load(path, map_location=opts.device, weights_only=True)
    if found["work"] != work:
        raise DiarkitError(f"{path}: is of another training, {found['work']}; this is {work}. Remove it, or take "
                           "another folder")
    network.load_state_dict(found["state_dict"])
    optimiser.load_state_dict(found["optimiser"])
    log(f"{path}: going on after round {found['rows'][-1]['epoch']} of {opts.epochs}")
    return found["rows"]
