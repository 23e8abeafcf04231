#!/usr/bin/env python3
"""Convert annotations of any known format to another: convert_reference.py talk.eaf talk.rttm

<in> is a file, or a folder whose files of known formats are all read; each becomes one file in the folder <out> then.
Reads rttm json csv tsv srt vtt ass textgrid eaf audacity list table ctm stm chat labelstudio, told apart by their
names and first lines; writes all of these but the last two. What a reference keeps out of the score (NOSCORE of RTTM,
ignored segments of STM) goes into the UEM that --uem names.
"""

import os

from diarkit import cli
from diarkit.annotation import read_reco2dur, write_uem
from diarkit.datadir.recordings import walk
from diarkit.errors import DiarkitError
from diarkit.files import atomic
from diarkit.formats.registry import FORMATS, READABLE, SUFFIXES, WRITABLE, form_of, read, write
from diarkit.formats.scored import scored_spans
from diarkit.options import opt, options


@options
class ConvertOptions:
    """Conversion."""

    read: str | None = opt(None, "format of <in>; found by its name when none", choices=(None, *READABLE))
    write: str | None = opt(None, "format of <out>; found by its name, rttm for a folder, when none",
                            choices=(None, *WRITABLE))
    uem: str | None = opt(None, "write here what of each recording is to be scored; needs --reco2dur")
    reco2dur: str | None = opt(None, "durations, `<reco> <seconds>`; without them a recording ends with its last turn")
    reco: str | None = opt(None, "call the recording so, instead of what the file says or is called")


def main(source, target, options):
    """Convert a file, or each file of a folder."""
    durations = read_reco2dur(options.reco2dur) if options.reco2dur else {}
    regions = {}
    if not os.path.isdir(source):
        form = options.write or form_of_new(target)
        _convert(source, target, form, options, durations, regions)
    else:
        form, files = options.write or "rttm", {}
        for inner in sorted(walk(source, {end[1:] for end in SUFFIXES} | {"txt"})):
            name = f"{os.path.splitext(inner)[0]}.{FORMATS[form].suffix}"
            if name in files:
                raise DiarkitError(f"{source}: {files[name]} and {inner} would both become {name}. Keep one of them")
            files[name] = inner
        if not files:
            raise DiarkitError(f"{source}: no file of a known format in it")
        cli.for_each(files.items(), lambda name, inner: _convert(
            os.path.join(source, inner), os.path.join(target, name), form, options, durations, regions), unit="file")
    if options.uem:
        write_uem(options.uem, dict(sorted(regions.items())))


def form_of_new(path):
    """Return the format that the extension of a file to be written means; a .txt is Audacity's."""
    return "audacity" if path.lower().endswith(".txt") else form_of(path)


def _convert(source, target, form, options, durations, regions):
    found = read(source, options.read)
    if options.reco and len(found.turns) > 1:
        raise DiarkitError(f"{source}: {len(found.turns)} recordings cannot all be called {options.reco}")
    parts = []
    for reco, turns in found.turns.items():
        name = options.reco or reco
        parts.append(write(form, turns, name, durations.get(name)))
        regions[name] = scored_spans(turns, found.ignored.get(reco, []), durations.get(name))
    if len(parts) > 1 and form not in ("rttm", "ctm", "stm"):
        raise DiarkitError(f"{source}: {len(parts)} recordings do not fit into one {form}. Convert to rttm, ctm or stm")
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    with atomic(target) as file:
        file.write("".join(parts) or write(form, [], options.reco or "", None))


if __name__ == "__main__":
    cli.run(main, __doc__, ("in", "out"), ConvertOptions)
