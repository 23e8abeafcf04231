"""egs/mini end to end on the real conversation: the figures, the second run, single stages, kill -9 anywhere."""

import os
import signal
import subprocess
import time

import pytest
from recipes import contents, make_recipe, snapshot

pytestmark = pytest.mark.models
STAGES = range(1, 7)


@pytest.fixture(scope="module")
def mini(tmp_path_factory, environment):
    """A finished run of egs/mini/v1: (folder, its output)."""
    folder = make_recipe(tmp_path_factory.mktemp("egs"), "mini")
    fetched = subprocess.run([folder / "utils" / "fetch_model.py", "mini-audio"], env=environment, capture_output=True,
                             text=True)
    if fetched.returncode:
        pytest.skip(f"the conversation cannot be fetched: {fetched.stderr[-300:]}")
    return folder, run(folder, environment)


def run(folder, environment, *words):
    return subprocess.run(["./run.sh", *words], cwd=folder, env=environment, text=True, capture_output=True)


def der(folder, protocol="full"):
    for path in folder.glob("exp/*/dev/score/der.tsv"):
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        table = [dict(zip(rows[0], row)) for row in rows[1:]]
        return next(float(r["der"]) for r in table if r["protocol"] == protocol and r["reco"] == "OVERALL")


def test_it_ends_with_a_der_below_twenty_per_cent(mini):
    folder, done = mini
    assert done.returncode == 0, done.stdout + done.stderr
    assert "full" in done.stdout and "fair" in done.stdout and "forgiving" in done.stdout
    assert 0 < der(folder) < 20
    assert der(folder, "forgiving") < der(folder)


def test_two_people_are_found(mini):
    rttm = next(mini[0].glob("exp/*/dev/turns/hyp.rttm")).read_text()
    assert len({line.split()[7] for line in rttm.splitlines()}) == 2
    assert all(float(x.split()[3]) + float(x.split()[4]) <= 30.0 + 1e-6 for x in rttm.splitlines())


def test_a_second_run_finds_everything_up_to_date(mini, environment):
    before = snapshot(mini[0])
    again = run(mini[0], environment)
    assert again.returncode == 0 and again.stdout.count("up to date") >= 7, again.stdout + again.stderr
    assert snapshot(mini[0]) == before


def test_stage_three_runs_three_and_on_and_nothing_else(mini, environment):
    done = run(mini[0], environment, "--stage", "3")
    shown = [line.split("stage ")[1][0] for line in done.stdout.splitlines() if " stage " in line]
    assert done.returncode == 0 and sorted(set(shown)) == ["3", "4", "5", "6"]


def test_a_changed_option_remakes_what_depends_on_it_and_says_why(mini, environment):
    conf = mini[0] / "conf" / "windows.conf"
    text, link = conf.read_text(), os.readlink(conf)
    conf.unlink()
    conf.write_text(text.replace("--hop-s=0.75", "--hop-s=0.5"))
    try:
        before = contents(mini[0])
        done = run(mini[0], environment)
        assert done.returncode == 0 and "windows.conf" in done.stdout + done.stderr
        changed = {name.split("/")[1] for name, data in contents(mini[0]).items() if before.get(name) != data}
        assert "windows_silero" in changed and "vad_silero" not in changed and "fbank_resnet34" not in changed
    finally:
        conf.unlink()
        conf.symlink_to(link)
        assert run(mini[0], environment).returncode == 0
    assert contents(mini[0]) == before


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_in_any_stage_loses_nothing(mini, environment, tmp_path, stage):
    folder = make_recipe(tmp_path, "mini")
    subprocess.run(["cp", "-a", mini[0] / "data", mini[0] / "exp", folder], check=True)
    for path in sorted((folder / "exp").rglob(".done")):
        path.unlink()  # every step has its work before it again
    process = subprocess.Popen(["./run.sh"], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    for line in process.stdout:
        if f" stage {stage}:" in line:
            time.sleep(0.3)
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    subprocess.run(["pkill", "-9", "-f", str(folder)])  # jobs that run in sessions of their own
    again = run(folder, environment)
    assert again.returncode == 0, again.stdout + again.stderr
    assert contents(folder) == contents(mini[0])
