#!/usr/bin/env python3
"""Make a data directory of utterances out of a corpus of speakers as it is distributed.

Layouts: voxceleb, librispeech, vctk, openslr38, folder (one folder for each speaker), utterances (utterances.tsv). The
parts train and test share no speaker. Who is held out: the speakers of --trials, or of --test-list, or a share of all
by the CRC-32 of the name, which never changes. Every file that does not fit the layout is named, and nothing is
written. Writes wav.scp, utt2spk, utt2group, spk2gender where the corpus knows it, and of --trials the file trials.
"""

import os
import zlib

from layouts import LAYOUTS

from diarkit import cli
from diarkit.datadir.freshness import checksum, replaced_folder
from diarkit.datadir.scan import id_fault
from diarkit.errors import DiarkitError
from diarkit.files import read_lines, write_text
from diarkit.options import opt, options
from diarkit.verification.trials import read_trials, write_trials

SHOWN = 50


@options
class SpeakersOptions:
    """Speakers and utterances."""

    layout: str = opt("folder", "how the corpus lies on the disk", choices=tuple(LAYOUTS))
    only: str = opt("", "first folders of the corpus to take, with commas, such as train-clean-100,test-clean; of "
                        "--layout=utterances the corpora; all when empty")
    mic: str = opt("mic1", "vctk: which microphone of the newer release", choices=("mic1", "mic2"))
    part: str = opt("all", "speakers to take", choices=("all", "train", "test"))
    test_share: float = opt(0.5, "share of the speakers that is the part test", above=0, below=1)
    test_list: str | None = opt(None, "file with the speakers of the part test, one on a line, instead")
    trials: str | None = opt(None, "the corpus's own list of trials, such as veri_test2.txt; its speakers are held out")
    most_utterances: int | None = opt(None, "most utterances of a speaker, always the same ones (none: all)", low=1)


def read_corpus(corpus, options):
    """Return [Utterance] of the whole corpus, sorted by key. Raises DiarkitError that names every file at fault."""
    faults = []
    found = sorted(LAYOUTS[options.layout](corpus, options, faults))
    if options.only and options.layout != "utterances":
        wanted, roots = set(options.only.split(",")), (corpus, os.path.join(corpus, "LibriSpeech"))
        found = [one for one in found if any(os.path.relpath(one.path, r).split(os.sep)[0] in wanted for r in roots)]
    for before, one in zip([None, *found], found):
        if before and before.key == one.key:
            faults.append(f"{one.path}: would be called {one.key}, as is {before.path}")
        faults += [f"{one.path}: the id {name!r} {id_fault(name)}" for name in (one.key, one.speaker) if id_fault(name)]
        if os.path.getsize(one.path) == 0:
            faults.append(f"{one.path}: is empty")
    if faults:
        more = [f"... and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        raise DiarkitError("\n  ".join([f"{corpus}: {len(faults)} faults for the layout {options.layout}; mend them, "
                                        "or take those files out:", *faults[:SHOWN], *more]))
    if not found:
        raise DiarkitError(f"{corpus}: no utterance in the layout {options.layout}"
                           f"{' in ' + options.only if options.only else ''}. Check --layout, --only and the folder")
    return found


def held_out(found, trials, options):
    """Return the set of speakers of the part test. trials: set of the utterances of the corpus's own list, or None."""
    speakers = {one.speaker for one in found}
    if trials is not None:
        return {one.speaker for one in found if one.key in trials}
    if options.test_list:
        named = {line.split()[0] for _, line in read_lines(options.test_list)}
        if strange := sorted(named - speakers):
            raise DiarkitError(f"{options.test_list}: {len(strange)} speakers that the corpus has not, such as "
                               f"{strange[0]}")
        return named
    # The bits of the CRC-32 the other way round: a share of one half is what select-utterances.py calls test.
    return {name for name in speakers
            if int(f"{zlib.crc32(name.encode()):032b}"[::-1], 2) / 2 ** 32 >= 1 - options.test_share}


def read_own_trials(path, found):
    """Return (enrolled, tests, same) of a list of trials, utterances by key; the list names them by file."""
    enrolled, tests, same = read_trials(path)
    keys = {one.key for one in found}
    sides = [[name if name in keys else os.path.splitext(name)[0].replace("/", "-") for name in side]
             for side in (enrolled, tests)]
    missing = sorted({key for side in sides for key in side} - keys)
    if missing:
        raise DiarkitError(f"{path}: {len(missing)} utterances are not in the corpus, such as "
                           f"{', '.join(missing[:3])}. Give the folder that holds them too")
    return *sides, same


def thin(chosen, most):
    """Return at most so many utterances of each speaker, those whose names have the lowest CRC-32, sorted by key."""
    groups = {}
    for one in sorted(chosen, key=lambda u: zlib.crc32(u.key.encode())):
        groups.setdefault(one.speaker, []).append(one)
    return sorted(one for group in groups.values() for one in group[:most])


def write(folder, chosen, trials):
    """Write the tables of a data directory."""
    for name, column in (("wav.scp", "entry"), ("utt2spk", "speaker"), ("utt2group", "group")):
        write_text(os.path.join(folder, name), [f"{one.key} {getattr(one, column)}" for one in chosen])
    if sexes := {one.speaker: one.sex for one in chosen if one.sex != "?"}:
        write_text(os.path.join(folder, "spk2gender"), [f"{name} {sexes[name].lower()}" for name in sorted(sexes)])
    if trials:
        keys = sorted({*trials[0], *trials[1]})
        row = {key: number for number, key in enumerate(keys)}
        sides = ([row[key] for key in side] for side in trials[:2])
        write_trials(os.path.join(folder, "trials"), keys, *sides, trials[2])


def main(corpus, target, options):
    """Write one data directory, or leave alone the one that was made of these files."""
    found = read_corpus(corpus, options)
    trials = read_own_trials(options.trials, found) if options.trials else None
    named = {*trials[0], *trials[1]} if trials else None
    out = held_out(found, named, options)
    chosen = [one for one in found if options.part == "all" or (one.speaker in out) == (options.part == "test")]
    if named is not None and options.part == "test":
        chosen = [one for one in chosen if one.key in named]
    if options.most_utterances is not None and not (trials and options.part == "test"):
        chosen = thin(chosen, options.most_utterances)
    if not chosen:
        raise DiarkitError(f"{corpus}: the part {options.part} of {len({one.speaker for one in found})} speakers is "
                           "empty. Choose another --test-share or --test-list")
    extra = [path for path in (options.trials, options.test_list) if path]
    with replaced_folder(target, checksum((options, chosen), [*(one.path for one in chosen), *extra])) as folder:
        if folder is None:
            cli.log(f"{target} is up to date")
            return
        write(folder, chosen, trials if options.part != "train" else None)
    cli.log(f"{target}: {len(chosen)} utterances of {len({one.speaker for one in chosen})} speakers")


if __name__ == "__main__":
    cli.run(main, __doc__, ("corpus", "data-dir"), SpeakersOptions)
