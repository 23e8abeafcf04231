"""Options as frozen dataclasses: the one source of the API, the command line and the conf file."""

import dataclasses
import re
import types
import typing

from diarkit.errors import UsageError

TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


def opt(default, help, *, choices=None, low=None, high=None, above=None, below=None):
    """Return a dataclass field with its help and the range its value must lie in.

    choices: allowed values; low, high: inclusive bounds; above, below: exclusive bounds.
    """
    check = dict(choices=choices, low=low, high=high, above=above, below=below)
    return dataclasses.field(default=default, metadata={"help": help, **check})


def options(cls):
    """Make `cls` a frozen dataclass that checks its own values; a `check(self)` method may add more."""
    own_check = cls.__dict__.get("check")

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check_field(field, getattr(self, field.name))
        if own_check:
            own_check(self)

    cls.__post_init__ = __post_init__
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)


def _check_field(field, value):
    rule, name = field.metadata, flag(field.name)
    if value is None:
        if not is_optional(field.type):
            raise UsageError(f"{name} needs a value")
        return
    kind = base_type(field.type)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise UsageError(f"{name} must be {kind.__name__}, not {value!r}")
    if rule.get("choices") and value not in rule["choices"]:
        raise UsageError(f"{name} must be one of {', '.join(map(str, rule['choices']))}, not {value!r}")
    bounds = (("low", "at least", lambda b: value >= b), ("high", "at most", lambda b: value <= b),
              ("above", "greater than", lambda b: value > b), ("below", "less than", lambda b: value < b))
    for key, words, holds in bounds:
        if rule.get(key) is not None and not holds(rule[key]):
            raise UsageError(f"{name} must be {words} {rule[key]}, not {value!r}")


def flag(name):
    """Return the command line's spelling of a field name: sample_rate -> --sample-rate."""
    return "--" + name.replace("_", "-")


def is_optional(kind):
    """Tell whether a field's type admits None, as in `int | None`."""
    return isinstance(kind, (types.UnionType, typing._UnionGenericAlias)) and type(None) in typing.get_args(kind)


def base_type(kind):
    """Return the plain type of a field, `int` for `int | None`."""
    return next(k for k in typing.get_args(kind) if k is not type(None)) if is_optional(kind) else kind


def parse_value(field, text):
    """Turn text from a command line or a conf file into the field's type.

    Raises UsageError that names the option and the text.
    """
    kind = base_type(field.type)
    if is_optional(field.type) and text in ("", "none"):
        return None
    if kind is bool:
        if text.lower() not in TRUE + FALSE:
            raise UsageError(f"{flag(field.name)} must be true or false, not {text!r}")
        return text.lower() in TRUE
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{flag(field.name)} must be {kind.__name__}, not {text!r}") from None


def format_value(value):
    """Return a value the way parse_value reads it back."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def field_table(*classes):
    """Return {option name with dashes: (class, field)} of all classes; a name in two classes is a programming error."""
    table = {}
    for cls in classes:
        for field in dataclasses.fields(cls):
            name = field.name.replace("_", "-")
            assert name not in table, f"--{name} in {cls.__name__} and {table[name][0].__name__}"
            table[name] = (cls, field)
    return table


CONF_LINE = re.compile(r"--([a-z0-9][a-z0-9-]*)=(.*)")


def read_conf(path, names):
    """Return [(name, text, "path:line")] of a conf file with lines `--key=value  # comment`.

    names: the option names that are known. Raises UsageError with path:line for anything else.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot read this configuration: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, 1):
        text, where = re.sub(r"(^|\s)#.*", "", line).strip(), f"{path}:{number}"
        if not text:
            continue
        match = CONF_LINE.fullmatch(text)
        if not match:
            raise UsageError(f"{where}: expected --key=value, found {text!r}")
        if match[1] not in names:
            raise UsageError(f"{where}: unknown option --{match[1]}. Known: {', '.join(sorted(names))}")
        found.append((match[1], match[2].strip(), where))
    return found


def from_conf(cls, path, *beside, **changes):
    """Build one options object from a conf file; keyword arguments win over the file.

    beside: other options classes whose options may stand in the same file.
    """
    table, values = field_table(cls), {}
    for name, text, where in read_conf(path, field_table(cls, *beside)):
        try:
            if name in table:
                values[table[name][1].name] = parse_value(table[name][1], text)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    return cls(**{**values, **changes})
