"""The panel's files: the sound in a page, what a page holds, the index, what others made, and steps/make_panel.sh."""

import base64
import hashlib
import io
import json
import re
import shutil

import numpy as np
import pytest
import soundfile
from conftest import ROOT

from diarkit.annotation import Turn, write_rttm, write_uem
from diarkit.export.cast import Cast
from diarkit.panel.index import index, remove_strangers
from diarkit.panel.page import SCRIPTS, asset, data_of, page, page_name
from diarkit.panel.shades import shades
from diarkit.panel.sound import Sound, listen
from diarkit.panel.summary import summary

TURNS = [Turn("talk", 0.5, 2, "Anna", 0.25), Turn("talk", 1.5, 4, "</script><b>", None)]
STILL = Sound(io.BytesIO(b"opus"), np.zeros((10, 2), np.int8), 5.0, 0.5)


def chirps(seconds, rate=16000):
    """Sound whose every moment is unlike the others: a tone that rises, in bursts."""
    time = np.arange(round(seconds * rate)) / rate
    bursts = np.sin(2 * np.pi * 1.3 * time) > 0
    return (0.4 * np.sin(2 * np.pi * (200 + 60 * time) * time) * bursts).astype(np.float32)


def opus_of(sound):
    sound.opus.seek(0)
    return sound.opus.read()


def test_the_sound_is_the_recordings(tmp_path):
    samples = chirps(12.3, 44100)
    soundfile.write(tmp_path / "a.wav", np.stack([samples, samples], 1), 44100)
    sound = listen(str(tmp_path / "a.wav"))
    heard, rate = soundfile.read(io.BytesIO(opus_of(sound)), dtype="float32")
    assert abs(len(heard) / rate - 12.3) < 0.05 and abs(sound.duration_s - 12.3) < 1e-3
    energy = [np.sqrt(np.convolve(x ** 2, np.ones(r // 50) / (r // 50), "same")[::r // 1000][:12200])
              for x, r in ((heard, rate), (samples, 44100))]
    energy[1] = np.interp(np.arange(12200) / 1000, np.arange(len(energy[1])) * (44100 // 1000) / 44100, energy[1])
    lags = [np.corrcoef(energy[0][20 + d:12000 + d], energy[1][20:12000])[0, 1] for d in range(-20, 21)]
    assert max(lags) > 0.97 and abs(int(np.argmax(lags)) - 20) <= 6  # milliseconds
    assert len(opus_of(sound)) < 12.3 * 24000 / 8 * 1.7


def test_peaks_tell_where_it_is_loud(tmp_path):
    samples = np.concatenate([np.zeros(16000), chirps(1), np.zeros(8000)]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    sound = listen(str(tmp_path / "a.wav"), embed=False)
    times = np.arange(len(sound.peaks)) * sound.peak_s
    assert sound.opus is None and abs(sound.peaks).max() == 127 and 1000 <= len(sound.peaks) <= 2000
    assert not sound.peaks[times < 0.98].any() and abs(sound.peaks[(times > 1) & (times < 1.35)]).max() > 100


@pytest.mark.parametrize("seconds", [0.05, 1])
def test_short_and_silent_sound(seconds, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(round(8000 * seconds)), 8000)
    sound = listen(str(tmp_path / "a.wav"))
    assert opus_of(sound)[:4] == b"OggS" and opus_of(sound) == opus_of(listen(str(tmp_path / "a.wav")))
    assert not sound.peaks.any() and abs(sound.duration_s - seconds) < 0.01


def test_a_page_holds_its_data_whatever_the_names(tmp_path):
    data = data_of("<talk> & \u2028", STILL, Cast(None, TURNS))
    text = "".join(page(data, STILL.opus))
    found = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
    assert found == data and found["speakers"][1]["name"] == "</script><b>"
    assert found["turns"] == [[0.5, 2, 0, 0.25], [1.5, 4, 1, None]] and found["reference"] is None
    assert text.count("</script><b>") == 0 and "<talk>" not in text
    assert base64.b64decode(re.search(r'id="sound">(.*?)<', text)[1]) == b"opus"
    assert "http://" not in re.sub(r"/\* wavesurfer.js.*?</script>", "", text, flags=re.S).replace("http-equiv", "")
    assert "default-src 'none'" in text and "BSD 3-Clause License" in text
    assert 'id="sound"' not in "".join(page(data_of("r", STILL, Cast(None, []), None, "../r.wav")))


def test_all_scripts_are_in_the_page_and_files_in_the_package():
    there = {path.name for path in (ROOT / "diarkit/panel/assets").iterdir()}
    assert there == {*SCRIPTS, "body.html", "panel.css"}
    ids = set(re.findall(r'\bid="(\w+)"', asset("assets", "body.html"))) | {"data", "sound"}
    code = "".join(asset("assets", name) for name in SCRIPTS)
    used = set(re.findall(r'(?:get|getElementById)\("(\w+)"\)', code))
    assert used <= ids and len(used) > 20


def test_what_others_made_is_as_it_was_published():
    lines = (ROOT / "diarkit/panel/vendor/vendor.tsv").read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]
    folder = ROOT / "diarkit/panel/vendor"
    assert {row["file"] for row in rows} == {path.name for path in folder.iterdir()} - {"vendor.tsv"}
    for row in rows:
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert re.fullmatch(r"npm wavesurfer\.js@\d+\.\d+\.\d+", row["package"])


def test_colours_differ_however_many():
    for count in (0, 1, 8, 60):
        assert len(set(shades(count))) == count


def test_the_index_lists_the_pages_and_forgets_the_others(tmp_path):
    rows = {reco: summary(data_of(reco, STILL, Cast(None, turns)), turns)
            for reco, turns in (("a b", TURNS), ("index", []))}
    text = "\n".join(index("Talks & <more>", rows))
    assert 'href="a%20b.html"' in text and 'href="index_.html"' in text and "Talks &amp; &lt;more&gt;" in text
    assert "&lt;/script&gt;&lt;b&gt; 00:02" in text and "nobody talks" in text and page_name("x") == "x.html"
    for name, body in (("old.html", "".join(page(data_of("old", STILL, Cast(None, []))))), ("own.html", "<p>mine"),
                       ("index.html", text), ("a b.html", text)):
        (tmp_path / name).write_text(body, encoding="utf-8")
    remove_strangers(tmp_path, {"index.html", "a b.html"})
    assert {p.name for p in tmp_path.iterdir()} == {"own.html", "index.html", "a b.html"}


@pytest.fixture
def recipe(tmp_path):
    """Two recordings with turns, one with a reference of its own, as a recipe has them."""
    for room in ("steps", "utils", "bin", "conf"):
        (tmp_path / room).symlink_to(ROOT / room)
    for folder in ("data/x", "turns", "audio"):
        (tmp_path / folder).mkdir(parents=True)
    for reco in ("talk", "still"):
        soundfile.write(tmp_path / f"audio/{reco}.wav", chirps(5), 16000)
    (tmp_path / "data/x/wav.scp").write_text("still audio/still.wav\ntalk audio/talk.wav\n")
    write_rttm(tmp_path / "turns/hyp.rttm", [t._replace(speaker=s) for t, s in zip(TURNS, "ab")])
    return tmp_path


def data_in(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.S)[1])


def test_the_step_makes_pages_and_an_index(call, recipe):
    step = ("steps/make_panel.sh", "--nj", "2", "data/x", "turns", "html")
    done = call(*step)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (recipe / "html").glob("*.html")} == {"index.html", "talk.html", "still.html"}
    assert data_in(recipe / "html/talk.html")["turns"] == [[0.5, 2.0, 0, 0.25], [1.5, 4.0, 1, None]]
    assert data_in(recipe / "html/still.html")["turns"] == [] and "up to date" in call(*step).stderr
    write_rttm(recipe / "data/x/ref.rttm", [Turn("talk", 0.5, 3, "Ann")])
    write_uem(recipe / "data/x/ref.uem", {"talk": [(0, 3)]})
    (recipe / "data/x/wav.scp").write_text("talk audio/talk.wav\n")
    done = call(*step)
    assert done.returncode == 0, done.stderr
    found = data_in(recipe / "html/talk.html")
    assert found["regions"] == [[0, 3]] and found["reference"]["turns"] == [[0.5, 3.0, 0]] and "DER 20.0 %" not in found
    assert not (recipe / "html/still.html").exists() and "DER" in (recipe / "html/index.html").read_text()
    done = call("steps/make_panel.sh", "--audio", "link", "data/x", "turns", "linked")
    assert done.returncode == 0, done.stderr
    assert data_in(recipe / "linked/talk.html")["source"] == "../audio/talk.wav"
    assert 'id="sound"' not in (recipe / "linked/talk.html").read_text().replace('"sound")', "")


def test_a_pipe_cannot_be_linked_and_costs_only_itself(call, recipe):
    tool = shutil.which("cat")
    (recipe / "pipes.scp").write_text(f"still {tool} audio/still.wav |\ntalk audio/talk.wav\n")
    done = call("bin/make-panel.py", "--audio=link", "scp:pipes.scp", "turns/hyp.rttm", "out", "pages")
    assert done.returncode == 1 and "still: its sound is the output of a command: use --audio=embed" in done.stderr
    assert (recipe / "out/talk.html").exists() and (recipe / "pages").read_text().startswith("talk {")
    assert call("bin/make-panel.py", "scp:pipes.scp", "turns/hyp.rttm", "out", "pages").returncode == 0
