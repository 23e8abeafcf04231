"""Batches and crops: balanced, seeded, the same from any position on; hard pairs by hand."""

import numpy as np
import pytest

from diarkit.errors import DiarkitError, UsageError
from diarkit.training.batches import Batch, BatchOptions, Plan, draws, pieces
from diarkit.training.mining import hard_pairs, mine

NAMES = [f"s{n}" for n in range(20)]
SECONDS = np.linspace(10, 200, 20)


def plan(**changes):
    options = BatchOptions(**{"batch_speakers": 6, "speeds": "1", **changes})
    return Plan(NAMES, SECONDS, 5, options, seed=3)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def test_every_voice_once_in_an_epoch_and_never_twice_in_a_batch():
    drawn = plan(speeds="0.9,1,1.1")
    assert drawn.classes == 60 and drawn.per_epoch == 10
    for epoch in range(3):
        voices = np.concatenate([drawn.voices(10 * epoch + b) for b in range(10)])
        assert sorted(voices) == list(range(60))


def test_batches_follow_from_their_numbers_alone():
    one, other = plan(), plan()
    kept = [one.batch(r, b) for r in (1, 2, 3) for b in range(5)]
    assert same(other.batch(3, 2), kept[12]) and not same(kept[12], kept[7])
    assert not same(Plan(NAMES, SECONDS, 5, BatchOptions(batch_speakers=6, speeds="1"), 4).batch(3, 2), kept[12])
    assert 1 < len({batch.length_s for batch in kept}) <= 5
    assert {1.5, 3.0} >= {batch.length_s for batch in kept} - {1.875, 2.25, 2.625}
    named = np.concatenate([batch.draws.reshape(-1, 3) for batch in kept])
    assert len(np.unique(named, axis=0)) == 15 * 6 * 2


def test_weights_bring_those_who_said_more_more_often():
    drawn = plan(balance=0.0, batch_speakers=4)
    voices = np.concatenate([drawn.voices(n) for n in range(400)])
    often = np.bincount(voices, minlength=20)
    assert often[-5:].sum() > 2 * often[:5].sum() and often.min() > 0
    assert all(len(set(drawn.voices(n))) == 4 for n in range(50))


def test_few_speakers_make_small_batches_and_one_is_refused():
    assert Plan(["a", "b"], np.ones(2), 1, BatchOptions(speeds="1"), 0).size == 2
    with pytest.raises(DiarkitError, match="1 speakers to train on"):
        Plan(["a"], np.ones(1), 1, BatchOptions(speeds="1"), 0)
    for wrong in (dict(min_crop_s=3.0, max_crop_s=2.0), dict(speeds="1,9"), dict(speeds="fast")):
        with pytest.raises(UsageError):
            BatchOptions(**wrong)


def test_crops_of_a_row_begin_in_different_utterances():
    lengths = np.array([500, 400, 300])
    for row in range(20):
        first = [pieces(lengths, (1, row, place), 3, 200, 0) for place in range(3)]
        assert sorted(found[0][0] for found in first) == [0, 1, 2]
        assert all(found == [(u, start, 200)] and 0 <= start <= lengths[u] - 200
                   for found in first for u, start, _ in found)
    starts = {pieces(np.array([1000]), (1, row, 0), 2, 990, 0)[0][1] for row in range(200)}
    assert starts == set(range(11))


def test_short_utterances_are_joined_and_not_shared_where_there_are_enough():
    lengths = np.array([30, 40, 50, 60])
    a, b = (pieces(lengths, (2, 7, place), 2, 70, 0) for place in range(2))
    assert sum(count for *_, count in a) == sum(count for *_, count in b) == 70
    assert not {u for u, *_ in a} & {u for u, *_ in b}
    alone = pieces(np.array([30]), (2, 7, 1), 2, 70, 0)
    assert alone == [(0, 0, 30), (0, 0, 30), alone[2]] and alone[2][2] == 10


def test_hard_pairs_by_hand():
    """Three voices of two crops, in degrees: 0 10, 25 90, 170 180. Voice 1 lies wide and near voice 0."""
    angles = np.deg2rad([0, 10, 25, 90, 170, 180])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    assert hard_pairs(vectors, 2).tolist() == [[0, 1], [1, 2]]


def test_mined_batches_hold_confusable_voices():
    """Voices 2 k and 2 k + 1 sound nearly alike; half of the voices are looked at."""
    drawn, looked = plan(batch_speakers=4), []
    directions = np.random.default_rng(0).normal(size=(10, 8))

    def heard(batches):
        looked.extend(batches)
        for batch in batches:
            twin = 0.02 * (batch.voices % 2)[:, None] * directions[::-1][batch.voices // 2]
            clean = directions[batch.voices // 2] + twin
            yield {"feats": np.repeat(clean[:, None, None], 2, 1)}

    batches = mine(drawn, heard, lambda feats: feats[:, 0], 4)
    seen = np.concatenate([batch.voices for batch in looked])
    assert len(seen) == len(set(seen)) == 10 and len(batches) == drawn.count
    twins = {int(v) for v in seen if v // 2 in [w // 2 for w in seen if w != v]}
    found = {int(v) for batch in batches for v in batch.voices}
    assert twins and twins <= found
    assert all(isinstance(b, Batch) and b.voices.shape == (4,) and b.draws.shape == (4, 2, 3) for b in batches)
    again = mine(drawn, heard, lambda feats: feats[:, 0], 4)
    assert all(same(a, b) for a, b in zip(batches, again))


def test_draws_are_named_by_round_row_and_place():
    assert draws(2, np.array([5, 9]), 2).tolist() == [[[2, 5, 0], [2, 5, 1]], [[2, 9, 0], [2, 9, 1]]]
