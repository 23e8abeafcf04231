#!/usr/bin/env python3
"""Draw the vectors of each recording on a plane, coloured by speaker: <out-dir>/<reco>.png or .svg.

Takes (N, D) vectors with (N,) labels of cluster-embeddings.py, or (3 W, D) vectors with (W, 3) labels of
cluster-speakers.py. With the windows (--subsegments, or --seg and --seg-config) the size tells how much speech a vector
stands for; with a reference too, the shape tells who talks most in it. The colours are those of the timeline's picture
where --hyp and --ref are the same. [pictures.scp] lists the pictures.
"""

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.export.cast import CastOptions, Casts
from diarkit.export.picture import Gallery
from diarkit.export.project import ProjectOptions
from diarkit.export.scatter import ScatterOptions, draw, points_of
from diarkit.export.whose import WindowsOptions, owners
from diarkit.tables import load_matrix, read_matrices, read_scp


def main(embeddings, labels, folder, table, given, windows, projection, options):
    """Draw every recording of the labels."""
    vectors, cast_of, owners_of = read_scp(embeddings), Casts.of_files(given), owners(windows)

    def one(reco, load):
        if reco not in vectors:
            raise DiarkitError(f"not in {embeddings}. Give the vectors these labels were made of")
        cast = cast_of(reco)
        points = points_of(load_matrix(vectors[reco]), load(), *owners_of(reco, cast.reference))
        gallery.add(reco, draw(reco, points, cast, projection, options))

    with Gallery(folder, options, table) as gallery:
        cli.for_each(read_matrices(labels), one)


if __name__ == "__main__":
    cli.run(main, __doc__, ("emb-rspecifier", "labels-rspecifier", "out-dir", "[pictures.scp]"),
            CastOptions, WindowsOptions, ProjectOptions, ScatterOptions)
