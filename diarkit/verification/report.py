"""What scores of trials are worth, in words and as a table."""

import numpy as np

from diarkit.files import write_text
from diarkit.verification.rates import equal_error_rate, min_dcf

P_TARGETS = (0.01, 0.05)


def summary(scores, same):
    """Return {name: value}: trials, EER in % and its threshold, minDCF and its threshold for each p_target."""
    eer, threshold = equal_error_rate(scores, same)
    found = {"targets": int(np.sum(same)), "others": int(np.sum(~np.asarray(same))), "eer": 100 * eer,
             "eer_threshold": threshold}
    for p in P_TARGETS:
        found[f"min_dcf_{p:g}"], found[f"threshold_{p:g}"] = min_dcf(scores, same, p)
    return found


def write_report(folder, keys, enrolled, tests, same, scores):
    """Write scores (`<utterance> <utterance> <score> target|nontarget`) and verification.tsv; return the summary."""
    found = summary(scores, same)
    write_text(f"{folder}/scores", (f"{keys[a]} {keys[b]} {score:.6g} {'target' if kind else 'nontarget'}"
                                    for a, b, score, kind in zip(enrolled, tests, scores, same)))
    write_text(f"{folder}/verification.tsv", ["\t".join(found), "\t".join(f"{value:.6g}" for value in found.values())])
    return found


def words(found):
    """Return a summary as one line."""
    costs = ", ".join(f"minDCF({p:g}) {found[f'min_dcf_{p:g}']:.4f} at {found[f'threshold_{p:g}']:.4g}"
                      for p in P_TARGETS)
    return (f"EER {found['eer']:.3f} % at {found['eer_threshold']:.4g}, {costs}; {found['targets']} trials of one "
            f"speaker, {found['others']} of two")
