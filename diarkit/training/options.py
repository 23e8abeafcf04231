"""Options of the training of embeddings, and what follows from them: losses, optimisers, schedules."""

import math

import torch

from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.training.losses import AamSoftmax, AmSoftmax, Softmax
from diarkit.training.metric_losses import AngularPrototypical, Ge2e, Prototypical, Triplet
from diarkit.training.smorms3 import Smorms3

LOSSES = ("softmax", "am", "aam", "ge2e", "ge2e_contrast", "triplet", "prototypical", "angular", "none")
FREE = ("rounds", "patience", "average", "max_hours", "workers", "training_threads", "device")  # may change on the way


@options
class TrainEmbeddingOptions:
    """Training."""

    network: str = opt("small", "trunk, a name of diarkit/networks")
    pooling: str | None = opt(None, "pooling (none: the network's own)")
    dim: int | None = opt(None, "dimensions of the embedding (none: the network's own)", low=1)
    start: str | None = opt(None, "weights to start from: another training's final.pt; of small also an exported "
                           "embedding.onnx, such as diarkit/weights/small's")
    loss: str = opt("aam", "what is minimised; none: the distance to the teacher alone", choices=LOSSES)
    scale: float = opt(32.0, "am, aam: of the cosines", above=0)
    margin: float = opt(0.2, "am, aam: the full margin", low=0)
    margin_rounds: int = opt(20, "am, aam: the margin grows from 0 during so many rounds", low=0)
    triplet_margin: float = opt(0.1, "triplet: how much nearer the own speaker must be, of the cosine", low=0)
    random_rounds: int = opt(10, "triplet: rounds with random triplets; then hard ones, chosen from the full cosine "
                             "matrix over half of the speakers", low=0)
    teacher_weight: float = opt(1.0, "of 1 - cosine to the teacher, where there is one", above=0)
    stages_weight: float = opt(1.0, "of what is not explained of a listening teacher's stages", low=0)
    optimiser: str = opt("adamw", "how weights follow their gradients", choices=("sgd", "adamw", "smorms3"))
    learning_rate: float = opt(1e-3, "after the warm-up; 0.1 suits sgd", above=0)
    final_learning_rate: float = opt(1e-5, "in the last round; it falls by the same factor in each", above=0)
    warmup_rounds: float = opt(1.0, "the rate grows from 0 during so many rounds", low=0)
    weight_decay: float = opt(1e-2, "sgd, adamw; 1e-4 suits sgd", low=0)
    clip: float = opt(5.0, "longest gradient", above=0)
    rounds: int = opt(100, "how many; may be changed later, the rate then falls accordingly", low=1)
    round_items: int = opt(12800, "crops of a round, after which is measured and kept", low=1)
    dev_speakers: int = opt(40, "speakers held out and measured on, a third of all at most", low=2)
    dev_list: str | None = opt(None, "file with the names of the speakers to hold out, instead")
    dev_utterances: int = opt(400, "most utterances of theirs; all pairs are trials", low=4)
    dev_crop_s: float = opt(1.5, "length that is measured on, seconds", above=0)
    dev_full_s: float = opt(10.0, "whole utterances are measured on up to this length, seconds", above=0)
    patience: int | None = opt(None, "stop after so many rounds without a lower error rate of short crops "
                               "(none: never)", low=1)
    average: int = opt(5, "final.pt is the mean of the last so many rounds, where it is better than the best one "
                       "(0: never)", low=0)
    max_hours: float | None = opt(None, "stop between two rounds before so many hours are over; run again to go on",
                                  above=0)
    precision: str = opt("float32", "of the products: bfloat16 has three digits, and is faster where the processor "
                         "has it", choices=("float32", "bfloat16"))
    seed: int = opt(0, "of everything random", low=0)
    workers: int = opt(2, "processes that make crops (0: none but this one); the result is the same", low=0)
    training_threads: int = opt(2, "processor threads of the network; rounding changes with it", low=1)
    device: str = opt("cpu", "cpu, cuda (all graphics cards) or cuda:0")

    def check(self):
        """Refuse whole utterances shorter than crops."""
        if self.dev_full_s < self.dev_crop_s:
            raise UsageError(f"--dev-full-s {self.dev_full_s:g} is below --dev-crop-s {self.dev_crop_s:g}")


def make_loss(opts, dim, classes):
    """Return the loss module of the options' name, None for none. dim: of the embedding."""
    if opts.loss in ("am", "aam"):
        kind = AmSoftmax if opts.loss == "am" else AamSoftmax
        return kind(dim, classes, opts.scale, opts.margin)
    made = {"softmax": lambda: Softmax(dim, classes), "ge2e": Ge2e, "ge2e_contrast": lambda: Ge2e("contrast"),
            "triplet": lambda: Triplet(opts.triplet_margin), "prototypical": Prototypical,
            "angular": AngularPrototypical, "none": lambda: None}
    return made[opts.loss]()


def make_optimiser(opts, parameters):
    """Return the optimiser of the options' name; sgd has a momentum of 0.9."""
    if opts.optimiser == "sgd":
        return torch.optim.SGD(parameters, opts.learning_rate, 0.9, nesterov=True, weight_decay=opts.weight_decay)
    if opts.optimiser == "adamw":
        return torch.optim.AdamW(parameters, opts.learning_rate, weight_decay=opts.weight_decay)
    return Smorms3(parameters, lr=opts.learning_rate)


def schedule(opts, done):
    """Return (learning rate, margin) after `done` rounds, parts of them included.

    The rate falls exponentially from learning_rate to final_learning_rate over all rounds, times the warm-up.
    """
    share = min(done / opts.rounds, 1.0)
    rate = opts.learning_rate * math.exp(share * math.log(opts.final_learning_rate / opts.learning_rate))
    warm = min(done / opts.warmup_rounds, 1.0) if opts.warmup_rounds else 1.0
    grown = min(done / opts.margin_rounds, 1.0) if opts.margin_rounds else 1.0
    return rate * warm, opts.margin * grown


def stale(values, patience):
    """Tell whether the last `patience` values hold none lower than the ones before."""
    return patience is not None and len(values) > patience and min(values[-patience:]) >= min(values[:-patience])
