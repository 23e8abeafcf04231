"""What is scored against what: references, hypotheses and regions, read and checked before any number is made."""

from typing import NamedTuple

from diarkit.annotation import read_rttm, read_uem, read_zones
from diarkit.audio import AudioFile
from diarkit.errors import DiarkitError, data_error
from diarkit.files import read_lines, read_table
from diarkit.options import opt, options
from diarkit.scoring.protocols import PROTOCOLS, Protocol
from diarkit.scoring.regions import timeline, unscored, without

NAMES_SHOWN = 5


@options
class ScoreOptions:
    """Scoring: the three protocols full, fair and forgiving are always there."""

    uem: str | None = opt(None, "score only what this UEM names; none scores whole recordings")
    collar: float | None = opt(None, "also score a protocol `custom` that removes this many seconds on each side of a "
                                     "reference boundary", low=0)
    skip_overlap: bool = opt(False, "also score a protocol `custom` that leaves overlapping speech out")
    tuned_on: str | None = opt(None, "file of recording ids (first column) a threshold was tuned on: they are refused")
    allow_tuned: bool = opt(False, "score recordings of --tuned-on all the same; the table says so")

    @property
    def protocols(self):
        """The protocols to score, `custom` last where one is asked for."""
        if self.collar is None and not self.skip_overlap:
            return PROTOCOLS
        return (*PROTOCOLS, Protocol("custom", self.collar or 0.0, self.skip_overlap))


class Trial(NamedTuple):
    """Recordings to score: {reco: [Turn]} twice, {reco: [(start_s, end_s)]} scored, and lines for the table.

    sounds: {reco: [(start_s, end_s)]} of NON-LEX, which are not scored either, though speakers are mapped there;
    head: what was scored and how; notes: what a reader must know of single recordings.
    """

    references: dict
    hypotheses: dict
    regions: dict
    sounds: dict
    head: list
    notes: list


def load_trial(ref_path, durations_path, hyp_path, options):
    """Return the Trial of two RTTM files.

    durations_path: reco2dur, or a wav.scp whose audio is then opened; its keys are the recordings that exist.
    Raises DiarkitError for recordings that do not exist, nothing to score, and recordings a threshold was tuned on.
    """
    durations = read_durations(durations_path)
    references, hypotheses = read_rttm(ref_path), read_rttm(hyp_path)
    check_known(hyp_path, hypotheses, durations, durations_path)
    check_known(ref_path, references, durations, durations_path)
    regions, notes = regions_of(durations, durations_path, options.uem)
    if not any(reco in references for reco in regions):
        raise DiarkitError(f"{ref_path}: no speech in any of the {len(regions)} recordings to score. "
                           "Check that it is the reference of this set")
    regions, sounds, more = _without_zones(regions, read_zones(ref_path), references)
    notes += more
    head = [f"Reference {ref_path}, hypothesis {hyp_path}"] + _uem_line(regions, options) + _tuned(regions, options)
    for reco in regions:
        notes += _recording_notes(reco, references, hypotheses, durations[reco])
    return Trial({r: references.get(r, []) for r in regions}, {r: hypotheses.get(r, []) for r in regions},
                 regions, sounds, head, notes)


def _without_zones(regions, zones, references):
    """Return (regions without NOSCORE, {reco: [(start_s, end_s)] of NON-LEX}, notes on what is taken out)."""
    regions, sounds, notes = dict(regions), {}, []
    for reco in zones.keys() & regions.keys():
        noscore, sounds[reco] = unscored(zones[reco], references.get(reco, []))
        whole = timeline(regions[reco])
        regions[reco] = [tuple(span) for span in without(whole, noscore)]
        left = without(timeline(regions[reco]), sounds[reco]).duration()
        if left < whole.duration():
            notes.append(f"{reco}: {whole.duration() - left:.3f} s of NOSCORE and NON-LEX in the reference are not "
                         "scored, as md-eval has it")
    return regions, sounds, sorted(notes)


def read_durations(path):
    """Return {reco: seconds} of a reco2dur, or of a wav.scp by opening its audio."""
    found = {}
    for reco, text in read_table(path).items():
        try:
            found[reco] = float(text)
        except ValueError:
            found[reco] = AudioFile(text).duration_s
        if not 0 < found[reco] < float("inf"):
            raise DiarkitError(f"{path}: {reco} lasts {text} s. Write its duration in seconds")
    return found


def names(recos):
    """Return a few recording ids as text, with the number of those left out."""
    recos = sorted(recos)
    more = f" and {len(recos) - NAMES_SHOWN} more" if len(recos) > NAMES_SHOWN else ""
    return ", ".join(recos[:NAMES_SHOWN]) + more


def check_known(path, found, durations, durations_path):
    """Raise DiarkitError where `path` has recordings that the set has not."""
    unknown = set(found) - set(durations)
    if unknown:
        raise DiarkitError(f"{path}: {len(unknown)} recordings are not in {durations_path}: {names(unknown)}. "
                           "Score the files of one set, or mend the ids")


def regions_of(durations, durations_path, uem):
    """Return ({reco: [(start_s, end_s)]} to score, notes): whole recordings, or what the UEM file names of them."""
    if uem is None:
        return {reco: [(0.0, seconds)] for reco, seconds in durations.items()}, []
    spans = read_uem(uem)
    check_known(uem, spans, durations, durations_path)
    regions = {reco: [(a, min(b, seconds)) for a, b in spans[reco] if a < seconds]
               for reco, seconds in durations.items() if reco in spans}
    empty = [reco for reco, parts in regions.items() if not parts]
    if empty or not regions:
        raise data_error(uem, None, f"nothing to score in {names(empty) or 'any recording'}",
                         "Its spans must lie within the recordings")
    left_out = set(durations) - set(regions)
    return regions, [f"not scored, because the UEM does not name them: {names(left_out)}"] if left_out else []


def _uem_line(regions, options):
    seconds = sum(timeline(spans).duration() for spans in regions.values())
    return [f"UEM {options.uem or 'none: whole recordings are scored'} ({len(regions)} recordings, {seconds:.3f} s)"]


def _tuned(regions, options):
    if options.tuned_on is None:
        return []
    tuned = {line.split()[0] for _, line in read_lines(options.tuned_on)} & set(regions)
    if not tuned:
        return []
    said = f"{len(tuned)} of {len(regions)} scored recordings were tuned on ({options.tuned_on}): {names(tuned)}"
    if not options.allow_tuned:
        raise DiarkitError(f"{said}. Score other recordings, or say --allow-tuned=true and the table will name it")
    return [f"TUNED ON THE SET IT SCORES. {said}"]


def _recording_notes(reco, references, hypotheses, duration_s):
    ref, hyp = references.get(reco, []), hypotheses.get(reco, [])
    notes = []
    if not ref:
        notes.append(f"{reco}: no reference speech, whatever the hypothesis says there is false alarm")
    if not hyp and ref:
        notes.append(f"{reco}: not in the hypothesis, all its speech is missed")
    for what, turns in (("reference", ref), ("hypothesis", hyp)):
        end_s = max((turn.end_s for turn in turns), default=0)
        if end_s > duration_s + 0.0005:
            notes.append(f"{reco}: the {what} runs to {end_s:.3f} s, past the recording's end at {duration_s:.3f} s; "
                         "what lies beyond is not scored")
    return notes
