#!/usr/bin/env python3
"""Compare systems by the condition of the recordings: a table to read, one for programs, and a picture.

<reco2condition> has lines `<reco> <condition>`; <systems> is `<name>=<der.tsv>`, several with commas, each made by
score-diarization.py of the same recordings. Writes <out-dir>/bench.md, bench.tsv and bench.png.
"""

import os

from diarkit import cli
from diarkit.errors import UsageError
from diarkit.export.conditions import ConditionOptions, draw_conditions
from diarkit.export.picture import save
from diarkit.files import atomic, read_table, write_text
from diarkit.scoring.conditions import as_markdown, as_tsv, by_condition, read_scores


def main(conditions, systems, folder, options):
    """Write the tables and the picture."""
    scores = {}
    for part in systems.split(","):
        name, equals, path = part.partition("=")
        if not (name and equals and path):
            raise UsageError(f"<systems> must be `<name>=<der.tsv>` with commas, not {part!r}")
        scores[name] = read_scores(path)
    rows = by_condition(scores, read_table(conditions))
    os.makedirs(folder, exist_ok=True)
    write_text(os.path.join(folder, "bench.md"), as_markdown(rows))
    write_text(os.path.join(folder, "bench.tsv"), as_tsv(rows))
    with atomic(os.path.join(folder, f"bench.{options.format}"), "wb") as file:
        save(draw_conditions(rows, options), file, options)


if __name__ == "__main__":
    cli.run(main, __doc__, ("reco2condition", "systems", "out-dir"), ConditionOptions)
