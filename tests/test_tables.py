"""Kaldi tables: round trips, agreement with kaldiio, and every way in which a table can be broken."""

import io
import os
import pickle
import struct
import subprocess
import sys

import kaldiio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diarkit.errors import DiarkitError, KeysFailed, UsageError
from diarkit.kaldi_arrays import read_array, write_binary, write_text
from diarkit.tables import MatrixWriter, load_matrix, read_matrices, read_scp

RNG = np.random.default_rng(0)
ARRAYS = {"matrix": RNG.standard_normal((5, 3)).astype(np.float32), "double": RNG.standard_normal((2, 4)) * 1e5,
          "vector": np.arange(4, dtype=np.float32), "row": np.ones((1, 3), np.float32),
          "one": np.ones((1, 1), np.float32),
          "odd": np.array([[np.nan, np.inf, -np.inf, 1e-45, 3.4e38]], np.float32),
          "एक-1_é": np.full((2, 2), 0.1, np.float32)}
WSPECIFIERS = ["ark,scp:a.ark,a.scp", "scp,ark:a.scp,a.ark", "ark,t,scp:a.ark,a.scp", "ark,scp,t:a.ark,a.scp"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(wspecifier, arrays):
    with MatrixWriter(wspecifier) as writer:
        for key, array in arrays.items():
            writer.write(key, array)


def read(rspecifier):
    return {key: load() for key, load in read_matrices(rspecifier)}


def assert_equal(got, wanted, text=False):
    """Text comes back as float64; in the type it was written in it is the same number."""
    assert list(got) == list(wanted)
    for key, array in wanted.items():
        assert got[key].shape == array.shape and got[key].dtype == (np.float64 if text else array.dtype), key
        assert np.array_equal(got[key].astype(array.dtype), array, equal_nan=True), key


@pytest.mark.parametrize("wspecifier", WSPECIFIERS)
@pytest.mark.parametrize("rspecifier", ["scp:a.scp", "ark:a.ark", "ark,t:a.ark"])
def test_round_trip(wspecifier, rspecifier):
    write(wspecifier, ARRAYS)
    assert_equal(read(rspecifier), ARRAYS, "t" in wspecifier.split(":")[0].split(","))


@pytest.mark.parametrize("wspecifier", WSPECIFIERS)
def test_kaldiio_reads_what_is_written(wspecifier):
    write(wspecifier, ARRAYS)
    for found in (kaldiio.load_scp("a.scp"), dict(kaldiio.load_ark("a.ark"))):
        assert list(found) == list(ARRAYS)
        for key, array in ARRAYS.items():
            assert np.allclose(found[key], array, rtol=1e-6, equal_nan=True), key


@pytest.mark.parametrize("text", [True, False])
def test_what_kaldiio_writes_is_read(text):
    kept = {k: v for k, v in ARRAYS.items() if k != "double"}
    kaldiio.save_ark("a.ark", kept, scp="a.scp", text=text)
    assert_equal(read("ark:a.ark"), kept, text)
    assert_equal(read("scp:a.scp"), kept, text)


@pytest.mark.parametrize("method", [1, 2, 3, 5])
def test_compressed_matrices_are_expanded(method):
    matrix = {"a": RNG.random((50, 4)).astype(np.float32), "b": RNG.random((2, 4)).astype(np.float32)}
    kaldiio.save_ark("a.ark", matrix, scp="a.scp", compression_method=method)
    for got in (read("ark:a.ark"), read("scp:a.scp")):
        assert list(got) == ["a", "b"] and all(np.allclose(got[k], matrix[k], atol=0.02) for k in matrix)
        assert got["a"].dtype == np.float32


@pytest.mark.parametrize("wspecifier", WSPECIFIERS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 80), (3, 0)])
def test_empty_matrices_survive(wspecifier, shape):
    write(wspecifier, {"a": np.zeros(shape), "b": np.ones((2, 2))})
    for rspecifier in ("ark:a.ark", "scp:a.scp"):
        got = read(rspecifier)
        assert got["a"].shape == (0, 0) and got["b"].tolist() == [[1, 1], [1, 1]]


def test_text_looks_as_kaldis():
    write("ark,t:a.ark", {"m": np.array([[1, 2.5], [0.1, -3]], np.float32), "v": np.array([1.0, 2.0]),
                          "e": np.zeros((0, 2))})
    assert open("a.ark").read() == "m  [\n  1.0 2.5 \n  0.1 -3.0 ]\nv  [ 1.0 2.0 ]\ne  [ ]\n"


@pytest.mark.parametrize("text,wanted", [("a [ ]\n", (0, 0)), ("a  [\n]\n", (0, 0)), ("a [ 1 2 ]\n", (2,)),
                                         ("a [\n 1 2 ]\n", (1, 2)), ("a [ 1 2\n 3 4 ]", (2, 2)),
                                         ("\na [\n1 2\n3 4\n]\n\n", (2, 2)), ("a [ 0 1.5 ]\n", (2,))])
def test_text_of_other_writers(text, wanted):
    with open("a.ark", "w") as file:
        file.write(text)
    assert read("ark:a.ark")["a"].shape == wanted


@settings(max_examples=50, deadline=None)
@given(array=hnp.arrays(st.sampled_from([np.float32, np.float64]), hnp.array_shapes(min_dims=1, max_dims=2)))
def test_any_numbers_survive_text_and_binary(array):
    for write_one in (write_binary, write_text):
        file = io.BytesIO()
        write_one(file, array)
        file.seek(0)
        got = read_array(file)
        assert np.array_equal(got.astype(array.dtype), array, equal_nan=True) and got.shape == array.shape
        assert not got.flags.writeable and file.read() == b""


def test_a_binary_matrix_is_a_read_only_map_that_the_page_cache_backs():
    write("ark,scp:a.ark,a.scp", {"a": ARRAYS["matrix"], "d": ARRAYS["double"]})
    for key, matrix in read("scp:a.scp").items():
        assert isinstance(matrix, np.memmap) == (key == "a")
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 1


def test_blocks_make_the_same_archive_as_one_piece():
    matrix = RNG.standard_normal((1000, 7)).astype(np.float32)
    for wspecifier in ("ark,scp:b.ark,b.scp", "ark,t,scp:b.ark,b.scp"):
        write(wspecifier, {"a": matrix, "z": matrix[:0], "c": matrix[:3]})
        whole = open("b.ark", "rb").read()
        with MatrixWriter(wspecifier) as writer:
            writer.write_blocks("a", 7, np.array_split(matrix, 13))
            writer.write_blocks("z", 7, iter([]))
            with writer.blocks("c", 7) as append:
                append(matrix[:0])
                append(matrix[:3].astype(np.float64))
        assert open("b.ark", "rb").read() == whole
        wanted = {"a": matrix, "z": np.zeros((0, 0), np.float32), "c": matrix[:3]}
        assert_equal(read("scp:b.scp"), wanted, wspecifier.startswith("ark,t"))


@pytest.mark.parametrize("wspecifier", ["ark,scp:a.ark,a.scp", "ark,t,scp:a.ark,a.scp"])
def test_a_matrix_that_fails_half_way_leaves_no_hole(wspecifier):
    with pytest.raises(KeysFailed), MatrixWriter(wspecifier) as writer:
        writer.write("first", np.ones((2, 2)))
        with pytest.raises(ZeroDivisionError), writer.blocks("bad", 2) as append:
            append(np.zeros((100, 2)))
            raise ZeroDivisionError
        with pytest.raises(AssertionError, match=r"\(1, 3\)"):
            writer.write_blocks("worse", 2, [np.zeros((1, 2)), np.zeros((1, 3))])
        writer.write("bad", np.full((1, 2), 5.0))
        raise KeysFailed([("worse", "shape")], 3)
    for rspecifier in ("scp:a.scp", "ark:a.ark"):
        if wspecifier.startswith("ark,scp"):
            assert {k: v.tolist() for k, v in read(rspecifier).items()} == {"first": [[1, 1], [1, 1]], "bad": [[5, 5]]}
        else:
            assert list(read(rspecifier))[0] == "first"


def test_nothing_appears_when_the_work_fails():
    write("ark,scp:a.ark,a.scp", {"old": np.ones((1, 1))})
    before = {name: open(name, "rb").read() for name in os.listdir()}
    for error in (DiarkitError("no"), KeyboardInterrupt(), SystemExit(143)):
        with pytest.raises(type(error)), MatrixWriter("ark,scp:a.ark,a.scp") as writer:
            writer.write("new", np.ones((9, 9)))
            raise error
        assert {name: open(name, "rb").read() for name in os.listdir()} == before


def test_an_old_scp_never_stands_beside_a_new_archive(monkeypatch):
    """Killed between the two renames: the scp, which proves the archive, must be gone."""
    write("ark,scp:a.ark,a.scp", {"old": np.ones((1, 1))})
    renamed, replace = [], os.replace

    def one_only(source, target):
        if renamed:
            raise KeyboardInterrupt
        renamed.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", one_only)
    with pytest.raises(KeyboardInterrupt):
        write("ark,scp:a.ark,a.scp", {"new": np.ones((2, 2))})
    assert renamed == ["a.ark"] and os.listdir() == ["a.ark"]


def test_a_key_twice_is_an_error():
    with pytest.raises(DiarkitError, match="a is written twice"), MatrixWriter("ark:a.ark") as writer:
        writer.write("a", np.ones((1, 1)))
        writer.write("a", np.ones((1, 1)))
    assert not os.listdir()


def test_a_full_disk_leaves_nothing_and_says_so():
    """In a process whose files may grow to 100 kB: the same error path as a full disk."""
    code = ("import resource, signal, numpy as np\n"
            "from diarkit import cli; from diarkit.tables import MatrixWriter\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))\n"
            "def main():\n"
            "    with MatrixWriter('ark,scp:a.ark,a.scp') as writer:\n"
            "        cli.for_each([('a', 9), ('b', 90000), ('c', 9)], lambda k, n: writer.write(k, np.ones((n, 3))))\n"
            "cli.run(main, '', ())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "File too large" in done.stderr and "Traceback" not in done.stderr
    assert not os.listdir()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_device():
    for wspecifier in ("ark:/dev/full", "ark,t:/dev/full"):
        with pytest.raises(OSError, match="No space left"):
            write(wspecifier, {"a": np.ones((10000, 3))})


def test_pipes_in_and_out():
    """An archive through standard input and output, one made of blocks too."""
    write("ark:a.ark", {"a": ARRAYS["matrix"], "e": np.zeros((0, 3), np.float32)})
    code = ("from diarkit.tables import *\nwith MatrixWriter('ark:-') as w:\n"
            "    for key, load in read_matrices('ark:-'): w.write_blocks(key, load().shape[1], [load()])")
    with open("a.ark") as file:
        done = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True)
    assert done.returncode == 0 and done.stdout == open("a.ark", "rb").read()
    subprocess.run(["bash", "-c", f'{sys.executable} -c "$0" < a.ark > >(cat > b.ark); wait $!',
                    code.replace("'ark:-') as", "'ark:/dev/stdout') as")], check=True)
    assert open("b.ark", "rb").read() == done.stdout


def test_piped_entries():
    write("ark:a.ark", {"a": ARRAYS["matrix"]})
    assert np.array_equal(load_matrix("tail -c +3 a.ark |"), ARRAYS["matrix"])
    for entry, words in (("cat a.ark; exit 4 |", "status 4"), ("false | tail -c +3 a.ark |", "status 1"),
                         ("cat no.ark |", "No such file"), ("true |", "no Kaldi matrix"),
                         ("tail -c +3 a.ark | head -c 30 |", "cut short")):
        with pytest.raises(DiarkitError, match=words):
            load_matrix(entry)


def test_every_cut_of_an_archive_is_an_error():
    """Whatever the length that is left: an error that names the file and never a shorter matrix."""
    for wspecifier in ("ark,scp:a.ark,a.scp", "ark,t,scp:a.ark,a.scp"):
        write(wspecifier, {"k1": ARRAYS["matrix"][:2], "k2": ARRAYS["vector"], "k3": ARRAYS["double"][:, :2]})
        raw, entries = open("a.ark", "rb").read(), read_scp("a.scp")
        starts = [int(e.rpartition(":")[2]) - 3 for e in entries.values()]
        for keep in range(1, len(raw.rstrip())):
            with open("a.ark", "wb") as file:
                file.write(raw[:keep])
            if keep not in starts and raw[:keep].rstrip() != raw[:starts[1]].rstrip() \
                    and raw[:keep].rstrip() != raw[:starts[2]].rstrip():
                with pytest.raises(DiarkitError, match="a.ark: "):
                    read("ark:a.ark")
            with pytest.raises(DiarkitError, match="a.ark:"):
                read("scp:a.scp")


def test_a_cut_matrix_names_key_size_and_cure():
    write("ark:a.ark", {"a": np.ones((1, 1)), "reco7": np.ones((100, 3), np.float32)})
    os.truncate("a.ark", 500)
    with pytest.raises(DiarkitError, match="a.ark: reco7: cut short: a 100 x 3 matrix needs 1200 bytes, .* are left"):
        read("ark:a.ark")


@pytest.mark.parametrize("raw,words", [
    (b"a 1 2 3\n", "not with \\["), (b"a [ 1 x ]\n", "not a number"), (b"a [\n1 2\n3 ]\n", r"rows of \[1, 2\] columns"),
    (b"a [ 1 2 ] b\n", "after the closing"), (b"a \0BXX \4", "type is"), (b"a \0C", "binary mark"),
    (b"a \0BFM \4" + struct.pack("<i", -1) + b"\4" + struct.pack("<i", 3), "broken matrix head"),
    (b"a\n[ 1 ]\n", "no key"), (b"\xff\xfe [ 1 ]\n", "no key"), (b"\0BFM \4", "no key"),
    (b"a \0BCM abc", "compressed")])
def test_what_is_no_archive(raw, words):
    with open("a.ark", "wb") as file:
        file.write(raw)
    with pytest.raises(DiarkitError, match="a.ark: .*" + words):
        read("ark:a.ark")


def test_a_pickle_in_an_archive_is_not_loaded():
    """kaldiio would run it."""
    with open("a.ark", "wb") as file:
        file.write(b"a PKL" + pickle.dumps(Boom()))
    with open("a.scp", "w") as file:
        file.write("a a.ark:2\n")
    for rspecifier in ("ark:a.ark", "scp:a.scp"):
        with pytest.raises(DiarkitError, match="no Kaldi matrix"):
            read(rspecifier)
    assert not os.path.exists("boom")


class Boom:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return open, ("boom", "w")


@pytest.mark.parametrize("entry", ["no.ark:5", "no.ark", "a.ark:999999", "."])
def test_entries_that_are_not_there_are_named(entry):
    write("ark:a.ark", {"a": ARRAYS["matrix"]})
    with pytest.raises(DiarkitError, match=entry.replace(".", r"\.")):
        load_matrix(entry)


def test_a_file_without_a_key_is_an_entry_too():
    kaldiio.save_mat("plain.mat", ARRAYS["matrix"])
    assert np.array_equal(load_matrix("plain.mat"), ARRAYS["matrix"])


@pytest.mark.parametrize("text", ["a.ark", "ark:", "ark,p:a.ark", "scp,p:a.scp", "ark,x:a", "foo:a", ":a"])
def test_wrong_rspecifiers(text):
    with pytest.raises(UsageError):
        list(read_matrices(text))


@pytest.mark.parametrize("text", ["a.ark", "ark:", "scp:a.scp", "ark,scp:a.ark", "ark,scp:a.ark,", "ark,scp:-,a.scp",
                                  "ark,p:a.ark", "ark,scp:a,b,c"])
def test_wrong_wspecifiers(text):
    with pytest.raises(UsageError):
        MatrixWriter(text)


def test_scp_keys_and_paths():
    with open("w.scp", "w") as file:
        file.write("a x y.wav\nb\tcat 'x  y' |\n")
    assert read_scp("w.scp") == read_scp("scp:w.scp") == {"a": "x y.wav", "b": "cat 'x  y' |"}
    with pytest.raises(UsageError, match="must be an scp"):
        read_scp("ark:w.scp")


def test_kaldis_ranges_are_inclusive_in_rows_and_columns():
    matrix = np.arange(40, dtype=np.float32).reshape(10, 4)
    with MatrixWriter("ark,scp:a.ark,a.scp") as writer:
        writer.write("a", matrix)
        writer.write("v", np.arange(5, dtype=np.float32))
    a, v = read_scp("scp:a.scp").values()
    for text, wanted in {"[3:5]": matrix[3:6], "[0:9,2:3]": matrix[:, 2:4], "[:,1:1]": matrix[:, 1:2],
                         "[3:5,0:2]": matrix[3:6, :3], "[8:11]": matrix[8:]}.items():
        assert np.array_equal(load_matrix(a + text), wanted), text
    assert np.array_equal(load_matrix(v + "[1:3]"), [1, 2, 3])
    for entry, words in ((a + "[30:60]", "rows 30 to 60 are asked for, it has 10, 0 to 9"),
                         (a + "[5:3]", "rows 5 to 3"), (a + "[0:20]", "rows 0 to 20"),
                         (a + "[:,0:4]", "columns 0 to 4"), (v + "[:,0:1]", "2 ranges")):
        with pytest.raises(DiarkitError, match=words):
            load_matrix(entry)


def test_a_whole_table_may_come_from_a_command():
    with MatrixWriter("ark,scp:a.ark,a.scp") as writer:
        writer.write("a", ARRAYS["matrix"])
    for source in ("ark:cat a.ark |", "scp:cat a.scp |"):
        assert [(key, load().shape) for key, load in read_matrices(source)] == [("a", (5, 3))]
    with pytest.raises(DiarkitError, match="failed with status"):
        list(read_matrices("ark:cat gone.ark |"))
