"""The command line that every binary shares, built from its options dataclasses."""

import contextlib
import dataclasses
import os
import shlex
import signal
import sys
import time
import traceback

from tqdm import tqdm

from diarkit.errors import DiarkitError, KeysFailed, UsageError, os_message
from diarkit.options import field_table, flag, format_value, parse_value, read_conf


def run(main, doc, names, *classes):
    """Parse sys.argv, log the command, call main(*positionals, *options) and exit with its status.

    names: positional argument names; one in square brackets may be left out (it is then None); a last `[name...]`
    takes any number of words, as a list.
    classes: options dataclasses, in the order main takes them.
    Exit status: 0 all went well, 1 DiarkitError, 2 UsageError.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.suppress(AttributeError):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(_status(main, doc, names, classes))


def _status(main, doc, names, classes):
    prog = os.path.basename(sys.argv[0])
    try:
        positionals, objects = parse(sys.argv[1:], doc, names, classes)
        log(shlex.join([prog] + sys.argv[1:]))
        main(*positionals, *objects)
        return 0
    except UsageError as error:
        log(f"{prog}: {error}\nTry {prog} --help")
        return 2
    except DiarkitError as error:
        log(f"{prog}: {error}")
        return 1
    except OSError as error:
        log(f"{prog}: {os_message(error)}")
        return 1
    except KeyboardInterrupt:
        return 130


def log(message):
    """Write words to stderr, whole and at once."""
    tqdm.write(message, file=sys.stderr)
    sys.stderr.flush()


def parse(argv, doc, names, classes):
    """Return (positionals, option objects) of a command line; prints help and exits 0 on --help."""
    table = field_table(*classes)
    words, given = _split(argv, table)
    if given == "help":
        print(usage(doc, names, classes))
        sys.exit(0)
    values = {}
    for name, text, where in given:
        try:
            values[name] = parse_value(table[name][1], text)
        except UsageError as error:
            raise UsageError(f"{where}{error}") from None
    objects = [cls(**{f.name: values[n] for n, (c, f) in table.items() if c is cls and n in values})
               for cls in classes]
    return _positionals(words, names), objects


def _split(argv, table):
    """Split argv into positionals and [(name, text, where)], conf files first so that the command line wins."""
    words, conf, given, rest = [], [], [], list(argv)
    while rest:
        word = rest.pop(0)
        if word in ("--help", "-h"):
            return [], "help"
        if word == "--":
            words, rest = words + rest, []
        elif not word.startswith("--"):
            words.append(word)
        else:
            name, equals, text = word[2:].partition("=")
            if name != "config" and name not in table:
                raise UsageError(f"unknown option --{name}")
            if not equals:
                if not rest:
                    raise UsageError(f"--{name} needs a value")
                text = rest.pop(0)
            if name == "config":
                conf += [(n, t, f"{w}: ") for n, t, w in read_conf(text, table)]
            else:
                given.append((name, text, ""))
    return words, conf + given


def _positionals(words, names):
    """Return one word a name; the last name may be `[name...]` and then takes a list of all that are left."""
    least, rest = sum(not n.startswith("[") for n in names), names and names[-1].endswith("...]")
    if rest and len(words) >= least:
        words = words[:least] + [words[least:]]
    if not least <= len(words) <= len(names):
        wanted = " ".join(n if n.startswith("[") else f"<{n}>" for n in names)
        raise UsageError(f"expected {wanted}, got {len(words)}: {shlex.join(words) or 'nothing'}")
    return words + [None] * (len(names) - len(words))


def usage(doc, names, classes):
    """Return the --help text: the docstring, the arguments, and every option with its default."""
    prog = os.path.basename(sys.argv[0])
    shown = " ".join(n if n.startswith("[") else f"<{n}>" for n in names)
    lines = [doc.strip(), "", f"Usage: {prog} [--config=FILE] [options] {shown}"]
    for cls in classes:
        lines += ["", (cls.__doc__ or cls.__name__).strip().splitlines()[0]]
        for field in dataclasses.fields(cls):
            choices = field.metadata.get("choices")
            more = f" ({', '.join(map(str, choices))})" if choices else ""
            lines.append(f"  {flag(field.name)}={format_value(field.default)}\n        {field.metadata['help']}{more}")
    return "\n".join(lines)


def progress(items, total=None, unit="reco"):
    """Iterate with a tqdm bar on a terminal and one plain line a minute in a log."""
    if sys.stderr.isatty():
        return tqdm(items, total=total, unit=unit, file=sys.stderr)
    return _plain_progress(items, total, unit)


def _plain_progress(items, total, unit):
    start_s = said_s = time.monotonic()
    for done, item in enumerate(items):
        now_s = time.monotonic()
        if now_s - said_s >= 60:
            said_s = now_s
            log(f"{done}{f' of {total}' if total else ''} {unit} done after {(now_s - start_s) / 60:.0f} min")
        yield item


def for_each(items, work, total=None, unit="reco", finish=None):
    """Call work(key, item) for every pair; a failure costs only its own key.

    Raises KeysFailed at the end, listing every key that failed; a table writer commits the others.
    A full disk or a closed pipe ends the loop at once: the next key would meet it too.
    finish: called without arguments when every key has had its turn, before KeysFailed is raised.
    """
    failures, count = [], 0
    for key, item in progress(items, total, unit):
        count += 1
        try:
            work(key, item)
        except DiarkitError as error:
            failures.append((key, str(error)))
        except OSError as error:
            if error.errno in (27, 28, 32, 122):
                raise
            failures.append((key, os_message(error)))
        except Exception as error:  # a fault of ours in one recording must not cost the others
            log(traceback.format_exc())
            failures.append((key, f"{type(error).__name__}: {error}"))
    if finish:
        finish()
    if failures:
        raise KeysFailed(failures, count)
