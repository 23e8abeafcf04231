#!/usr/bin/env python3
"""Find where the speaker changes without training, by how unlike two neighbouring windows of features are.

Methods: divergence and kl2 compare Gaussians with diagonal covariances, bic with full ones. Writes the curve, one
matrix (T, 2) of seconds and score per recording, and the changes, one vector of ascending seconds. Made for MFCC that
keep the recording's own mean. With --speech the windows pass over all that is not speech.
"""

from diarkit import cli
from diarkit.change.metric import MetricDetector, MetricOptions
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_matrices


@options
class InputOptions:
    """Input"""

    feats_config: str = opt("", "the feats.conf that the features were made with (required)")
    speech: str | None = opt(None, "rspecifier of (S, 2) spans of speech, such as scp:vad.scp; none: all is speech")

    def check(self):
        if not self.feats_config:
            raise UsageError("--feats-config is required: feats.conf beside feats.scp")


def main(feats, curves, changes, given, options):
    """Write the curve and the changes of every recording."""
    detector = MetricDetector(options, frame_shift_s(given.feats_config))
    speech = dict(read_matrices(given.speech)) if given.speech else None

    def work(reco, load):
        if speech is not None and reco not in speech:
            raise DiarkitError(f"not in {given.speech}. Find its speech first")
        curve, found = detector(load(), None if speech is None else speech[reco]())
        curve_writer.write(reco, curve)
        change_writer.write(reco, found)
        cli.log(f"{reco}: {len(found)} changes")

    with MatrixWriter(curves) as curve_writer, MatrixWriter(changes) as change_writer:
        cli.for_each(read_matrices(feats), work)


if __name__ == "__main__":
    cli.run(main, __doc__, ("feats-rspecifier", "curve-wspecifier", "changes-wspecifier"), InputOptions, MetricOptions)
