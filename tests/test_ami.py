"""local/ami: the corpus in its official layout, every bad entry with its file and line, and its download."""

import functools
import http.server
import shutil
import threading
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from local_script import load, runner
from standins import NITE, XML

from diarkit.annotation import read_rttm
from diarkit.datadir import validate

SCRIPT, DOWNLOAD = load("ami/make_data.py"), load("ami/download.py")
WORDS = ['<w nite:id="a0" starttime="0.10" endtime="0.40">Hi</w>',
         '<w nite:id="a1" starttime="0.40" endtime="0.40" punc="true">,</w>',
         '<w nite:id="a2" starttime="0.40" endtime="0.90" trunc="true">th</w>',
         '<w nite:id="a3" starttime="1.20" endtime="1.50">there</w>',
         '<vocalsound nite:id="a4" starttime="1.50" endtime="1.80" type="laugh"/>',
         '<w nite:id="a5">untimed</w>', '<disfmarker nite:id="a6"/>', '<gap nite:id="a7" starttime="2" endtime="3"/>']
MEETINGS = """<meeting nite:id="m1" observation="ES2003a" duration="4">
<speaker nite:id="s1" channel="0" nxt_agent="A" global_name="MEE009" role="PM"/>
<speaker nite:id="s2" channel="1" nxt_agent="B" role="ID"/>
</meeting>"""


def write_xml(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{XML}<nite:root {NITE}>\n{body}\n</nite:root>\n")


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """A corpus of one meeting of 4 s with two signals; give its folder."""
    monkeypatch.chdir(tmp_path)
    audio = tmp_path / "c/amicorpus/ES2003a/audio"
    audio.mkdir(parents=True)
    noise = 0.1 * np.random.default_rng(0).standard_normal(4 * 16000)
    soundfile.write(audio / "ES2003a.Mix-Headset.wav", noise, 16000, "PCM_16")
    soundfile.write(audio / "ES2003a.Array1-01.wav", noise[:-8000], 16000, "PCM_16")
    notes = tmp_path / "c/annotations"
    write_xml(notes / "corpusResources/meetings.xml", MEETINGS)
    write_xml(notes / "words/ES2003a.A.words.xml", "\n".join(WORDS))
    write_xml(notes / "words/ES2003a.B.words.xml", '<w starttime="2.0" endtime="3.9">so</w>')
    write_xml(notes / "segments/ES2003a.A.segments.xml", '<segment transcriber_start="0.05" transcriber_end="1.9"/>')
    write_xml(notes / "segments/ES2003a.B.segments.xml", '<segment transcriber_start="1.9" transcriber_end="4.2"/>')
    return tmp_path / "c"


@pytest.fixture
def make(capsys):
    """Run make_data.py c data; give its returncode and stderr."""
    run = runner(SCRIPT, ("corpus", "data-dir"), (SCRIPT.AmiOptions, SCRIPT.CorpusOptions), capsys)
    return lambda *words: run(*words, "c", "data")


def turns():
    return [(round(t.start_s, 3), round(t.end_s, 3), t.speaker) for t in read_rttm("data/ref.rttm")["ES2003a"]]


def test_words_become_turns_and_what_is_no_speech_does_not(corpus, make):
    done = make()
    assert done.returncode == 0, done.stderr
    assert turns() == [(0.1, 0.9, "MEE009"), (1.2, 1.5, "MEE009"), (2.0, 3.9, "ES2003a.B")]
    assert "have no times in the corpus and are left out: c/annotations/words/ES2003a.A.words.xml:8 " in done.stderr
    assert not validate("data").problems
    assert "data is up to date" in make().stderr


@pytest.mark.parametrize("words, expected", [
    (["--max-gap=0.3"], [(0.1, 1.5), (2.0, 3.9)]),
    (["--max-gap=0.29"], [(0.1, 0.9), (1.2, 1.5), (2.0, 3.9)]),
    (["--vocal-sounds=true"], [(0.1, 0.9), (1.2, 1.8), (2.0, 3.9)]),
    (["--unit=segments"], [(0.05, 1.9), (1.9, 4.0)])])
def test_what_a_turn_is_can_be_chosen(corpus, make, words, expected):
    done = make(*words)
    assert done.returncode == 0, done.stderr
    assert [(a, b) for a, b, _ in turns()] == expected


def test_the_microphone_is_chosen_and_a_missing_one_named(corpus, make, tmp_path):
    (tmp_path / "list").write_text("ES2003a # the first\n")
    done = make("--mic=sdm", "--list=list")
    assert "turns cut at the end of the recording" in done.stderr  # it is half a second shorter
    assert "Array1-01.wav" in (tmp_path / "data/wav.scp").read_text()
    done = make("--mic=beamformed", "--list=list")
    assert done.returncode == 1 and "amicorpus/beamformed/ES2003a/ES2003a_MDM8.wav: is not there. Fetch" in done.stderr
    (tmp_path / "bf").mkdir()
    shutil.copy(corpus / "amicorpus/ES2003a/audio/ES2003a.Mix-Headset.wav", tmp_path / "bf/ES2003a_MDM8.wav")
    assert make("--mic=beamformed", "--beamformed=bf", "--list=list").returncode == 0
    assert (tmp_path / "data/wav.scp").read_text() == "ES2003a bf/ES2003a_MDM8.wav\n"


def test_the_annotation_lies_where_the_zip_puts_it_too(corpus, make, tmp_path):
    shutil.move(corpus / "annotations", corpus / "ami_public_manual_1.6.2")
    assert make().returncode == 0
    shutil.move(corpus / "ami_public_manual_1.6.2", tmp_path / "else")
    assert "c/annotations/corpusResources/meetings.xml: is not there. Unpack" in make().stderr
    assert make("--annotations=else").returncode == 0


@pytest.mark.parametrize("word, told", [
    ('<w starttime="x" endtime="1">a</w>', "words.xml:3: MEE009 speaks from 'x' to '1'. Write plain numbers"),
    ('<w starttime="nan" endtime="1">a</w>', "words.xml:3: MEE009 speaks from 'nan' to '1'"),
    ('<w starttime="-1" endtime="1">a</w>', "words.xml:3: MEE009 speaks from -1 to 1 s. Make 0 <= start <= end"),
    ('<w starttime="2" endtime="1">a</w>', "words.xml:3: MEE009 speaks from 2 to 1 s"),
    ('<w starttime="7" endtime="8">a</w>', "words.xml:3: MEE009 speaks from 7.000 to 8.000 s, ES2003a ends at 4.0")])
def test_a_bad_word_is_told_with_its_line_and_skipped_only_when_asked(corpus, make, tmp_path, word, told):
    write_xml(corpus / "annotations/words/ES2003a.A.words.xml", "\n".join([word, *WORDS]))
    done = make()
    assert done.returncode == 1 and f"c/annotations/words/ES2003a.A.{told}" in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()
    assert f"note: left out: c/annotations/words/ES2003a.A.{told}" in make("--skip-bad=true").stderr
    assert turns()[0] == (0.1, 0.9, "MEE009")


@pytest.mark.parametrize("name, old, new, told", [
    ("words/ES2003a.A.words.xml", "</w>", "", "ES2003a.A.words.xml:11: not well-formed XML: mismatched tag"),
    ("words/ES2003a.A.words.xml", "</nite:root>", "", "words.xml:12: not well-formed XML: no element found"),
    ("corpusResources/meetings.xml", '"B"', '"A"', "meetings.xml:5: ES2003a: agent A stands twice"),
    ("corpusResources/meetings.xml", "nxt_agent", "agent", "meetings.xml:4: ES2003a: agent None is missing"),
    ("corpusResources/meetings.xml", "ES2003a", "", "meetings.xml:3: a meeting has no name"),
    ("corpusResources/meetings.xml", '"B"', '"C"', "ES2003a.C.words.xml: is not there, 1 files are missing"),
    ("corpusResources/meetings.xml", "ES2003a", "ES2003b", "c: no recording of a meeting in it, such as")])
def test_a_damaged_annotation_says_where(corpus, make, tmp_path, name, old, new, told):
    path = corpus / "annotations" / name
    path.write_text(path.read_text().replace(old, new))
    done = make()
    assert done.returncode == 1 and told in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


def test_a_list_must_speak_of_meetings_that_are_there(corpus, make, tmp_path):
    for text, told in (("ES2003a\nES2003a\n", "list:2: ES2003a stands already on line 1"),
                       ("# no\n", "list: no recording stands in it"), ("a b\n", "list:1: the id 'a b' holds a blank"),
                       ("ES2009z\n", "meetings.xml knows no meeting ES2009z. Check the list")):
        (tmp_path / "list").write_text(text)
        assert told in make("--list=list").stderr


def test_the_lists_are_partitions_and_the_published_four_are_never_trained_on():
    folder = ROOT / "local/ami/lists"
    for name, sizes in {"scenario": (98, 20, 20), "full": (120, 26, 24), "full_asr": (136, 18, 16),
                        "published": (98, 16, 4)}.items():
        sets = [(folder / name / f"{part}.txt").read_text().split() for part in ("train", "dev", "test")]
        assert tuple(map(len, sets)) == sizes and len(set().union(*sets)) == sum(sizes)
    assert (folder / "published/test.txt").read_text().split() == ["ES2003a", "ES2003b", "ES2003c", "ES2003d"]


@pytest.fixture
def mirror(tmp_path, corpus):
    """A mirror on this machine; give its address and the list of what it was asked."""
    root, asked = tmp_path / "mirror", []
    shutil.copytree(corpus / "amicorpus", root / "AMICorpusMirror/amicorpus")
    (root / "AMICorpusAnnotations").mkdir()
    with zipfile.ZipFile(root / "AMICorpusAnnotations/ami_public_manual_1.6.2.zip", "w") as file:
        for path in (corpus / "annotations").rglob("*.xml"):
            file.write(path, path.relative_to(corpus / "annotations"))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            asked.append((self.path, start))
            data = (root / self.path[1:]).read_bytes()
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:])

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", asked=asked)
    server.shutdown()
    server.server_close()


def test_the_download_says_what_it_would_fetch_fetches_when_told_and_goes_on(mirror, make, capsys, tmp_path):
    run = runner(DOWNLOAD, ("corpus",), (DOWNLOAD.DownloadOptions,), capsys)
    (tmp_path / "list").write_text("ES2003a\n")
    words = ("--list=list", f"--mirror={mirror.address}", "new")
    done = run(*words)
    wav = "AMICorpusMirror/amicorpus/ES2003a/audio/ES2003a.Mix-Headset.wav"
    assert done.returncode == 0 and f"0.1 MB  {mirror.address}/{wav}" in done.stderr, done.stderr
    assert "2 of 2 files to fetch, 0.1 MB, into new\nNothing was fetched" in done.stderr
    assert not mirror.asked and not (tmp_path / "new").exists()
    part = tmp_path / "new/amicorpus/ES2003a/audio/ES2003a.Mix-Headset.wav.part"
    part.parent.mkdir(parents=True)
    part.write_bytes((tmp_path / "mirror" / wav).read_bytes()[:1000])
    assert run("--yes=true", *words).returncode == 0
    assert (f"/{wav}", 1000) in mirror.asked
    assert part.with_suffix("").read_bytes() == (tmp_path / "mirror" / wav).read_bytes() and not part.exists()
    assert "0 of 2 files to fetch" in run("--yes=true", *words).stderr and len(mirror.asked) == 2
    shutil.rmtree("c")
    shutil.move("new", "c")
    assert make().returncode == 0 and len(turns()) == 3


def test_a_mirror_that_lacks_a_file_names_it(mirror, capsys, tmp_path):
    run = runner(DOWNLOAD, ("corpus",), (DOWNLOAD.DownloadOptions,), capsys)
    (tmp_path / "list").write_text("ES2003b\n")
    done = run("--list=list", f"--mirror={mirror.address}", "new")
    assert done.returncode == 1 and "ES2003b.Mix-Headset.wav: HTTP Error 404: File not found. Check" in done.stderr
    assert "say which meetings with --list" in run("new").stderr
