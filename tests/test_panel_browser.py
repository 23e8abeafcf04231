"""The panel in a real browser: it loads without a network, plays, lights who speaks, is edited, and gives files."""

import json
import random

import numpy as np
import pytest
import soundfile
from browser import chromium, opened, wait
from praatio import textgrid
from recipes import mini_audio

from diarkit.annotation import Turn
from diarkit.export.cast import Casts
from diarkit.formats.registry import write
from diarkit.panel.page import data_of, page
from diarkit.panel.sound import Sound, listen
from diarkit.scoring.metrics import annotation, score, timeline
from diarkit.scoring.protocols import FULL

TURNS = [Turn("talk", 0.5, 3.0, "Anna", 0.9), Turn("talk", 2.5, 6.0, 'B "Bob", <b>', 0.55),
         Turn("talk", 7.0, 9.0, "Anna", 1.0), Turn("talk", 9.0, 9.5, "Chris", 0.2),
         Turn("talk", 12.0, 17.5, "Anna", 0.8)]
REFERENCE = [Turn("talk", 0.6, 3.1, "a"), Turn("talk", 2.5, 6.0, "b"), Turn("talk", 7.0, 9.5, "a"),
             Turn("talk", 12.0, 16.0, "b"), Turn("talk", 17.0, 17.5, "a")]
TIMES = (0.2, 0.7, 2.7, 4.0, 6.5, 8.0, 9.2, 10.0, 15.0, 17.9)


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def path(environment, tmp_path_factory):
    """A page of real speech, with turns and a reference made up so that all kinds of errors are in it."""
    folder = tmp_path_factory.mktemp("panel")
    samples, rate, _ = mini_audio(environment)
    soundfile.write(folder / "talk.wav", samples[6 * rate:24 * rate], rate)
    sound = listen(str(folder / "talk.wav"))
    cast = Casts({"talk": TURNS}, {"talk": REFERENCE}, {"talk": [(0, 15), (16, 18)]})("talk")
    made = folder / "talk.html"
    made.write_text("".join(page(data_of("talk", sound, cast, [(0, 15), (16, 18)]), sound.opus)), encoding="utf-8")
    return made


@pytest.fixture
def panel(browser, path):
    with opened(browser, path) as found:
        yield found


def turns_of(panel):
    return [Turn("talk", float(a), float(b), name, sure and float(sure))
            for a, b, name, sure in panel.evaluate(
        "model.turns.map((t) => [t.start, t.end, model.name(t.speaker), t.confidence])")]


def lit(panel):
    return sorted(panel.locator("#who .chip:not(.none)").all_text_contents())


@pytest.mark.models
def test_it_loads_and_plays(panel):
    assert panel.title() == "Who spoke when: talk" and panel.locator("h1").text_content() == "talk"
    assert panel.evaluate("[player.audio.duration, player.surfer.getDuration(), model.duration]") == pytest.approx(
        [18, 18, 18], abs=0.02)
    panel.keyboard.press("Space")
    wait(panel, "player.time > 0.6")
    assert panel.locator("#play").get_attribute("aria-label") == "Pause"
    panel.keyboard.press("Space")
    wait(panel, "!player.playing")
    assert panel.locator("#time").text_content() != "0:00.0"


@pytest.mark.models
def test_who_speaks_is_lit(panel):
    for time in TIMES:
        panel.evaluate(f"player.seek({time})")
        wait(panel, f"Math.abs(player.time - {time}) < 0.02 && !player.audio.seeking")
        panel.evaluate("follow()")
        wanted = sorted(t.speaker for t in TURNS if t.start_s <= time < t.end_s)
        assert lit(panel) == wanted
        assert panel.locator("#side .lit input").evaluate_all("all => all.map((e) => e.value)") == sorted(
            wanted, key=["Anna", 'B "Bob", <b>', "Chris"].index)


@pytest.mark.models
def test_silence_and_other_speakers_are_left_out(panel):
    panel.check("#skip")
    panel.evaluate("player.seek(6.05); player.audio.play()")
    wait(panel, "player.time > 6.9")
    panel.evaluate("player.audio.pause()")
    assert panel.evaluate("player.time") < 8
    panel.uncheck("#skip")
    panel.locator("#side [data-speaker='0'] button").click()
    panel.evaluate("player.seek(3.2); player.audio.play()")
    wait(panel, "player.time > 6.9")
    panel.evaluate("player.seek(17.52)")
    wait(panel, "!player.playing")
    assert panel.locator("#side [data-speaker='0'] button").get_attribute("aria-pressed") == "true"


@pytest.mark.models
def test_clicks_seek_and_drags_move(panel):
    box = panel.locator("#lanes").bounding_box()
    x, y = (lambda time: box["x"] + time * panel.evaluate("view.pxPerS")), (lambda row: box["y"] + 24 + 38 * row + 19)
    panel.mouse.click(x(4), y(1))
    assert abs(panel.evaluate("player.time") - 4) < 0.05 and panel.evaluate("chosen().start") == 2.5

    def drag(start, end):
        panel.mouse.move(*start)
        panel.mouse.down()
        panel.mouse.move(*[(a + b) / 2 for a, b in zip(start, end)])
        panel.mouse.move(*end)
        panel.mouse.up()

    drag((x(6) - 2, y(1)), (x(6.5) - 2, y(1)))  # its end, half a second on
    assert abs(turns_of(panel)[1].end_s - 6.5) < 0.03 and turns_of(panel)[1].start_s == 2.5
    drag((x(8), y(0)), (x(8), y(2)))            # Anna's turn, into the lane of Chris
    assert [t.speaker for t in turns_of(panel) if t.start_s == 7.0] == ["Chris"]
    drag((x(14), y(0)), (x(13), y(0)))          # a turn, one second earlier
    assert abs(turns_of(panel)[-1].start_s - 11) < 0.03 and abs(turns_of(panel)[-1].end_s - 16.5) < 0.03
    panel.mouse.dblclick(x(11), y(2))           # a new turn where Chris is silent
    assert len(turns_of(panel)) == len(TURNS) + 1
    for _ in range(4):
        panel.keyboard.press("Control+z")
    assert turns_of(panel) == TURNS


@pytest.mark.models
def test_keys_split_merge_give_away_and_delete(panel):
    panel.evaluate("player.seek(13); select(4)")
    panel.keyboard.press("s")
    assert [t[1:4] for t in turns_of(panel)[-2:]] == [(12, 13, "Anna"), (13, 17.5, "Anna")]
    panel.keyboard.press("2")
    assert turns_of(panel)[-1].speaker == 'B "Bob", <b>'
    panel.keyboard.press("Control+z")
    panel.evaluate("select(4)")
    panel.keyboard.press("m")
    assert turns_of(panel) == TURNS
    panel.keyboard.press("Delete")
    assert turns_of(panel) == TURNS[:-1]
    panel.keyboard.press("Control+z")
    panel.evaluate("player.seek(0)")
    panel.keyboard.press("n")
    assert panel.evaluate("chosen().start") == 0.5
    panel.locator("#side input").first.focus()
    panel.keyboard.type("s2m ")
    assert turns_of(panel) == TURNS  # keys in a name are letters


@pytest.mark.models
def test_names_are_changed_and_speakers_joined(panel):
    panel.locator("#side input").first.fill("Anna Schmidt")
    panel.keyboard.press("Enter")
    panel.locator("#side input").first.blur()
    assert {t.speaker for t in turns_of(panel)} == {"Anna Schmidt", 'B "Bob", <b>', "Chris"}
    panel.locator("#side input").nth(2).fill("Anna Schmidt")
    panel.locator("#side input").nth(2).blur()
    assert {t.speaker for t in turns_of(panel)} == {"Anna Schmidt", 'B "Bob", <b>'}
    assert "joined" in panel.locator("#status").text_content()
    panel.click("#newspeaker")
    assert panel.locator("#side [data-speaker]").count() == 3
    for _ in range(3):
        panel.click("#undo")
    assert turns_of(panel) == TURNS and panel.locator("#undo").is_disabled()


@pytest.mark.models
def test_the_table_edits_and_refuses(panel):
    cell = panel.locator("#turns tbody tr").nth(1).locator("input[name=end]")
    cell.fill("0:05.25")
    cell.blur()
    assert turns_of(panel)[1].end_s == 5.25
    cell = panel.locator("#turns tbody tr").nth(1).locator("input[name=end]")
    cell.fill("1,5")
    cell.blur()
    assert turns_of(panel)[1].end_s == 5.25 and "cannot be the end" in panel.locator("#status").text_content()
    panel.locator("#turns tbody tr").nth(3).locator("select").select_option(label="Anna")
    assert turns_of(panel)[3].speaker == "Anna"


def download(panel, name):
    with panel.expect_download() as found:
        panel.get_by_role("button", name=f"Download {name}", exact=True).click()
    return found.value.suggested_filename, found.value.path()


@pytest.mark.models
def test_files_from_the_page_are_the_files_of_diarkit(panel):
    for _ in range(2):
        turns = turns_of(panel)
        for form in ("rttm", "json", "srt", "csv"):
            name, file = download(panel, form.upper())
            assert name == f"talk.{form}"
            assert file.read_bytes().decode() == write(form, turns, "talk", 18.0), form
        name, file = download(panel, "TextGrid")
        grid = textgrid.openTextgrid(str(file), includeEmptyIntervals=False)
        found = sorted((e.start, e.end, tier.name) for tier in grid.tiers for e in tier.entries)
        assert name == "talk.TextGrid" and grid.maxTimestamp == 18 and found == [t[1:4] for t in turns]
        panel.evaluate("model.split(4, 13.337); model.rename(2, 'नेहा, \"N\"'); model.replace(0, { start: 0.1 })")


def scored(turns):
    s = score(annotation("talk", REFERENCE)[0], annotation("talk", turns)[0], timeline([(0, 15), (16, 18)]), FULL)
    return [s.miss_s, s.fa_s, s.conf_s, s.total_s]


@pytest.mark.models
def test_errors_are_those_of_the_score(panel):
    seconds = "Object.values(view.errors.seconds)"
    assert np.allclose(panel.evaluate(seconds), scored(TURNS)) and min(scored(TURNS)) > 0
    panel.evaluate("model.remove(3); model.replace(4, { speaker: 1 })")
    assert np.allclose(panel.evaluate(seconds), scored(turns_of(panel)))
    given = json.dumps([[t.start_s, t.end_s, t.speaker] for t in REFERENCE])
    panel.evaluate(f"model.change({given}.map(([start, end, s], id) =>"
                   " ({ id: id + 50, start, end, speaker: s === 'a' ? 0 : 1, confidence: null })))")
    assert panel.evaluate(seconds)[:3] == [0, 0, 0] and "DER 0.0 %" in panel.locator("#scores").text_content()


@pytest.mark.models
def test_everything_has_a_name_and_a_place_in_the_order_of_tab(panel):
    assert panel.evaluate("""
        [...document.querySelectorAll("button, input, select, a, canvas:not([aria-hidden])")].filter((e) =>
            !(e.getAttribute("aria-label") || e.textContent.trim() || (e.labels && e.labels.length)))
        .map((e) => e.outerHTML)""") == []
    assert panel.locator("main").count() == 1 and panel.locator("#turns th[scope=col]").count() == 7
    assert panel.evaluate("[...document.querySelectorAll('[tabindex]')].every((e) => e.tabIndex === 0)")
    panel.check("#announce")
    panel.evaluate("player.seek(2.7)")
    wait(panel, "document.getElementById('spoken').textContent.startsWith('Anna and B')")


@pytest.mark.models
def test_it_zooms_and_is_drawn_in_the_dark(browser, path):
    with opened(browser, path, color_scheme="dark") as panel:
        panel.evaluate("player.zoomTo(400, 8)")
        wait(panel, "view.end - view.start < 4 && view.start < 8 && view.end > 8")
        panel.evaluate("view.draw()")
        colours = panel.evaluate("""(() => {
            const c = view.lanes, d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
            for (let n = 0; n < d.length; n += 4) seen.add(d.slice(n, n + 3).join());
            return seen.size })()""")
        assert colours > 10
        panel.evaluate("player.zoomTo(0)")
        wait(panel, "view.end >= 17.99")


def test_three_hours_stay_usable(browser, tmp_path):
    """Thousands of turns: the table has a page of rows, the lanes draw what is seen, and jumps and edits work."""
    chance, at, turns = random.Random(3), 0.0, []
    while at < 10790:
        end, name = at + chance.uniform(0.3, 5), f"SPEAKER_{chance.randrange(8):02d}"
        turns.append(Turn("long", round(at, 3), round(end, 3), name))
        at += chance.uniform(1, 4)
    peaks = np.random.default_rng(0).integers(-127, 127, (216000, 2)).astype(np.int8)
    sound = Sound(None, peaks, 10800.0, 0.05)
    opus = silent_opus(tmp_path)
    made = tmp_path / "long.html"
    made.write_text("".join(page(data_of("long", sound, Casts({"long": turns})("long")), opus)), encoding="utf-8")
    with opened(browser, made) as panel:
        assert panel.locator("#turns tbody tr").count() == 50
        assert panel.evaluate("model.turns.length") == len(turns) > 4000
        panel.evaluate("player.zoomTo(200, 9000)")
        wait(panel, "view.start < 9000 && view.end > 9000 && view.end - view.start < 8")
        middle = len(turns) // 2
        panel.evaluate(f"select(model.turns[{middle}].id); model.replace(view.selected, {{ speaker: 3 }}); view.draw()")
        assert panel.locator("#turns tr.selected").count() == 1
        assert panel.evaluate(f"model.turns[{middle}].speaker") == 3
        assert panel.evaluate("document.querySelectorAll('*').length") < 2500


def silent_opus(folder):
    soundfile.write(folder / "s.wav", np.zeros(16000, np.float32), 16000)
    return listen(str(folder / "s.wav")).opus
