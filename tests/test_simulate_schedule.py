"""Who talks when: statistics fitted, written, read and reproduced; schedules without audio."""

import json

import numpy as np
import pytest
from conftest import ROOT

from diarkit.annotation import Turn
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import from_conf
from diarkit.simulate import schemes, turn_taking
from diarkit.simulate.conversation import joined
from diarkit.simulate.options import AcousticOptions, ConversationOptions
from diarkit.simulate.statistics import as_text, as_tsv, compare

MEETING = ROOT / "conf/simulate/turn_taking_meeting.json"


def turns(*rows):
    return [Turn("r", start_s, end_s, speaker) for start_s, end_s, speaker in rows]


def cast(count, utterances=20):
    return {f"s{i}": [f"s{i}u{j}" for j in range(utterances)] for i in range(count)}


def landini(model, options, count, seed, spans=((0.1, 2.3), (2.9, 6.5), (7.0, 8.2), (8.6, 8.65))):
    rng, speakers = np.random.default_rng(seed), cast(count)
    stretches = schemes.Stretches(speakers, lambda speaker, utterance: list(spans), lambda s, u, at_s: at_s, rng)
    return schemes.Landini(speakers, model, options, rng).place(stretches)


def as_turns(placed):
    spoken = sorted((p.start_s, p.start_s + p.end_s - p.begin_s, p.speaker) for p in placed)
    return turns(*joined(spoken))


def test_gaps_are_measured_to_the_floor():
    merged = turn_taking.merge_turns(turns((0, 10, "a"), (2, 3, "b"), (10, 12, "a"), (11, 14, "b"), (15, 16, "b"),
                                           (18, 19, "c")))
    assert [tuple(turn) for turn in merged] == [(0, 12, "a"), (2, 3, "b"), (11, 14, "b"), (15, 16, "b"), (18, 19, "c")]
    assert turn_taking.gaps(merged) == [(-10, False), (-1, False), (1, True), (2, False)]
    model = turn_taking.fit({"r": turns(*merged)}, "by hand")
    assert (model.recordings, model.speakers, model.turns, model.same_speaker, model.overlap) == (1, 3, 5, 0.25, 0.6667)
    assert model.silence_share == round(3 / 19, 4) and model.overlap_share == round(2 / 19, 4)
    assert model.overlap_s[0] == 1 and model.overlap_s[-1] == 10 and model.same_speaker_pause_s[0] == 1
    assert model.other_speaker_pause_s == (2.0,) * len(turn_taking.LEVELS)


def test_the_statistics_that_are_shipped_hold_no_times_of_anyone(tmp_path):
    model = turn_taking.read(MEETING)
    assert "AMI" in model.source and "CC BY 4.0" in model.source and model.turns > 50
    turn_taking.write(tmp_path / "again.json", model)
    assert turn_taking.read(tmp_path / "again.json") == turn_taking.read(MEETING)
    assert (tmp_path / "again.json").read_text() == MEETING.read_text()


@pytest.mark.parametrize("change, said", [
    ({"overlap_s": [1.0, 2.0]}, "overlap_s is no list of 22 rising lengths"),
    ({"overlap": 1.5}, "must lie between 0 and 1"), ({"tempo": 3}, "no statistics of turn-taking")])
def test_statistics_that_are_wrong_are_refused(tmp_path, change, said):
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**json.loads(MEETING.read_text()), **change}))
    with pytest.raises(DiarkitError, match=said):
        turn_taking.read(path)
    path.write_text("SPEAKER r 1")
    with pytest.raises(DiarkitError, match="model.json: no statistics"):
        turn_taking.read(path)


def test_draws_follow_the_quantiles():
    model, rng = turn_taking.read(MEETING), np.random.default_rng(0)
    drawn = [turn_taking.draw(model.overlap_s, rng) for _ in range(4000)]
    assert np.allclose(np.quantile(drawn, (0.25, 0.5, 0.75)), np.interp(
        (0.25, 0.5, 0.75), turn_taking.LEVELS, model.overlap_s), rtol=0.15)


def test_a_large_schedule_has_the_statistics_of_its_model():
    model, options = turn_taking.read(MEETING), ConversationOptions(duration=900.0)
    made = {number: as_turns(landini(model, options, 2 + number % 4, number)) for number in range(40)}
    found = turn_taking.fit(made, "simulated")
    assert found.turns > 5000
    assert found.same_speaker == pytest.approx(model.same_speaker, abs=0.03)
    assert found.overlap == pytest.approx(model.overlap, abs=0.09)
    assert found.silence_share == pytest.approx(model.silence_share, abs=0.08)
    assert found.overlap_share == pytest.approx(model.overlap_share, abs=0.05)
    for name in turn_taking.LENGTHS:
        for level in (0.5, 0.75, 0.95):
            at = turn_taking.LEVELS.index(level)
            assert getattr(found, name)[at] == pytest.approx(getattr(model, name)[at], rel=0.2, abs=0.1), (name, level)


def test_nobody_talks_over_himself_and_everyone_talks():
    model = turn_taking.read(MEETING)
    for count in (1, 2, 10):
        made = landini(model, ConversationOptions(duration=120.0), count, count)
        assert {p.speaker for p in made} == set(cast(count))
        for name in cast(count):
            own = sorted((p.start_s, p.start_s + p.end_s - p.begin_s) for p in made if p.speaker == name)
            assert all(b[0] >= a[1] - 1e-9 for a, b in zip(own, own[1:]))
        assert all(p.end_s - p.begin_s >= schemes.SHORTEST_S - 1e-9 for p in made), "a click became a turn"


def test_the_papers_interleaving_and_the_turns_of_the_source():
    model = turn_taking.read(MEETING)
    options = ConversationOptions(duration=3000.0, interleave="random", turns="source", dominance=0.0)
    made = landini(model, options, 2, 1)
    found = turn_taking.fit({"r": as_turns(made)}, "simulated")
    assert found.same_speaker == pytest.approx(0.5, abs=0.06)
    assert {round(p.end_s - p.begin_s, 3) for p in made} == {2.2, 3.6, 1.2}


def test_fujita_leaves_silences_of_its_mean_and_the_speakers_to_themselves():
    options = ConversationOptions(scheme="fujita", duration=4000.0, beta=3.0)
    made = schemes.fujita(cast(2), lambda speaker, utterance: 2.0, options, np.random.default_rng(0))
    for name in cast(2):
        starts = np.array([p.start_s for p in made if p.speaker == name])
        assert np.diff(starts).min() >= 2.0 and np.mean(np.diff(starts) - 2.0) == pytest.approx(3.0, rel=0.1)
    assert schemes.fujita(cast(1), lambda s, u: 2.0, ConversationOptions(duration=1e-9), np.random.default_rng(0))


def test_the_deck_uses_everyone_and_all_utterances_before_one_comes_again():
    options = ConversationOptions(scheme="deck", duration=200.0, overlap=0.5)
    made = schemes.deck(cast(3, 3), lambda speaker, utterance: 3.0, options, np.random.default_rng(1))
    for name in cast(3):
        own = [p for p in made if p.speaker == name]
        assert len(own) >= 3 and len({p.utterance for p in own[:3]}) == 3
        assert np.all(np.diff(sorted(p.start_s for p in own)) >= 3.0 - 1e-9)
    starts = [p.start_s for p in made]
    assert any(b < a + 3.0 for a, b in zip(starts, starts[1:])), "an overlap probability of one half gave no overlap"
    alone = schemes.deck(cast(1), lambda s, u: 5.0, ConversationOptions(duration=60.0), np.random.default_rng(0))
    assert {p.speaker for p in alone} == {"s0"}


def test_a_speaker_without_speech_is_named():
    with pytest.raises(DiarkitError, match="none of the 20 utterances of s[01] holds any speech"):
        landini(turn_taking.read(MEETING), ConversationOptions(), 2, 0, spans=())


def test_a_comparison_names_what_there_is():
    model = turn_taking.read(MEETING)
    rows = compare(model, None)
    assert all(row[1] is None for row in rows) and len(as_tsv(rows)) == len(rows) + 1
    both = compare(model, model)
    assert all(row[1] == row[2] for row in both) and "75.86" in "\n".join(as_text(both, 3, 1.5))


@pytest.mark.parametrize("values, said", [
    ({"min_speakers": 3, "max_speakers": 2}, "--max-speakers 2 is below"), ({"speeds": "1,9"}, "between 0.5 and 2"),
    ({"speeds": "fast"}, "numbers with commas")])
def test_options_of_the_talk_that_make_no_sense_are_refused(values, said):
    with pytest.raises(UsageError, match=said):
        ConversationOptions(**values)


@pytest.mark.parametrize("values, said", [
    ({"min_rt60": 0.9}, "--max-rt60 0.6 is below"), ({"noise": "pink,rain"}, "a list with commas of pink, white"),
    ({"noise": "file"}, "needs --noises"), ({"rooms": "file"}, "needs --rirs"), ({"codecs": ""}, "--codecs must be")])
def test_options_of_the_sound_that_make_no_sense_are_refused(values, said):
    with pytest.raises(UsageError, match=said):
        AcousticOptions(**values)


def test_the_binary_fits_what_the_library_fits(call, tmp_path):
    talk = ((0, 4, "x"), (3, 5, "y"), (6, 7, "x"))
    (tmp_path / "ref.rttm").write_text("".join(
        f"SPEAKER r 1 {a} {b - a} <NA> <NA> {who} <NA> <NA>\n" for a, b, who in talk))
    done = call("fit-turn-taking.py", "--source=a play", "ref.rttm", "model.json")
    assert done.returncode == 0 and "50 % of the changes overlap" in done.stderr, done.stderr
    model = turn_taking.read(tmp_path / "model.json")
    assert model.source == "a play" and model.overlap_s[0] == 1.0 and model.same_speaker_pause_s is None
    assert {p.speaker for p in landini(model, ConversationOptions(duration=30.0), 2, 0)} == {"s0", "s1"}
    for text, said in (("", "no SPEAKER lines"), ("SPEAKER r 1 0 4 <NA> <NA> x <NA> <NA>\n", "nobody ever follows")):
        (tmp_path / "ref.rttm").write_text(text)
        done = call("fit-turn-taking.py", "ref.rttm", "other.json")
        assert done.returncode == 1 and said in done.stderr and not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("conf", ["simulate/simulate.conf", "simulate/deck.conf"])
def test_conf_files_parse_with_their_binary(call, conf):
    done = call("simulate-conversations.py", f"--config={ROOT}/conf/{conf}")
    assert done.returncode == 2 and "expected <" in done.stderr
    with pytest.raises(UsageError, match="unknown option"):
        from_conf(ConversationOptions, str(ROOT / "conf" / "segmentation/segment.conf"))
