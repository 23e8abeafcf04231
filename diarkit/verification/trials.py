"""Lists of trials: `<utterance> <utterance> target|nontarget`, one on a line."""

import numpy as np

from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_lines, write_text
from diarkit.options import opt, options

WORDS = {"target": True, "nontarget": False, "1": True, "0": False}


@options
class TrialOptions:
    """Trials."""

    targets: int | None = opt(10000, "most trials of one speaker (none: all)", low=1)
    others: int | None = opt(20000, "most trials of two speakers (none: all)", low=1)
    same_group: bool = opt(True, "two speakers of a trial come from one group of --utt2group, where there is one")
    utt2group: str | None = opt(None, "what is not to be mixed: corpora, languages, sexes; `<utterance> <group>`")
    seed: int = opt(0, "of the choice", low=0)


def make_trials(speakers, groups=None, opts=None):
    """Return (enrolled (P,), tests (P,), same (P,) bool) of row numbers; no row meets itself, no pair comes twice.

    speakers: (N,) names; groups: (N,) names or None. Raises DiarkitError where one of the two kinds is not there.
    """
    opts = opts or TrialOptions()
    _, speaker = np.unique(np.asarray(speakers), return_inverse=True)
    group = np.zeros(len(speaker), int) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    random = np.random.default_rng((opts.seed, 4))
    found = []
    for limit, kind in ((opts.targets, True), (opts.others, False)):
        pairs = [_pairs_of(row, speaker, group, kind, groups is not None and opts.same_group)
                 for row in range(len(speaker))]
        pairs = np.concatenate([np.zeros((0, 2), int), *pairs])
        if limit is not None and len(pairs) > limit:
            pairs = pairs[np.sort(random.choice(len(pairs), limit, replace=False))]
        if not len(pairs):
            raise DiarkitError(f"{len(speaker)} utterances of {len(set(speaker.tolist()))} speakers make no trial of "
                               f"{'one speaker' if kind else 'two speakers'}")
        found.append(pairs)
    pairs = np.concatenate(found)
    return pairs[:, 0], pairs[:, 1], np.repeat([True, False], [len(part) for part in found])


def _pairs_of(row, speaker, group, same, one_group):
    """Return (K, 2) pairs of a row with the later ones of its speaker, or of the others (of its group alone)."""
    later = np.arange(row + 1, len(speaker))
    fits = (speaker[later] == speaker[row]) == same
    if one_group and not same:
        fits &= group[later] == group[row]
    return np.column_stack([np.full(fits.sum(), row), later[fits]])


def write_trials(path, keys, enrolled, tests, same):
    """Write trials of row numbers; keys: the utterances."""
    write_text(path, (f"{keys[a]} {keys[b]} {'target' if kind else 'nontarget'}"
                      for a, b, kind in zip(enrolled, tests, same)))


def read_trials(path):
    """Return ([utterance], [utterance], same (P,) bool); `target` may be 1 and `nontarget` 0, and stand first.

    Raises DiarkitError that names file:line.
    """
    enrolled, tests, same = [], [], []
    for number, line in read_lines(path):
        words = line.split()
        if len(words) == 3 and words[2] not in WORDS and words[0] in WORDS:
            words = [*words[1:], words[0]]  # VoxCeleb's order
        if len(words) != 3 or words[2] not in WORDS:
            raise data_error(path, number, f"expected `<utterance> <utterance> target|nontarget`, found {line!r}")
        enrolled.append(words[0])
        tests.append(words[1])
        same.append(WORDS[words[2]])
    return enrolled, tests, np.array(same, bool)


def read_scores(path):
    """Return (scores (P,), same (P,) bool) of lines `<utterance> <utterance> <score> target|nontarget`."""
    scores, same = [], []
    for number, line in read_lines(path):
        words = line.split()
        try:
            scores.append(float(words[2]))
            same.append(WORDS[words[3]])
        except (IndexError, ValueError, KeyError):
            raise data_error(path, number, "expected `<utterance> <utterance> <score> target|nontarget`, found "
                             f"{line!r}") from None
    return np.array(scores), np.array(same, bool)
