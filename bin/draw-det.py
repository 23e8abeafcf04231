#!/usr/bin/env python3
"""Draw the DET curves of score-trials.py, and with --embeddings the distances between utterances.

<scores> is one file `<utterance> <utterance> <score> target|nontarget`, or several with commas, each a curve named
after its folder. Writes <out-dir>/det.png, and distances.png with --embeddings and --utt2spk. Other formats: --format.
"""

import os

from diarkit import cli
from diarkit.errors import UsageError
from diarkit.export.det import DetOptions, draw_det, draw_distances
from diarkit.export.picture import save
from diarkit.files import atomic, read_table
from diarkit.options import opt, options
from diarkit.verification.scores import read_vectors
from diarkit.verification.trials import read_scores


@options
class InputOptions:
    """Input"""

    embeddings: str | None = opt(None, "rspecifier of the utterances whose distances are drawn")
    utt2spk: str | None = opt(None, "their speakers")

    def check(self):
        if (self.embeddings is None) != (self.utt2spk is None):
            raise UsageError("--embeddings and --utt2spk go together")


def main(scores, folder, given, options):
    """Draw and write."""
    curves = {}
    for path in scores.split(","):
        name = os.path.basename(os.path.dirname(os.path.abspath(path)))
        curves[name if name not in curves else path] = read_scores(path)
    figures = {"det": draw_det(curves, options)}
    if given.embeddings:
        keys, vectors = read_vectors(given.embeddings)
        speaker_of = read_table(given.utt2spk)
        figures["distances"] = draw_distances(vectors, keys, [speaker_of[key] for key in keys], options)
    os.makedirs(folder, exist_ok=True)
    for name, figure in figures.items():
        with atomic(os.path.join(folder, f"{name}.{options.format}"), "wb") as file:
            save(figure, file, options)


if __name__ == "__main__":
    cli.run(main, __doc__, ("scores", "out-dir"), InputOptions, DetOptions)
