"""egs/mini end to end on the real conversation: the figures, the second run, single stages, kill -9 anywhere."""

import os
import shutil
import time

import pytest
from recipes import contents, kill_all, make_recipe, mini_audio, run, snapshot, start, turns, wait_for_line

pytestmark = pytest.mark.models
STAGES = range(1, 8)


@pytest.fixture(scope="module")
def mini(tmp_path_factory, environment):
    """A finished run of egs/mini/v1: (folder, status, output)."""
    mini_audio(environment)
    folder = make_recipe(tmp_path_factory.mktemp("egs"), "mini")
    return folder, *run(folder, environment)


def der(folder, protocol="full"):
    path, = folder.glob("exp/*/dev/score/der.tsv")
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    table = [dict(zip(rows[0], row)) for row in rows[1:]]
    return next(float(r["der"]) for r in table if r["protocol"] == protocol and r["reco"] == "OVERALL")


def hypothesis(folder):
    path, = folder.glob("exp/*/dev/turns/hyp.rttm")
    return turns(path)


def test_it_ends_with_a_der_below_twenty_per_cent(mini):
    folder, status, said = mini
    assert status == 0, said
    assert "full" in said and "fair" in said and "forgiving" in said
    assert 0 < der(folder) < 20
    assert der(folder, "forgiving") < der(folder)


def test_two_people_hold_nearly_all_speech_within_the_recording(mini):
    found, talk_s = hypothesis(mini[0]), {}
    for start_s, end_s, speaker in found:
        talk_s[speaker] = talk_s.get(speaker, 0) + end_s - start_s
        assert 0 <= start_s < end_s <= 30.0
    assert len(talk_s) >= 2 and sum(sorted(talk_s.values())[-2:]) > 0.9 * sum(talk_s.values())


def test_a_second_run_finds_everything_up_to_date(mini, environment):
    before = snapshot(mini[0])
    status, said = run(mini[0], environment)
    assert status == 0 and said.count("up to date") >= 6, said
    assert snapshot(mini[0]) == before


def test_stage_three_runs_three_and_on_and_nothing_else(mini, environment):
    status, said = run(mini[0], environment, "--stage", "3")
    shown = [line.split(" stage ")[1][0] for line in said.splitlines() if " stage " in line]
    assert status == 0 and sorted(set(shown)) == ["3", "4", "5", "6", "7"]


def test_a_count_that_is_asked_for_is_obeyed_and_only_what_depends_on_it_is_made_again(mini, environment):
    before = contents(mini[0])
    status, said = run(mini[0], environment, "--num-speakers", "4", "--stage", "4", "--stop-stage", "5")
    assert status == 0 and "option num_speakers:  -> 4" in said, said
    assert len({speaker for *_, speaker in hypothesis(mini[0])}) == 4
    assert run(mini[0], environment, "--stage", "4")[0] == 0
    assert contents(mini[0]) == before


def test_a_changed_conf_remakes_what_depends_on_it_and_says_why(mini, environment):
    own = mini[0] / "conf/turns"
    text, link = (own / "overlapping.conf").read_text(), os.readlink(own)
    before = contents(mini[0])
    own.unlink()
    own.mkdir()
    (own / "overlapping.conf").write_text(text + "--overlap=false\n")
    try:
        status, said = run(mini[0], environment, "--stop-stage", "5")
        assert status == 0 and "conf/turns/overlapping.conf: has other contents" in said, said
        changed = {name for name, data in contents(mini[0]).items() if before.get(name) != data}
        assert changed and all("/turns/" in name for name in changed)
    finally:
        shutil.rmtree(own)
        own.symlink_to(link)
        assert run(mini[0], environment)[0] == 0
    assert contents(mini[0]) == before


@pytest.mark.parametrize("words", [(), ("--vad", "energy", "--clustering", "ahc", "--model", "ge2e")])
def test_the_pipeline_of_sliding_windows_runs_too(tmp_path, environment, words):
    mini_audio(environment)
    folder = make_recipe(tmp_path, "mini", "run_windows.sh")
    status, said = run(folder, environment, *words)
    assert status == 0, said
    assert der(folder) < (60 if words else 20)


def test_kill_9_again_and_again_in_every_stage_loses_nothing(mini, environment, tmp_path):
    """One folder is killed in each stage on its way, early or late in a stage, and ends with the same bytes."""
    folder = make_recipe(tmp_path, "mini")
    for stage in STAGES:
        process = start(folder, environment)
        wait_for_line(process, f" stage {stage}:")
        time.sleep(0.8 if stage % 2 else 0.2)
        kill_all(process)
    status, said = run(folder, environment)
    assert status == 0, said
    assert contents(folder) == contents(mini[0])
