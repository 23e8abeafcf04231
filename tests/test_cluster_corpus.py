"""Two hundred recordings on this machine, on three nodes of Slurm and on Grid Engine: the same bytes in all of it.

Five seconds each, of real conversations, through WebRTC, GE2E and spectral clustering: the recipe of sliding windows.
"""

import contextlib

import numpy as np
import pytest
import soundfile
from conftest import SHARED
from engines import daemons, sge, slurm
from recipes import contents, make_recipe, mini_audio, run

pytestmark = [pytest.mark.slow, pytest.mark.models]
COUNT, PIECE_S, STEP_S = 200, 5.0, 1.25
ENGINES = {"slurm": slurm, "sge": sge}


@pytest.fixture(scope="module")
def audio(tmp_path_factory, environment):
    """A folder of 200 pieces of real conversations, each other than all others."""
    folder = tmp_path_factory.mktemp("audio")
    samples, rate, _ = mini_audio(environment)
    sources = [(samples, rate)]
    sources += [soundfile.read(path, dtype="float32") for path in sorted((SHARED / "conversations").glob("*.flac"))]
    for number in range(COUNT):
        samples, rate = sources[number % len(sources)]
        first = round(number // len(sources) * STEP_S * rate)
        soundfile.write(folder / f"piece{number:03d}.flac", np.roll(samples, -first)[:round(PIECE_S * rate)], rate)
    return folder


def work(folder, environment, audio, nj, *words, **env):
    """Run the recipe up to the turns; return what it said."""
    status, said = run(folder, environment, "--audio", audio, "--vad", "webrtc", "--model", "ge2e", "--nj", nj,
                       "--stop-stage", "5", *words, **env)
    assert status == 0, said
    return said


@pytest.fixture(scope="module")
def local(tmp_path_factory, environment, audio):
    """What two jobs on this machine make."""
    folder = make_recipe(tmp_path_factory.mktemp("local"), "wavs", "run_windows.sh")
    work(folder, environment, audio, 2)
    return contents(folder)


@contextlib.contextmanager
def backend(name):
    """Bring an engine up, or skip loudly; give the environment in which recipes use it."""
    try:
        engine = ENGINES[name].start()
    except daemons.NotHere as reason:
        pytest.skip(f"NO {name.upper()} HERE, 200 recordings are not tested on it: {reason}")
    with engine:
        yield {**engine.env, "DIAR_BACKEND": name}


def same(found, wanted):
    """Assert that two runs made the same files, the same matrices and the same turns, and that there are some."""
    matrices = {key: value for key, value in wanted.items() if key.endswith(".scp") and key.startswith("exp/")}
    assert len(matrices) == 4 and all(len(pairs) == COUNT for pairs in matrices.values())
    rttm = next(value for key, value in wanted.items() if key.endswith("hyp.rttm"))
    assert len({line.split()[1] for line in rttm.splitlines()}) > COUNT // 2
    assert found.keys() == wanted.keys() and [key for key in wanted if found[key] != wanted[key]] == []


@pytest.mark.parametrize("name, nj", [("slurm", 12), ("sge", 7)])
def test_a_backend_gives_the_same_bytes(local, tmp_path, environment, audio, name, nj):
    folder = make_recipe(tmp_path, "wavs", "run_windows.sh")
    with backend(name) as env:
        said = work(folder, environment, audio, nj, **env)
    assert said.count(f"{COUNT} of {COUNT} recordings to do in {nj} jobs") == 4
    same(contents(folder), local)


def test_a_rerun_does_what_is_missing_on_another_backend_with_another_nj(local, tmp_path, environment, audio):
    folder = make_recipe(tmp_path, "wavs", "run_windows.sh")
    with backend("slurm") as env:
        run(folder, environment, "--audio", audio, "--vad", "webrtc", "--model", "ge2e", "--nj", 10, "--stop-stage", 2,
            **env)
    mel = folder / "exp/mel_ge2e/wavs"
    for part in sorted((mel / "parts").glob("feats.1.*.scp"))[:4]:
        part.unlink()
    (mel / "feats.scp").unlink()
    with backend("sge") as env:
        said = work(folder, environment, audio, 3, **env)
    assert f"80 of {COUNT} recordings to do in 3 jobs, 120 are finished" in said, said
    assert said.count("is up to date") == 3, "the data, speech activity and windows"
    assert len(list((mel / "parts").glob("feats.2.*.scp"))) == 3
    same(contents(folder), local)
