#!/usr/bin/env python3
"""Score trials by the embeddings of their utterances: cosine or PLDA, normalised by a cohort or not.

Writes <out-dir>/scores (`<utterance> <utterance> <score> target|nontarget`) and <out-dir>/verification.tsv: the equal
error rate with its threshold, and the least detection cost for two priors. Says the same in one line.
"""

import os

import numpy as np

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.verification.report import words, write_report
from diarkit.verification.scores import Scorer, ScoreTrialsOptions, read_vectors
from diarkit.verification.trials import read_trials


def main(trials, embeddings, out, options):
    """Score, write, say."""
    enrolled, tests, same = read_trials(trials)
    keys, vectors = read_vectors(embeddings)
    number = {key: n for n, key in enumerate(keys)}
    missing = sorted({key for key in [*enrolled, *tests] if key not in number})
    if missing:
        raise DiarkitError(f"{embeddings}: {len(missing)} utterances of {trials} are not here, such as {missing[0]}. "
                           "Extract their embeddings")
    a, b = (np.array([number[key] for key in side], int) for side in (enrolled, tests))
    os.makedirs(out, exist_ok=True)
    print(words(write_report(out, keys, a, b, same, Scorer(options)(vectors, a, b))))


if __name__ == "__main__":
    cli.run(main, __doc__, ("trials", "emb-rspecifier", "out-dir"), ScoreTrialsOptions)
