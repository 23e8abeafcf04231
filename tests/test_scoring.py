"""The numbers: hand-worked recordings, random ones against pyannote.metrics, and against a frame-by-frame count."""

import itertools

import numpy as np
import pytest
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import (
    DiarizationErrorRate,
    DiarizationSpeakerCountAccuracy,
    DiarizationSpeakerCountError,
    JaccardErrorRate,
)
from scipy.optimize import linear_sum_assignment

from diarkit.annotation import Turn
from diarkit.scoring import (
    FAIR,
    FORGIVING,
    FULL,
    PROTOCOLS,
    Protocol,
    annotation,
    best_names,
    pool,
    score,
    timeline,
)
from diarkit.scoring.regions import edges_of, unscored
from diarkit.timed import Span as TimedSpan


def turns(*items):
    return [Turn("r", a, b, speaker) for a, b, speaker in items]


def scored(ref, hyp, protocol=FULL, spans=((0, 20),)):
    return score(annotation("r", turns(*ref))[0], annotation("r", turns(*hyp))[0], timeline(spans), protocol)


def parts(s):
    return pytest.approx((s.miss_s, s.fa_s, s.conf_s, s.total_s), abs=1e-9)


REF = [(0, 5, "A"), (5, 10, "B"), (9, 12, "A")]  # 13 s of speech, one second of it overlap


def test_the_protocols_are_what_their_names_say():
    assert [tuple(p) for p in PROTOCOLS] == [("full", 0.0, False), ("fair", 0.25, False), ("forgiving", 0.25, True)]
    assert [p.overlap for p in PROTOCOLS] == ["scored", "scored", "skipped"]
    assert str(FORGIVING) == "forgiving: 0.25 s collar on each side of a reference boundary, overlap skipped"


def test_components_by_hand():
    hyp = [(0, 6, "x"), (6, 9, "y"), (9, 11, "x"), (14, 15, "y")]
    # x is A, y is B. 5-6 is confused, 9-10 misses B, 11-12 misses A, 14-15 is a false alarm.
    assert (2, 1, 1, 13) == parts(scored(REF, hyp))
    assert scored(REF, hyp).der == pytest.approx(4 / 13)


def test_the_collar_is_a_quarter_second_on_each_side():
    # one turn 2-8; the hypothesis starts 0.2 s late and ends 0.5 s late: only 0.25 s of the late end is left to count
    assert (0.2, 0.5, 0, 6) == parts(scored([(2, 8, "A")], [(2.2, 8.5, "x")]))
    assert (0, 0.25, 0, 5.5) == parts(scored([(2, 8, "A")], [(2.2, 8.5, "x")], FAIR))
    assert (0.1, 0.4, 0, 5.8) == parts(scored([(2, 8, "A")], [(2.2, 8.5, "x")], Protocol("custom", 0.1, False)))


def test_overlap_is_scored_or_skipped():
    one = [(0, 5, "x"), (5, 10, "y"), (10, 12, "x")]  # misses the second speaker of 9-10
    assert (1, 0, 0, 13) == parts(scored(REF, one))
    # the collar at 9 takes 0.25 s of one speaker and 0.25 s of two, that at 10 likewise
    assert (0.5, 0, 0, 13 - 0.25 - 0.5 - 0.75 - 0.75 - 0.25) == parts(scored(REF, one, FAIR))
    assert (0, 0, 0, 4.5 + 3.5 + 1.5) == parts(scored(REF, one, FORGIVING))
    assert (0, 0, 0, 5 + 4 + 2) == parts(scored(REF, one, Protocol("custom", 0, True)))


def test_a_region_cuts_both_sides():
    hyp = [(0, 12, "x"), (14, 20, "x")]
    assert (0, 1, 0, 3) == parts(scored(REF, hyp, spans=[(2, 5), (14, 15)]))
    assert scored(REF, hyp, spans=[(2, 5), (14, 15)]).ref_speakers == 1  # B is outside


def test_jaccard_purity_coverage_by_hand():
    s = scored([(0, 6, "A"), (6, 10, "B")], [(0, 4, "x"), (4, 12, "y")])
    assert s.jer == pytest.approx((2 / 6 + 4 / 8) / 2)  # A with x: 4 of 6 s; B with y: 4 of a union of 8 s
    assert s.purity == pytest.approx((4 + 4) / 12) and s.coverage == pytest.approx((4 + 4) / 10)


def test_purity_and_coverage_keep_to_the_region_and_the_collar():
    ref, hyp = [(0, 4, "A"), (4, 8, "B")], [(0, 4.25, "x"), (4.25, 8, "y"), (15, 20, "x")]
    s = scored(ref, hyp, FAIR, [(0, 10)])
    assert s.purity == pytest.approx(1) and s.coverage == pytest.approx(1)
    assert scored(ref, hyp, FULL, [(0, 20)]).purity == pytest.approx((4 + 3.75) / 13)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_perfect_whatever_the_names(protocol):
    s = scored(REF, [(a, b, {"A": "B", "B": "A"}[k]) for a, b, k in REF], protocol)
    assert s.der == s.jer == 0 and s.purity == pytest.approx(1) and s.coverage == pytest.approx(1)
    assert (s.ref_speakers, s.hyp_speakers, s.off_count, s.right_count) == (2, 2, 0, 1)


def test_nothing_against_nothing():
    s = scored([], [])
    assert s.der == 0 and (s.jer, s.purity, s.coverage) == (None, None, None) and s.right_count == 1


def test_nothing_found_is_all_missed_and_nothing_to_find_is_all_false_alarm():
    s = scored(REF, [])
    assert (13, 0, 0, 13) == parts(s) and s.der == s.jer == 1 and s.purity is None and s.coverage == 0
    s = scored([], [(0, 4, "x")])
    assert (0, 4, 0, 0) == parts(s) and s.der == 1 and s.purity == 0 and s.coverage is None and s.off_count == 1


def protocol_scores(ref, hyp, protocol, spans=((0, 20),)):
    """Score as the table does: with the boundaries of touching turns."""
    found = score(annotation("r", turns(*ref))[0], annotation("r", turns(*hyp))[0], timeline(spans), protocol,
                  edges_of(turns(*ref)))
    return found


def test_touching_turns_of_one_speaker_have_their_collar_as_in_md_eval():
    # md-eval-22 -c 0.25: at 6 s one turn of A ends and its next begins, so 5.75 to 6.25 is not scored
    ref, hyp = [(0, 6, "A"), (6, 12, "A")], [(0, 5.75, "x"), (6.25, 12, "x")]
    assert (0, 0, 0, 11) == parts(protocol_scores(ref, hyp, FAIR))  # 12 s less 2 times .25 at the ends and .5 inside
    assert protocol_scores(ref, hyp, FULL).der == pytest.approx(0.5 / 12)


def test_speakers_are_mapped_before_the_collar_as_in_md_eval():
    # x shares 1.0 s with A (in turns of .4 s, which a collar of .25 s takes whole) and .5 s of what is left with B
    ref = [(0, 0.4, "A"), (1, 1.4, "A"), (2, 2.4, "A"), (4, 5, "B")]
    hyp = [(0, 0.4, "x"), (1, 1.4, "x"), (2, 2.4, "x"), (4, 5, "x")]
    # md-eval-22 -c 0.25: mapped to A for 1.2 s against 1.0, and .5 s of B is confused, all that is scored
    assert (0, 0, 0.5, 0.5) == parts(protocol_scores(ref, hyp, FAIR))
    assert DiarizationErrorRate(collar=0.5)(raw(ref), raw(hyp), uem=Timeline([Segment(0, 20)])) == 0


def test_zones_grow_to_the_next_word_or_boundary_as_in_md_eval():
    def zone(kind, start_s, end_s, name="laugh"):
        return TimedSpan(1, "r", start_s, end_s, name, kind)
    own = turns((0, 10, "A"), (10, 20, "B"))
    assert unscored([zone("NOSCORE", 12, 18, "<na>"), zone("NON-LEX", 3, 4)], own) == ([(12, 18)], [(2.5, 4.5)])
    assert unscored([zone("NON-LEX", 3, 4), zone("LEXEME", 2, 2.8, "lex"), zone("LEXEME", 4.1, 5, "lex")], own)[1] == [
        (2.8, 4.1)]
    assert unscored([zone("NON-LEX", 9, 9.9), zone("LEXEME", 8, 9.2, "lex")], own)[1] == [(9, 10)]
    assert unscored([zone("NON-LEX", 3, 4, "noise")], own) == ([], [])


def test_overlapping_turns_of_one_speaker_count_once():
    found, merged = annotation("r", turns((0, 3, "A"), (2, 5, "A"), (5, 6, "A"), (5, 6, "B")))
    assert merged == 2 and [tuple(s) for s in found.label_timeline("A")] == [(0, 6)]
    assert (0, 0, 0, 6) == parts(scored([(0, 3, "A"), (2, 6, "A")], [(0, 6, "x"), (1, 2, "x")]))


def test_pooling_weighs_by_speech_not_by_recording():
    both = pool([scored([(0, 10, "A")], []), scored([(0, 1, "A")], [(0, 1, "x"), (5, 6, "y")])])
    assert both.der == pytest.approx(11 / 11) and both.recos == 2 and both.right_count == 0 and both.off_count == 2
    assert both.jer == pytest.approx((1 + 0) / 2)


def test_best_names_share_the_most_time_one_to_one():
    ref, hyp = annotation("r", turns(*REF))[0], annotation("r", turns((0, 9, "x"), (9, 12, "y"), (15, 16, "z")))[0]
    assert best_names(ref, hyp, timeline([(0, 20)])) == {"x": "A", "y": "B"} or \
        best_names(ref, hyp, timeline([(0, 20)])) == {"x": "B", "y": "A"}
    assert best_names(ref, hyp, timeline([(0, 5)])) == {"x": "A"}


def random_turns(rng, speakers, end_s=60, count=25):
    """Turns on a millisecond grid, of one speaker never touching: several at once, some beyond the end."""
    found = []
    for speaker in range(speakers):
        edges = np.sort(rng.choice(end_s * 1000, 2 * int(rng.integers(1, count // speakers + 2)), replace=False)) / 1000
        found += [(a, b, f"s{speaker}") for a, b in zip(edges[::2], edges[1::2])]
    return found


def raw(items):
    found = Annotation()
    for number, (a, b, speaker) in enumerate(items):
        found[Segment(a, b), number] = speaker
    return found


RANDOM = [(seed, p) for seed in range(6) for p in (*PROTOCOLS, Protocol("custom", 0.1, True))]


@pytest.mark.parametrize("seed, protocol", RANDOM)
def test_random_recordings_as_pyannote_scores_them_directly(seed, protocol):
    rng = np.random.default_rng(seed)
    ref, hyp = random_turns(rng, 1 + seed % 4), random_turns(rng, 1 + (seed + 1) % 5)
    spans = [(0, 60)] if seed % 2 else [(3, 20.5), (31, 55.25)]
    s, uem = scored(ref, hyp, protocol, spans), Timeline(Segment(*span) for span in spans)
    more = dict(collar=2 * protocol.collar_s, skip_overlap=protocol.skip_overlap)
    der = DiarizationErrorRate(**more)(raw(ref), raw(hyp), uem=uem, detailed=True)
    assert (s.miss_s, s.fa_s, s.total_s) == pytest.approx(
        [der[k] for k in ("missed detection", "false alarm", "total")], abs=1e-6)
    assert s.conf_s >= der["confusion"] - 1e-6  # pyannote maps the speakers on what is left by collar and overlap
    if protocol == FULL:
        assert s.der == pytest.approx(der["diarization error rate"])
    assert s.jer == pytest.approx(JaccardErrorRate(**more)(raw(ref), raw(hyp), uem=uem))
    assert s.right_count == DiarizationSpeakerCountAccuracy()(raw(ref), raw(hyp), uem=uem)
    assert s.off_count == DiarizationSpeakerCountError()(raw(ref), raw(hyp), uem=uem)


@pytest.mark.parametrize("seed, protocol", RANDOM)
def test_random_recordings_as_a_count_of_milliseconds_scores_them(seed, protocol):
    rng = np.random.default_rng(100 + seed)
    ref, hyp = random_turns(rng, 1 + seed % 4), random_turns(rng, 1 + (seed + 2) % 4)
    spans = [(0, 60)] if seed % 2 else [(3, 20.5), (31, 55.25)]
    s = scored(ref, hyp, protocol, spans)
    counted = count_milliseconds(ref, hyp, spans, protocol)
    assert (s.miss_s, s.fa_s, s.conf_s, s.total_s, s.purity, s.coverage) == pytest.approx(counted, abs=2e-6)


def active(items, length):
    """(speakers, length) bool, one column per millisecond."""
    speakers = sorted({k for _, _, k in items})
    found = np.zeros((len(speakers), length), bool)
    for a, b, k in items:
        found[speakers.index(k), round(a * 1000):round(b * 1000)] = True
    return found


def count_milliseconds(ref, hyp, spans, protocol, length=61000):
    """Return miss, false alarm, confusion, total in seconds, purity and coverage, written from NIST's definition."""
    inside = np.zeros(length, bool)
    for a, b in spans:
        inside[round(a * 1000):round(b * 1000)] = True
    r, h = active(ref, length), active(hyp, length)
    best = linear_sum_assignment(-(r[:, inside].astype(np.float64) @ h[:, inside].T.astype(np.float64)))
    collar = round(protocol.collar_s * 1000)
    for t in itertools.chain.from_iterable((a, b) for a, b, _ in ref):
        inside[max(0, round(t * 1000) - collar):round(t * 1000) + collar] = False
    if protocol.skip_overlap:
        inside &= r.sum(0) < 2
    r, h = r[:, inside], h[:, inside]
    shared = r.astype(np.float64) @ h.T.astype(np.float64)
    n_ref, n_hyp = r.sum(0), h.sum(0)
    correct = shared[best].sum()
    conf = np.minimum(n_ref, n_hyp).sum() - correct
    sums = [np.maximum(n_ref - n_hyp, 0).sum(), np.maximum(n_hyp - n_ref, 0).sum(), conf, n_ref.sum()]
    return [x / 1000 for x in sums] + [shared.max(0).sum() / n_hyp.sum(), shared.max(1).sum() / n_ref.sum()]
