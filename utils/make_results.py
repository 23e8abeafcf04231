#!/usr/bin/env python3
"""Gather every exp/**/score/der.tsv of a recipe into the table of its RESULTS.md: make_results.py [<recipe-dir>].

The part between the two `results:` marker lines is written anew, the rest of RESULTS.md stays; without markers the part
is added at the end. Below the table stand the commands behind each row, taken from the stamps that the steps left.
"""

import csv
import math
import os
import shlex
from pathlib import Path

import parse_options
import state

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.files import write_text

BEGIN = "<!-- results: begin, written by utils/make_results.py -->"
END = "<!-- results: end -->"
COLUMNS = "reco protocol collar_s overlap der miss fa conf jer ref_speakers hyp_speakers".split()


def read_overall(path):
    """Return {protocol: {column: text}} of the OVERALL rows of a der.tsv."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    missing = [name for name in COLUMNS if not rows or rows[0].get(name) is None]
    if missing:
        raise DiarkitError(f"{path}: no rows, or no column {', '.join(missing)}. Score again with steps/score.sh")
    found = {row["protocol"]: row for row in rows if row["reco"] == "OVERALL"}
    if not found:
        raise DiarkitError(f"{path}: no OVERALL row. Score again with steps/score.sh")
    return found


def find_scores(recipe):
    """Return the finished score folders under exp/ of a recipe, sorted, and those that are not finished."""
    folders = sorted({path.parent for path in Path(recipe, "exp").glob("**/score/der.tsv")})
    return ([f for f in folders if not (f / ".begun").exists()], [f for f in folders if (f / ".begun").exists()])


def cell(text):
    """Return a number of der.tsv with two decimals, `-` where there was nothing to measure."""
    value = float(text)
    return "-" if math.isnan(value) else f"{value:.2f}"


def table(scores):
    """Return the lines of the Markdown table of {score folder: {protocol: row}}, folders relative to the recipe."""
    protocols = list(dict.fromkeys(name for rows in scores.values() for name in rows))
    head = ["", "system and set", "DER % " + protocols[0], "miss + fa + conf", *(f"DER % {p}" for p in protocols[1:]),
            "JER %", "speakers, found"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for number, (folder, rows) in enumerate(scores.items(), 1):
        first = rows.get(protocols[0])
        if first is None or set(rows) != set(protocols):
            raise DiarkitError(f"{folder}/der.tsv has the protocols {', '.join(rows)}, others have "
                               f"{', '.join(protocols)}. Score all with the same conf/score/score.conf")
        parts = " + ".join(cell(first[name]) for name in ("miss", "fa", "conf"))
        cells = [str(number), os.path.dirname(folder).removeprefix("exp/"), cell(first["der"]), parts,
                 *(cell(rows[p]["der"]) for p in protocols[1:]), cell(first["jer"]),
                 ", ".join(f"{float(first[name]):.3g}" for name in ("ref_speakers", "hyp_speakers"))]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def legend(scores):
    """Return one line that says what each protocol leaves out."""
    seen = {(row["protocol"], row["collar_s"], row["overlap"]) for rows in scores.values() for row in rows.values()}
    return "; ".join(f"{name}: collar {collar} s each side, overlap {overlap}" for name, collar, overlap in sorted(
        seen, key=lambda item: (float(item[1]), item)))


def commands(recipe, folder, seen):
    """Return the step commands that made a folder, in order, from the stamps upstream of it.

    seen: the folders whose commands were returned before; they are not returned again, and grow by what is.
    """
    stamp = state.read_json(Path(recipe, folder, ".done"))
    if not stamp or folder in seen:
        return []
    seen.add(folder)
    inputs = list(dict.fromkeys(os.path.dirname(path) for path in stamp["inputs"]))
    before = [line for path in inputs for line in commands(recipe, path, seen)]
    return before + [command(recipe, stamp, inputs, folder)]


def command(recipe, stamp, inputs, folder):
    """Return one step's command; options that have their default are left out."""
    script = f"steps/{stamp['step']}"
    try:
        defaults = {name: default for name, (default, _) in parse_options.read_top(Path(recipe, script))[1].items()}
    except (OSError, parse_options.Wrong):
        script, defaults = f"local/{stamp['step']}", {}
    options = {name: value for name, value in stamp["options"].items() if value and value != defaults.get(name)}
    named = {os.path.dirname(value) for value in stamp["options"].values()} | {"conf"}
    places = [path for path in inputs if path not in named]
    words = [script] + [word for name, value in options.items() for word in (parse_options.dashes(name), value)]
    return shlex.join(words + places + [folder])


def region(recipe, folder):
    """Return which part of the recordings was scored, as far as the stamp tells."""
    inputs = state.read_json(Path(recipe, folder, ".done")).get("inputs")
    if inputs is None:
        return "UEM not known"
    return "UEM " + (", ".join(path for path in inputs if path.endswith(".uem")) or "none, whole recordings")


def section(recipe, folders):
    """Return the lines between the markers."""
    scores = {os.path.relpath(folder, recipe): read_overall(folder / "der.tsv") for folder in folders}
    lines = [*table(scores), "", legend(scores) + ". Commands, run in the recipe, each written once:"]
    seen = set()
    for number, folder in enumerate(scores, 1):
        made = commands(recipe, folder, seen) or [f"# {folder} has no stamp"]
        lines += ["", f"{number}. {folder}, {region(recipe, folder)}:", "", *(f"        {line}" for line in made)]
    return lines


def replace(text, lines):
    """Return RESULTS.md with the lines between its markers; raises DiarkitError when only one marker stands there."""
    if (BEGIN in text, END in text) == (False, False):
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n".lstrip()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise DiarkitError(f"RESULTS.md: its marker lines are not `{BEGIN}` and below it `{END}`. Mend or remove both")
    return head + "\n".join([BEGIN, "", *lines, "", END]) + tail


def main(recipe):
    """Write RESULTS.md of one recipe."""
    recipe = Path(recipe or ".")
    folders, unfinished = find_scores(recipe)
    for folder in unfinished:
        cli.log(f"note: {folder} is left out, its step has not finished")
    if not folders:
        raise DiarkitError(f"{recipe}/exp holds no score/der.tsv that is finished. Run the recipe first: ./run.sh")
    results = recipe / "RESULTS.md"
    text = results.read_text(encoding="utf-8") if results.exists() else "# Results\n"
    write_text(results, replace(text, section(recipe, folders)).rstrip("\n").split("\n"))
    cli.log(f"{results}: {len(folders)} rows")


if __name__ == "__main__":
    cli.run(main, __doc__, ("[recipe-dir]",))
