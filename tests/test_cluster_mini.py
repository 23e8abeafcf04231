"""egs/mini on this machine, on Slurm and on Grid Engine: the same bytes in every matrix and in the result."""

import pytest
from engines import daemons, sge, slurm
from recipes import contents, make_recipe, mini_audio, run

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def local(tmp_path_factory, environment):
    """What a run on this machine makes."""
    mini_audio(environment)
    folder = make_recipe(tmp_path_factory.mktemp("local"), "mini")
    status, said = run(folder, environment)
    assert status == 0, said
    return contents(folder)


@pytest.mark.parametrize("kind", [slurm, pytest.param(sge, marks=pytest.mark.slow)])
def test_a_backend_gives_the_same_bytes(local, tmp_path, environment, kind):
    name = kind.__name__.rpartition(".")[2]
    try:
        engine = kind.start()
    except daemons.NotHere as reason:
        pytest.skip(f"NO {name.upper()} HERE, egs/mini is not tested on it: {reason}")
    with engine:
        folder = make_recipe(tmp_path, "mini")
        status, said = run(folder, {**environment, **engine.env}, "--nj", "3", DIAR_BACKEND=name)
        assert status == 0, said
        started = [path.read_text().splitlines()[1] for path in folder.glob("exp/**/log/*.log")]
        assert started and (name != "slurm" or not slurm.has_namespaces() or all(" on n" in line for line in started))
    found = contents(folder)
    assert found.keys() == local.keys() and any(key.endswith("hyp.rttm") for key in found)
    assert [key for key in found if found[key] != local[key]] == []
