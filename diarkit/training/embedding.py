"""Train an embedding network: rounds of crops, each followed by a measurement and a checkpoint.

Everything random of a round follows from the seed and the round's number, so that a training that was stopped at any
time ends with the same weights to the last bit.
"""

import dataclasses
import math
import time
from pathlib import Path

import numpy as np
import torch

from diarkit.cli import log, progress
from diarkit.errors import DiarkitError
from diarkit.models.resnet34 import from_onnx
from diarkit.networks.shrink import take_over
from diarkit.training.augment import Augment
from diarkit.training.batches import Plan
from diarkit.training.crops import Crops, load
from diarkit.training.folder import Folder
from diarkit.training.losses import Distillation, MarginSoftmax
from diarkit.training.machine import embedder, narrowed, prepare
from diarkit.training.metric_losses import Triplet
from diarkit.training.mining import mine
from diarkit.training.options import FREE, make_loss, make_optimiser, schedule, stale
from diarkit.training.validation import DevSet, maker, plain

CLEAN = 100  # crops that a pupil is fitted to its teacher on, before training
COLUMNS = ("round", "seconds", "learning_rate", "margin", "train_loss", "teacher_loss", "stages_loss", "eer_short",
           "eer_full", "hours_per_hour")
CURVES = [("loss", {"train_loss": "training crops", "teacher_loss": "1 - cosine to the teacher",
                    "stages_loss": "not explained of the teacher's stages"}),
          ("equal error rate, %", {"eer_short": "short crops", "eer_full": "whole utterances"})]


class Training:
    """One training in a folder: `run()` goes on from where it is.

    corpus: Corpus; out: folder; build(feats_dim) -> network with `dim` and `embed` (B, T, D) -> (B, dim); opts,
    batches, augment: TrainEmbeddingOptions, BatchOptions, AugmentOptions (None: crops stay as they are); feature:
    samples to features, None where the store has features; centre: take each crop's mean off its features; about: what
    a user of the weights must know, stored beside them; matching: a Matching, of a teacher that hears the crops.
    """

    def __init__(self, corpus, out, build, opts, batches, augment=None, feature=None, centre=True, about=None,
                 matching=None):
        prepare(opts.device, opts.training_threads, opts.seed)
        self.opts, self.corpus = opts, corpus
        feats_dim = feature.dim if feature else corpus.store.dim
        dev = corpus.listed(opts.dev_list) if opts.dev_list else \
            corpus.held_out(opts.dev_speakers, opts.dev_crop_s, opts.seed)
        names = [name for name in corpus.speakers if name not in set(dev)]
        count = max(round(opts.round_items / (batches.batch_speakers * batches.crops)), 1)
        self.plan = Plan(names, np.array([corpus.seconds(name) for name in names]), count, batches, opts.seed)
        change = Augment(augment, round(corpus.store.rate), opts.seed, feature is not None) if augment else None
        self.crops = Crops(corpus, names, self.plan.speeds, batches.crops, feature, change, centre, opts.seed)
        self.network = build(feats_dim).to(opts.device)
        self.matching = matching
        if opts.start:
            self._start(opts.start)
        elif matching:
            matching.begin(self.network, self._clean_crops())
        self.losses = self._losses()
        self.embed = embedder(self.network, opts.device)
        self.optimiser = make_optimiser(opts, [*self.network.parameters(), *self.losses.parameters()])
        parts = {"state_dict": self.network, "losses": self.losses, "optimiser": self.optimiser}
        about = {**(about or {}), "network": getattr(self.network, "config", {}), "centred": centre}
        self.folder = Folder(out, parts, self._work(batches, augment, feature, centre), COLUMNS, "eer_short", CURVES,
                             opts.device, about)
        self.dev = DevSet(corpus, dev, opts.dev_utterances, opts.dev_crop_s, opts.dev_full_s, maker(feature, centre),
                          opts.seed)
        self._facts(batches, augment, dev)

    def _losses(self):
        """Return the losses by name: `classes` and, with a teacher, `teacher`."""
        found = {"classes": make_loss(self.opts, self.network.dim, self.plan.classes)}
        if self.corpus.teacher is not None:
            found["teacher"] = Distillation(self.network.dim, self.corpus.teacher.shape[1])
        found = {name: loss for name, loss in found.items() if loss is not None}
        if not found and not self.matching:
            raise DiarkitError("--loss=none needs a teacher to learn from")
        return torch.nn.ModuleDict(found).to(self.opts.device)

    def _clean_crops(self):
        """Return features (N, T, D) of a hundred crops or a few more, as they are, cut to the shortest."""
        count = -(-CLEAN // (self.plan.size * self.plan.options.crops))
        plans = [self.plan.batch(1, number) for number in range(count)]
        feats = [torch.from_numpy(batch["feats"]).flatten(0, 1) for batch in load(self.crops, plans, None, 0)]
        least_t = min(x.shape[1] for x in feats)
        return torch.cat([x[:, :least_t] for x in feats]).to(self.opts.device)

    def _start(self, path):
        try:
            if str(path).endswith(".onnx"):  # folded: normalisations begin anew, as the identity
                teacher = from_onnx(Path(path).read_bytes()).to(self.opts.device)
                take_over(self.network, teacher, self._clean_crops())
            else:
                self.network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["state_dict"])
        except Exception as error:  # a broken file, or weights of another network
            raise DiarkitError(f"--start={path}: {str(error).splitlines()[0]}. Take weights of the same "
                               "network") from None

    def _work(self, batches, augment, feature, centre):
        """Return what a checkpoint must have been made of."""
        fixed = {key: value for key, value in dataclasses.asdict(self.opts).items() if key not in FREE}
        feats = feature and (type(feature).__name__, feature.options)
        return f"{fixed} {batches} {augment} {feats} centred={centre} on {self.corpus.work}"

    def _facts(self, batches, augment, dev):
        count = sum(p.numel() for p in self.network.parameters())
        facts = {"parameters": count, "train_speakers": len(self.plan.names), "classes": self.plan.classes,
                 "train_hours": sum(self.corpus.seconds(name) for name in self.plan.names) / 3600,
                 "dev_trial_utterances": len(self.dev.speakers)}
        log(", ".join(f"{key.replace('_', ' ')} {value:.6g}" for key, value in facts.items())
            + f", dev speakers {len(dev)}")
        given = [dataclasses.asdict(o) for o in (self.opts, batches, augment) if o]
        self.folder.params({**{key: value for part in given for key, value in part.items()}, **facts,
                            "dev_speakers_names": dev})

    def run(self):
        """Train to the end, or until --max-hours are over; return the rows of metrics.csv and whether it is the end."""
        began_s, longest_s, opts = time.monotonic(), 0.0, self.opts
        while self.folder.rounds < opts.rounds:
            if stale([row["eer_short"] for row in self.folder.rows], opts.patience):
                log(f"stopped: no lower error rate in {opts.patience} rounds")
                break
            start_s = time.monotonic()
            if opts.max_hours and start_s - began_s + longest_s > 3600 * opts.max_hours and longest_s:
                self.finish()
                return self.folder.rows, False
            self._round(self.folder.rounds + 1)
            longest_s = max(longest_s, time.monotonic() - start_s)
        self.finish()
        return self.folder.rows, True

    def _round(self, number):
        start_s = time.monotonic()
        row = {"round": number, **self.train_round(number)}
        taken_s = time.monotonic() - start_s
        row["hours_per_hour"] = row.pop("heard_s") / taken_s
        row.update(self.measure())
        self.folder.save(row, time.monotonic() - start_s, self.opts.average)
        log(f"round {number} of {self.opts.rounds}: " + ", ".join(
            f"{key.replace('_', ' ')} {row[key]:.4g}" for key in COLUMNS[2:] if not math.isnan(row[key])))

    def measure(self):
        """Return {eer_short, eer_full} in % of the speakers held out."""
        return self.dev.rates(plain(self.embed, self.network, self.opts.device))

    def batches(self, number):
        """Return the Batches of a round: hard ones for triplets after random_rounds, else drawn ones."""
        self.hard = self.opts.loss == "triplet" and number > self.opts.random_rounds
        if self.hard:
            return mine(self.plan, lambda plans: load(self.crops, plans, None, self.opts.workers),
                        plain(self.embed, self.network, self.opts.device), number)
        return [self.plan.batch(number, b) for b in range(self.plan.count)]

    def train_round(self, number):
        """Train on the crops of a round, from 1; return means, the last learning rate and the seconds heard."""
        plans = self.batches(number)
        torch.manual_seed(self.opts.seed * 1000003 + number)
        self.network.train()
        totals, heard_s = torch.zeros(3, dtype=torch.float64, device=self.opts.device), 0.0
        made = load(self.crops, plans, number, self.opts.workers)
        for b, batch in enumerate(progress(made, len(plans), "batch")):
            rate, margin = schedule(self.opts, number - 1 + b / len(plans))
            totals += self._step(batch, rate, margin)
            heard_s += batch["speakers"].size * self.plan.options.crops * plans[b].length_s
        train_loss, teacher_loss, stages_loss = (totals / len(plans)).tolist()
        if not math.isfinite(train_loss):
            raise DiarkitError(f"the loss is {train_loss} in round {number}. Lower --learning-rate")
        return {"learning_rate": rate, "margin": margin, "train_loss": train_loss,
                "teacher_loss": teacher_loss if "teacher" in self.losses or self.matching else math.nan,
                "stages_loss": stages_loss if self.matching else math.nan, "heard_s": heard_s}

    def _step(self, batch, rate, margin):
        """Follow the gradients of one batch; return (loss, teacher's part, stages' part) as a float64 tensor."""
        tensors = {key: torch.from_numpy(value).to(self.opts.device) for key, value in batch.items()}
        feats, parts = tensors["feats"], {}
        if self.matching:
            x, parts["teacher"], parts["stages"] = self.matching(self.network, feats.flatten(0, 1))
        else:
            with narrowed(self.opts.device, self.opts.precision):
                x = self.embed(feats.flatten(0, 1))
        x = x.float().unflatten(0, feats.shape[:2])
        if "classes" in self.losses:
            self._sharpen(margin)
            tail = getattr(self.network, "tail", torch.nn.Identity())
            parts["classes"] = self.losses["classes"](tail(x.flatten(0, 1)).view_as(x), tensors["speakers"])
        if "teacher" in self.losses:
            parts["teacher"] = self.losses["teacher"](x, tensors["teacher"])
        loss = parts.get("classes", 0) + self.opts.teacher_weight * parts.get("teacher", 0) \
            + self.opts.stages_weight * parts.get("stages", 0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in self.optimiser.param_groups for p in g["params"]], self.opts.clip)
        self.optimiser.step()
        shown = [loss, *(torch.as_tensor(parts.get(name, 0.0)) for name in ("teacher", "stages"))]
        return torch.stack([value.detach().to(loss) for value in shown]).double()

    def _sharpen(self, margin):
        """Set the margin of a classifying loss, or whether triplets are the hard ones of the batch."""
        loss = self.losses["classes"]
        if isinstance(loss, MarginSoftmax):
            loss.margin = margin
        elif isinstance(loss, Triplet):
            loss.hard = self.hard

    def finish(self):
        """Write final.pt: the mean of the last rounds' weights where its error rate is lower, else best.pt."""
        self.folder.finish()
        best = min(row["eer_short"] for row in self.folder.rows)
        if not self.opts.average:
            return
        last = self.folder.state()
        last = {key: value.clone() for key, value in last.items()}
        average = self.folder.average()
        self.network.load_state_dict(average)
        rates = self.measure()
        self.network.load_state_dict(last)
        log(f"mean of {len(self.folder.kept())} rounds: EER {rates['eer_short']:.3f} % of short crops, "
            f"{rates['eer_full']:.3f} % of whole utterances; best round {best:.3f} %")
        if rates["eer_short"] < best:
            self.folder.write({"state_dict": average, **self.folder.about}, "final.pt")
