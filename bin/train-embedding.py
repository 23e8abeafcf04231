#!/usr/bin/env python3
"""Train a network for speaker embeddings; may be stopped at any time, and goes on when run again.

Takes audio (--input=audio; decoded once into --cache) or features (--input=feats) by utterance and the speaker of each.
With --teacher the embeddings of another model, one vector or matrix an utterance, are learnt as well. Writes into
<out-dir>: final.pt, best.pt (lowest error rate of short crops), checkpoint.pt, metrics.csv, params.yaml and loss.png.
Speakers are held out whole. Ends with status 1 where --max-hours were over before the last round.
"""

import os

from diarkit import cli, networks
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.places import CONF
from diarkit.training.augment import AugmentOptions
from diarkit.training.batches import BatchOptions
from diarkit.training.corpus import Corpus
from diarkit.training.crops import open_features
from diarkit.training.embedding import Training
from diarkit.training.matching import open_matching
from diarkit.training.options import TrainEmbeddingOptions
from diarkit.training.store import AudioStore, FeatureStore


@options
class InputOptions:
    """Input"""

    input: str = opt("audio", "what the rspecifier holds", choices=("audio", "feats"))
    feats_config: str | None = opt(None, "conf named by the kind of features (none: the network's own), or feats.conf")
    centre: bool = opt(True, "take the mean of each crop off its features")
    cache: str | None = opt(None, "folder of the decoded audio, of several trainings (none: <out-dir>/audio)")
    teacher: str | None = opt(None, "rspecifier of a teacher's embeddings of the utterances")
    listening_teacher: str | None = opt(None, "resnet34, or its file: small starts with its weights and follows it")
    augment: bool = opt(True, "augment the crops")


def main(table, utt2spk, out, given, training, batches, augment):
    """Train until the end."""
    conf = given.feats_config or str(CONF / networks.NETWORKS[training.network].features)
    feature = open_features(conf) if given.input == "audio" else None
    cache = given.cache or os.path.join(out, "audio")
    store = AudioStore(table, cache, feature.sample_rate, training.workers) if feature else \
        FeatureStore(table, frame_shift_s(conf))
    matching = open_matching(given.listening_teacher, training) if given.listening_teacher else None
    run = Training(Corpus(store, utt2spk, given.teacher), out, lambda dim: networks.build(
        training.network, training.pooling, training.dim, dim), training, batches,
        augment if given.augment else None, feature, given.centre, {"features": os.path.basename(conf)}, matching)
    rows, ended = run.run()
    if not ended:
        raise DiarkitError(f"--max-hours={training.max_hours:g} are over after round {len(rows)} of {training.rounds}; "
                           "final.pt is what there is. Run the same command again to go on")


if __name__ == "__main__":
    cli.run(main, __doc__, ("rspecifier", "utt2spk", "out-dir"), InputOptions, TrainEmbeddingOptions, BatchOptions,
            AugmentOptions)
