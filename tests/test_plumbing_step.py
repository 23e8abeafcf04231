"""utils/step.sh on real steps: made, skipped, redone, resumed after kill -9, one run at a time, loud on failure."""

import json
import os
import signal

import pytest
from small_recipe import COUNT, STEP, SmallRecipe, is_running, wait_for

from diarkit.tables import load_matrix, read_scp


@pytest.fixture
def recipe(tmp_path, environment):
    return SmallRecipe(tmp_path, environment)


def sizes(recipe):
    """The table of the step, read through its archives."""
    entries = read_scp(str(recipe.folder / "exp/size/size.scp"))
    return {key: float(load_matrix(str(recipe.folder / entry))[0, 0]) for key, entry in entries.items()}


def test_made_then_up_to_date_whatever_nj_and_cmd(recipe):
    assert recipe.measure()[0] == 0
    assert sizes(recipe) == {"a": 1, "b": 2, "c": 3, "d": 4} and sorted(recipe.touched()) == list("abcd")
    for words in ([], ["--nj", "1"], ["--cmd", "run.py --mem 2G"], ["--note", "what for"]):
        status, said = recipe.measure(*words)
        assert status == 0 and "steps/measure.sh exp/size: is up to date" in said
    assert recipe.touched() == [] and not recipe.has("exp/size/split") and not recipe.has("exp/size/.begun")


def test_the_stamp_can_be_read(recipe):
    recipe.measure()
    stamp = json.loads(recipe.read("exp/size/.done"))
    assert stamp["options"] == {"conf": "size.conf", "scale": "1"}
    assert set(stamp["inputs"]) == {"data/wav.scp", "size.conf"}
    assert stamp["step"] == "measure.sh" and stamp["outputs"] == ["size.scp"] and len(stamp["state"]) == 64


def test_more_jobs_than_recordings_are_clamped(recipe):
    assert recipe.measure("--nj", "100")[0] == 0
    assert sorted(n for n in os.listdir(recipe.folder / "exp/size/log") if n.endswith(".log")) == \
        [f"measure.{n}.log" for n in (1, 2, 3, 4)]


def test_cmd_may_hold_several_words(recipe):
    assert recipe.measure("--cmd", "run.py --mem 2G --max-jobs-run 1 --num-threads 2")[0] == 0
    status, said = recipe.run("steps/measure.sh", "--cmd", "run.py --mem much", "data", "exp/other")
    assert status == 1 and "--mem must be such as 4G" in said


def changed_conf(recipe):
    recipe.write("size.conf", "--size=2\n")


def changed_list(recipe):
    recipe.write("data/wav.scp", recipe.read("data/wav.scp").replace("d audio/d.txt\n", ""))


def changed_audio(recipe):
    recipe.write("audio/c.txt", "longer")


def more(recipe):
    recipe.write("data/wav.scp", recipe.read("data/wav.scp") + "e audio/d.txt\n")


def changed_commands(recipe):
    recipe.script("steps/measure.sh", STEP.replace("run_jobs measure", "run_jobs again"))


CHANGES = [(changed_conf, "input size.conf: has other contents: "),
           (changed_commands, "the commands of measure.sh: ")]


def test_a_change_is_named_and_starts_over(recipe):
    recipe.measure()
    for change, said in CHANGES:
        recipe.touched()
        change(recipe)
        status, text = recipe.measure()
        assert status == 0 and "starts over" in text and text.count("\n  ") == 1 and said in text, text
        assert sorted(recipe.touched()) == sorted(sizes(recipe))


def test_recordings_that_changed_are_done_again_and_no_others(recipe):
    recipe.measure("--nj", "2")
    for change, reco, done in ((changed_list, "d", []), (changed_audio, "c", ["c"]), (more, "e", ["e"])):
        recipe.touched()
        change(recipe)
        status, text = recipe.measure("--nj", "2")
        assert status == 0 and "does again what changed:\n  input data/wav.scp: names recordings that are new, gone, " \
            f"or of another size or time: 1: {reco}\n" in text, text
        assert recipe.touched() == done
    assert sizes(recipe) == {"a": 1, "b": 2, "c": 6, "e": 4}


def test_other_comments_and_defaults_that_change_nothing_keep_the_result(recipe):
    recipe.measure()
    recipe.script("steps/measure.sh", STEP.replace("# Measure files.", "# Measure them all.").replace("nj=1 ", "nj=2 "))
    assert "is up to date" in recipe.measure()[1]


def test_an_upstream_archive_that_changed_behind_the_same_scp_is_noticed(recipe):
    recipe.measure()
    count = ["steps/count.sh", "exp/size", "exp/count"]
    assert recipe.run(*count)[0] == 0
    assert "is up to date" in recipe.run(*count)[1]
    before = recipe.read("exp/size/size.scp")
    assert "option scale: 1 -> 2" in recipe.measure("--scale", "2")[1]
    assert recipe.read("exp/size/size.scp") == before
    status, said = recipe.run(*count)
    assert status == 0 and "input exp/size/size.scp: was made anew from other inputs or options" in said


def test_an_input_of_an_unfinished_step_is_refused(recipe):
    recipe.write("sizes/.begun", '{"step": "measure.sh"}')
    status, said = recipe.run("steps/count.sh", "sizes", "exp/count")
    assert status == 1 and "comes from a step that has not finished: run measure.sh for sizes again" in said


def test_a_missing_output_is_made_again_without_the_work(recipe):
    recipe.measure()
    recipe.touched()
    (recipe.folder / "exp/size/size.scp").unlink()
    status, said = recipe.measure()
    assert status == 0 and "size.scp is missing" in said and "0 of 4 recordings to do" in said
    assert recipe.touched() == [] and len(sizes(recipe)) == 4


def test_one_bad_recording_costs_only_itself_and_is_named_at_once(recipe):
    recipe.write("audio/b.txt", "bad")
    status, said = recipe.measure("--nj", "2")
    assert status == 1 and "1 of 2 jobs failed" in said and "audio/b.txt: is bad" in said
    assert "exp/size/log/measure." in said and "run the same command again" in said
    assert not recipe.has("exp/size/.done") and not recipe.has("exp/size/size.scp")
    recipe.touched()
    status, said = recipe.measure("--nj", "2")
    assert status == 1 and recipe.touched() == ["b"] and "1 of 4 recordings to do in 1 jobs, 3 are finished" in said


def test_all_jobs_failed_is_no_success(recipe):
    recipe.script("local/measure.py", "#!/bin/bash\necho no reason; exit 1\n")
    status, said = recipe.measure("--nj", "4")
    assert status == 1 and "4 of 4 jobs failed" in said and "no reason" in said and not recipe.has("exp/size/.done")


def test_a_command_that_writes_nothing_and_says_all_is_well_is_caught(recipe):
    recipe.script("local/measure.py", "#!/bin/bash\nexit 0\n")
    status, said = recipe.measure()
    assert status == 1 and "size: 4 of 4 recordings are missing (4, such as a, b, c)" in said


def kill_while_c_is_measured(recipe):
    """Kill -9 a step whose recordings a and b are finished, c is at work and d is waiting."""
    recipe.write("hold.c", "")
    recipe.touched()
    process = recipe.start("steps/measure.sh", "--nj", "4", "--cmd", "run.py --max-jobs-run 1", "data", "exp/size")
    wait_for(lambda: recipe.has("touched") and "c" in recipe.read("touched"))
    process.kill()
    process.communicate(timeout=20)  # ends only when nothing that the step started lives on
    return process


def test_killed_in_the_middle_then_only_what_is_missing_is_done(recipe):
    process = kill_while_c_is_measured(recipe)
    assert recipe.has("exp/size/.begun") and not recipe.has("exp/size/.done")
    assert sorted(recipe.touched()) == ["a", "b", "c"]
    (recipe.folder / "hold.c").unlink()
    status, said = recipe.measure("--nj", "1")
    assert status == 0 and f"pid {process.pid}," in said and "was killed" in said
    assert "2 of 4 recordings to do in 1 jobs, 2 are finished" in said
    assert sorted(recipe.touched()) == ["c", "d"] and sizes(recipe) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert "size.1.1" in recipe.read("exp/size/size.scp") and "size.2.1" in recipe.read("exp/size/size.scp")


def test_killed_in_the_middle_then_other_options_start_over(recipe):
    kill_while_c_is_measured(recipe)
    recipe.touched()
    (recipe.folder / "hold.c").unlink()
    status, said = recipe.measure("--scale", "5")
    assert status == 0 and "option scale: 1 -> 5" in said and sorted(recipe.touched()) == list("abcd")
    assert sizes(recipe) == {"a": 5, "b": 10, "c": 15, "d": 20}


def test_a_killed_run_never_counts_as_finished(recipe):
    recipe.measure()
    recipe.write("size.conf", "--size=3\n")
    kill_while_c_is_measured(recipe)  # the folder held a finished result of other options before
    assert not recipe.has("exp/size/.done") and not recipe.has("exp/size/size.scp")


def test_the_second_of_two_runs_is_told_who_holds_the_folder(recipe):
    recipe.write("hold.a", "")
    first = recipe.start("steps/measure.sh", "data", "exp/size")
    wait_for(lambda: recipe.has("touched"))
    status, said = recipe.measure()
    assert status == 1 and f"exp/size is held by host {os.uname().nodename}, pid {first.pid}, since 20" in said
    (recipe.folder / "hold.a").unlink()
    assert first.communicate(timeout=20) and first.returncode == 0
    assert "is up to date" in recipe.measure()[1]


def test_jobs_that_outlive_a_killed_step_and_runner_still_hold_the_folder(recipe):
    recipe.write("hold.a", "")
    step = recipe.start("steps/measure.sh", "--nj", "1", "data", "exp/size")
    wait_for(lambda: recipe.has("touched"))
    os.killpg(step.pid, signal.SIGKILL)  # the shell and run.py; the job has a group of its own
    step.wait(timeout=20)
    wait_for(lambda: not is_running(step.pid))
    status, said = recipe.measure(DIARKIT_WAIT_S="0.5")
    assert status == 1 and "is gone, jobs it started still end: waiting for them" in said
    assert "jobs it started still run" in said
    (recipe.folder / "hold.a").unlink()
    wait_for(lambda: recipe.has("exp/size/parts/size.1.1.scp"))
    assert wait_for(lambda: recipe.measure()[0] == 0) and len(sizes(recipe)) == 4
    assert sorted(recipe.touched()) == list("abcd")


def test_a_holder_on_another_host_is_respected(recipe):
    recipe.write("exp/size/.lock", '{"host": "elsewhere", "pid": 7, "since": "2024-01-01 00:00:00"}\n')
    status, said = recipe.measure()
    assert status == 1 and "host elsewhere, pid 7, since 2024-01-01 00:00:00" in said
    assert "If that run is dead: rm exp/size/.lock" in said and recipe.touched() == []


def test_need_names_what_is_missing_and_who_makes_it(recipe):
    status, said = recipe.run("steps/count.sh", "exp/nothing", "exp/count")
    assert status == 1 and "exp/nothing/size.scp, made by steps/measure.sh" in said and not recipe.has("exp/count")
    (recipe.folder / "size.conf").unlink()
    status, said = recipe.run("steps/measure.sh", "none", "exp/size")
    assert "2 inputs are missing" in said and "none/wav.scp" in said and "size.conf" in said


def test_a_step_never_works_in_the_folder_of_its_inputs(recipe):
    status, said = recipe.run("steps/measure.sh", "data", "data")
    assert status == 2 and "data/wav.scp lies in data itself" in said and recipe.has("data/wav.scp")


def test_a_folder_of_another_step_is_left_alone(recipe):
    recipe.measure()
    status, said = recipe.run("steps/count.sh", "sizes", "exp/size")
    assert status == 1 and "exp/size was made by measure.sh" in said and recipe.has("exp/size/size.scp")


def test_a_step_that_ends_without_its_output_is_not_finished(recipe):
    recipe.script("steps/count.sh", COUNT.replace('wc -l <"$sizes/size.scp" >"$out/count"', ":"))
    status, said = recipe.run("steps/count.sh", "sizes", "exp/count")
    assert status == 1 and "ended without making count" in said and not recipe.has("exp/count/.done")


@pytest.mark.parametrize("line", ["false", "false | cat", 'echo "$no_such_name"', "for x in 1; do false; done"])
def test_a_failing_line_in_a_step_ends_it_unfinished(recipe, line):
    recipe.script("steps/count.sh", COUNT.replace("finish\n", line + "\nfinish\n"))
    status, said = recipe.run("steps/count.sh", "sizes", "exp/count")
    assert status == 1 and not recipe.has("exp/count/.done"), said


def test_folders_and_options_with_odd_characters(recipe):
    os.rename(recipe.folder / "data", recipe.folder / "my data (1)")
    status, said = recipe.run("steps/measure.sh", "--note=$(touch pwned); 'x", "my data (1)", "exp/it's $x")
    assert status == 0, said
    assert recipe.has("exp/it's $x/.done") and not recipe.has("pwned")
