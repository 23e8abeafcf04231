"""Do the features fit the network: the conf file they were made with against the one the network needs."""

import dataclasses
import importlib
from pathlib import Path

from diarkit.audio import AudioOptions
from diarkit.errors import UsageError
from diarkit.options import field_table, flag, format_value, parse_value, read_conf

KINDS = ("fbank", "mel", "mfcc", "spectrogram")


def frame_shift_s(conf, needed=None):
    """Return the frame shift, seconds, of features made with the conf file `conf`, if they are what is needed.

    needed: the conf file of the features that the network was trained on; None accepts any features.
    Raises UsageError that names every option whose value differs, with both values.
    """
    if needed is None:
        return _any_kind(conf)["frame_shift"] / 1000
    kind = Path(needed).stem.split("_")[0]
    found = _parse_given(conf, kind, needed)
    refuse_others(conf, found, needed, parse(needed, kind))
    return found["frame_shift"] / 1000


def refuse_others(conf, found, needed, wanted):
    """Raise UsageError that names every option whose value in {field: value} `found` is not the one in `wanted`.

    conf, needed: the files they were read from.
    """
    wrong = [f"  {flag(name)}={format_value(found[name])}, needed {format_value(wanted[name])}"
             for name in wanted if found[name] != wanted[name]]
    if wrong:
        raise UsageError("\n".join([f"{conf}: not the features that the network was trained on ({needed}):", *wrong,
                                    "Make them again with that configuration"]))


def parse(conf, kind):
    """Return {field: value} of every option of a features conf file, defaults included, and the sample rate.

    kind: `fbank` for diarkit.features.fbank.FbankOptions, and so on.
    """
    return parse_options(conf, getattr(importlib.import_module(f"diarkit.features.{kind}"), kind.title() + "Options"))


def parse_options(conf, cls):
    """Return the same for an options class."""
    table = field_table(cls, AudioOptions)
    values = {field.name: field.default for field in dataclasses.fields(cls)}
    values["sample_rate"] = AudioOptions().sample_rate
    for name, text, _ in read_conf(conf, table):
        if table[name][1].name in values:
            values[table[name][1].name] = parse_value(table[name][1], text)
    return values


def _parse_given(conf, kind, needed):
    try:
        return parse(conf, kind)
    except UsageError as error:
        raise UsageError(f"{error}\nThe network needs {kind} features, made with {needed}") from None


def _any_kind(conf):
    """Return the options of features of whatever kind has all the options named in the file."""
    said = []
    for kind in KINDS:
        try:
            return parse(conf, kind)
        except UsageError as error:
            said.append(f"  {kind}: {error}")
    raise UsageError("\n".join([f"{conf}: not a configuration of any features:", *said]))
