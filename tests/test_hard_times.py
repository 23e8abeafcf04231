"""Hard times through the real recipe: a full disk, kill -9, two runs at once, ten hours in one file."""

import os
import shutil
import subprocess
import time

import numpy as np
import pytest
import soundfile
from conftest import SHARED
from peak_memory import peaks, watch
from recipes import contents, kill_all, make_recipe, mini_audio, results, run, start, turns

pytestmark = pytest.mark.models
NAMES = ("one", "three", "two")
RUN = ("--audio", "audio", "--nj", "3")


def put_audio(folder, environment):
    """Write three short recordings."""
    samples, rate, _ = mini_audio(environment)
    (folder / "audio").mkdir()
    for number, name in enumerate(NAMES):
        soundfile.write(folder / "audio" / f"{name}.wav", samples[8 * number * rate:8 * (number + 1) * rate], rate)
        os.utime(folder / "audio" / f"{name}.wav", (1, 1))


@pytest.fixture
def recipe(tmp_path, environment):
    """A recipe with three recordings of eight seconds in which nothing has been run."""
    folder = make_recipe(tmp_path, "wavs", "run_windows.sh")
    put_audio(folder, environment)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, environment):
    """The contents of an undisturbed run on the three recordings."""
    folder = make_recipe(tmp_path_factory.mktemp("egs"), "wavs", "run_windows.sh")
    put_audio(folder, environment)
    status, said = run(folder, environment, *RUN)
    assert status == 0, said
    return contents(folder)


@pytest.fixture
def small_disk(recipe):
    """Give a function that makes <recipe>/exp a disk of so many kilobytes, or an existing one that large."""
    exp = recipe / "exp"
    exp.mkdir()

    def resize(kilobytes):
        how = f"remount,size={kilobytes}k" if os.path.ismount(exp) else f"size={kilobytes}k"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", exp], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no small disk can be made, which needs root: {done.stderr.strip()}")
    yield resize
    if os.path.ismount(exp):
        subprocess.run(["umount", exp], check=True)


def stamps(folder):
    """Return the finished steps."""
    return {str(path.parent.relative_to(folder)) for path in folder.glob("exp/*/*/**/.done")}


def test_a_full_disk_is_named_and_with_more_room_the_run_ends_with_the_same_bytes(
        recipe, small_disk, environment, undisturbed):
    failed, before = [], set()
    for kilobytes in (4, 40, 100, 400, 760, 900, 100000):
        small_disk(kilobytes)
        status, said = run(recipe, environment, *RUN)
        if status == 0:
            break
        assert status == 1, said
        failed.append(said.rpartition("\nstage ")[2].partition(" failed with status ")[0])
        assert "No space left on device" in said and "Traceback" not in said, said
        assert "After fixing it: ./run.sh --audio audio --nj 3 --stage" in said
        if "write error: No space" not in said:
            assert f"The disk at {recipe}/exp has " in said, said
            assert "Free some space and run the same command again." in said, said
        assert before <= stamps(recipe) and not list(recipe.glob("exp/**/*.tmp"))
        before = stamps(recipe)
    assert status == 0, said
    assert len(failed) >= 4 and "1 (speech activity)" in failed and "2 (features)" in failed, failed
    assert contents(recipe) == undisturbed


def test_a_full_disk_in_stage_0_leaves_no_half_made_data(recipe, environment):
    data = recipe / "data"
    data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", data], capture_output=True).returncode:
        pytest.skip("no small disk can be made, which needs root")
    try:
        status, said = run(recipe, environment, *RUN)
        assert status == 1 and "No space left on device. The disk at " in said and "Traceback" not in said, said
        assert os.listdir(data) == []
    finally:
        subprocess.run(["umount", data], check=True)
    assert run(recipe, environment, *RUN, "--stop-stage", "0")[0] == 0


@pytest.fixture
def held(recipe):
    """Make the second job of speech activity wait as long as the file <recipe>/hold is there; return that file."""
    (recipe / "held").mkdir()
    script = recipe / "held" / "compute-vad.py"
    script.write_text(f'#!/bin/sh\ncase $* in *split/2/*) while [ -e "{recipe}/hold" ]; do sleep 0.05; done;; esac\n'
                      f'exec "{recipe}/bin/compute-vad.py" "$@"\n')
    script.chmod(0o755)
    with open(recipe / "path.sh", "a") as file:
        file.write(f"PATH={recipe}/held:$PATH\n")
    (recipe / "hold").touch()
    return recipe / "hold"


def wait_for_parts(folder, count):
    """Wait until so many jobs of speech activity have finished."""
    deadline = time.monotonic() + 120
    while len(list(folder.glob("exp/vad_*/wavs/parts/vad.*.scp"))) < count:
        assert time.monotonic() < deadline, f"{count} jobs never finished"
        time.sleep(0.05)


def assert_same(folder, undisturbed):
    """Check that everything which a run of the first stages has made is as in an undisturbed run."""
    found = contents(folder)
    assert any(name.startswith("exp/windows_") for name in found)
    assert {name: undisturbed.get(name) for name in found} == found


def test_kill_9_among_the_jobs_of_a_step_keeps_the_finished_ones(recipe, held, environment, undisturbed):
    process = start(recipe, environment, *RUN)
    wait_for_parts(recipe, 2)
    kill_all(process)
    held.unlink()
    assert not stamps(recipe)
    status, said = run(recipe, environment, *RUN, "--stop-stage", "1")
    assert status == 0 and " was killed), goes on with what is there" in said, said
    assert "1 of 3 recordings to do in 1 jobs, 2 are finished" in said
    assert_same(recipe, undisturbed)


def test_of_two_runs_at_once_the_second_is_told_who_holds_the_folder(recipe, held, environment, undisturbed):
    process = start(recipe, environment, *RUN, "--stop-stage", "1")
    try:
        wait_for_parts(recipe, 2)
        status, said = run(recipe, environment, *RUN)
        assert status == 1 and "exp/vad_silero/wavs is held by host " in said and ", pid " in said, said
        assert ", since " in said and "Wait until that run has ended, or end it" in said
        held.unlink()
        said = process.communicate(timeout=300)[0]
        assert process.returncode == 0, said
    finally:
        if process.poll() is None:
            kill_all(process)
    assert_same(recipe, undisturbed)


def test_two_preparations_of_one_folder_at_once_leave_a_whole_one(recipe, environment):
    both = [start(recipe, environment, *RUN, "--stop-stage", "0") for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert sorted(process.returncode for process in both)[0] == 0, said
    assert run(recipe, environment, *RUN, "--stop-stage", "0")[0] == 0
    assert len((recipe / "data/wavs/wav.scp").read_text().splitlines()) == 3
    assert sorted(os.listdir(recipe / "data")) == ["wavs"]


@pytest.fixture
def ten_hours(tmp_path, environment):
    """A recipe with one recording of ten hours of real conversations, every binary's memory watched."""
    files = sorted((SHARED / "conversations").glob("*.flac")) or [mini_audio(environment)[2]]
    samples = np.concatenate([soundfile.read(file, dtype="int16")[0] for file in files])
    folder, left_n = make_recipe(tmp_path, "wavs", "run_windows.sh"), 10 * 3600 * 16000
    (folder / "audio").mkdir()
    with soundfile.SoundFile(folder / "audio" / "day.flac", "w", 16000, 1) as file:
        while left_n > 0:
            file.write(samples[:left_n])
            left_n -= len(samples)
    watch(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_ten_hours_in_one_file_within_half_a_gigabyte(ten_hours, environment):
    status, said = run(ten_hours, environment, "--audio", "audio", "--model", "ge2e", "--nj", "1")
    assert status == 0, said
    conf = "conf/features/fbank_resnet34.conf"
    feats = f"steps/make_fbank.sh --fbank-config {conf} data/wavs exp/fbank_resnet34/wavs".split()
    assert subprocess.run(feats, cwd=ten_hours, env=environment).returncode == 0
    found = turns(results(ten_hours) / "rttm" / "day.rttm")
    assert len(found) > 1000 and max(end_s for _, end_s, _ in found) <= 36000
    table = peaks(ten_hours)
    print("\n".join(f"{name:28s} {megabytes:5.0f} MB {cpu_s:6.0f} s" for name, (megabytes, cpu_s) in table.items()))
    assert {"compute-vad.py", "compute-mel-feats.py", "compute-fbank-feats.py", "extract-embeddings.py",
            "cluster-embeddings.py", "draw-timeline.py"} <= table.keys()
    assert {name: megabytes for name, (megabytes, _) in table.items() if megabytes > 512} == {}
