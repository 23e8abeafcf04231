"""utils/recipe.sh: stages, their failure, and the command that goes on from there."""

import os
import signal

import pytest
from small_recipe import SmallRecipe, wait_for

TOP = """\
#!/usr/bin/env bash
# A recipe.
sets="dev test"  # sets to work on
nj=2             # most jobs
. "$(dirname "$0")/utils/recipe.sh"
"""
RUN = TOP + """\
for x in $sets; do stage 1 "make $x" touch made.$x; done
for x in $sets; do stage 2 "check $x" test -e good.$x; done
stage 3 "end" touch end
echo results here
"""


@pytest.fixture
def recipe(tmp_path, environment):
    made = SmallRecipe(tmp_path, environment)
    made.script("run.sh", RUN)
    return made


def good(recipe):
    for name in ("good.dev", "good.test"):
        recipe.write(name, "")


def test_stages_run_in_order_and_may_be_repeated(recipe):
    good(recipe)
    for _ in range(2):
        status, words = recipe.run("./run.sh")
        assert status == 0 and recipe.has("end") and words.endswith("results here\n")
        assert words.index("stage 1: make dev") < words.index("stage 1: make test") < words.index("stage 3: end")


def test_a_failure_in_a_for_loop_ends_the_run_with_the_command_to_go_on(recipe):
    recipe.write("good.dev", "")
    status, words = recipe.run("./run.sh", "--nj", "3", "--stage", "1", "--sets", "dev test", "--stop-stage=7")
    assert status == 1 and not recipe.has("end") and "results" not in words
    assert "stage 2 (check test) failed with status 1. After fixing it: " \
           "./run.sh --nj 3 --sets 'dev test' --stop-stage 7 --stage 2\n" in words


def test_the_plain_hint_reads_as_promised(recipe):
    words = recipe.run("./run.sh")[1]
    assert "stage 2 (check dev) failed with status 1. After fixing it: ./run.sh --stage 2\n" in words


def test_the_hint_works_when_typed_in(recipe):
    words = recipe.run("bash", "run.sh", "--sets", "it's $x")[1].splitlines()[-1]
    for name in ("good.it's", "good.$x"):
        recipe.write(name, "")
    status, words = recipe.run("bash", "-c", words.partition("After fixing it: ")[2])
    assert status == 0 and recipe.has("end"), words


def test_stage_and_stop_stage_choose(recipe):
    assert recipe.run("./run.sh", "--stop-stage", "1")[0] == 0
    assert recipe.has("made.test") and not recipe.has("end")
    assert recipe.run("./run.sh", "--stage", "3")[0] == 0
    assert recipe.has("end")


@pytest.mark.parametrize("words", ["--stage", "--stage three", "--stage 1.5", "--stage --nj 3", "--stop-stage",
                                   "--stgae 3", "3", "--stage 3 dev"])
def test_stage_without_a_number_and_stray_words_are_refused(recipe, words):
    status, text = recipe.run("./run.sh", *words.split())
    assert status == 2 and not recipe.has("made.dev"), text


def test_a_stage_that_is_not_there_is_not_success(recipe):
    status, words = recipe.run("./run.sh", "--stage", "4")
    assert status == 2 and "there is no stage from 4 to 1000, only 1 2 3" in words


@pytest.mark.parametrize("line", ['stage 1 "x" false || true', 'if stage 1 "x" false; then :; fi',
                                  'stage 1 "x" bash -c "exit 1"', 'f() { false; true; }; stage 1 "x" f'])
def test_a_failure_cannot_be_silenced(recipe, line):
    recipe.script("run.sh", TOP + line + '\nstage 2 "y" touch end\n')
    status, words = recipe.run("./run.sh")
    assert status == 1 and "stage 1 (x) failed with status 1" in words and not recipe.has("end")


@pytest.mark.parametrize("line", ['stage 1 "x" false & wait', 'stage 1 "x" false | cat', '(stage 1 "x" false)'])
def test_a_stage_in_the_background_or_a_pipe_is_refused(recipe, line):
    recipe.script("run.sh", TOP + line + '\nstage 2 "y" touch end\n')
    status, words = recipe.run("./run.sh")
    assert status != 0 and "where its failure could be lost" in words and not recipe.has("end")


@pytest.mark.parametrize("line, message", [('echo "$unset_name"', "unset_name"), ("false | true", ""),
                                           ("for x in 1; do false; done", "")])
def test_what_stands_between_stages_fails_loudly_too(recipe, line, message):
    recipe.script("run.sh", TOP + line + "\ntouch end\n")
    status, words = recipe.run("./run.sh")
    assert status != 0 and message in words and not recipe.has("end")


@pytest.mark.parametrize("end, number", [(os.killpg, signal.SIGINT), (os.killpg, signal.SIGTERM),
                                         (os.kill, signal.SIGTERM)])
def test_ctrl_c_or_a_kill_ends_tasks_step_and_recipe_and_names_the_stage(recipe, end, number):
    recipe.script("run.sh", TOP + 'stage 1 "size" steps/measure.sh data exp/size\n')
    recipe.write("hold.a", "")
    process = recipe.start("./run.sh")
    wait_for(lambda: recipe.has("touched"))
    end(process.pid, number)
    words = process.communicate(timeout=20)[1]
    assert process.returncode != 0 and "stage 1 (size) failed" in words and "./run.sh --stage 1" in words
    (recipe.folder / "hold.a").unlink()
    assert recipe.run("./run.sh")[0] == 0 and recipe.read("exp/size/size.scp").count("\n") == 4


def test_help_shows_the_knobs_and_the_stages(recipe):
    status, words = recipe.run("./run.sh", "--help")
    assert status == 0 and not recipe.has("made.dev")
    for shown in ("A recipe.", "--sets=dev test", "--stage=0 ", "--stop-stage=1000 "):
        assert shown in words


def test_a_knob_that_hides_stage_is_refused(recipe):
    recipe.script("run.sh", TOP.replace("nj=2 ", "stage=0 "))
    status, words = recipe.run("./run.sh")
    assert status == 2 and "stage is declared twice" in words


def test_an_unknown_backend_is_an_error(recipe):
    status, words = recipe.run("./run.sh", DIAR_BACKEND="cloud")
    assert status == 2 and "unknown DIAR_BACKEND=cloud. Known: local slurm sge" in words and not recipe.has("made.dev")


def test_the_local_backend_and_the_environment_of_a_recipe(recipe):
    recipe.script("run.sh", TOP + "echo \"$cpu_cmd|$gpu_cmd|$LC_ALL|$PYTHONUTF8|$OMP_NUM_THREADS\"\n"
                  "cd /; command -v run.py stamp.py\n")
    status, words = recipe.run("./run.sh")
    assert status == 0 and words.startswith("run.py|run.py --gpu 1|C|1|1\n") and words.count("/utils/") == 2


def test_a_recipe_runs_from_any_folder(recipe):
    good(recipe)
    recipe.write("elsewhere/nothing", "")
    status, words = recipe.run("bash", "-c", "cd elsewhere && ../run.sh --nj 3")
    assert status == 0 and recipe.has("end") and not recipe.has("elsewhere/end"), words
