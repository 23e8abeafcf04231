#!/usr/bin/env python3
"""Parse the command line of a shell script from the script's own text, for parse_options.sh.

An option is a line `name=value  # help` above the line that sources step.sh, recipe.sh or parse_options.sh, and
nothing else is. The `# Usage:` line names the positional arguments: <data> must be there, [<more>] may be left out.
Prints name and value pairs, each ended by a NUL: data for `printf -v`, never shell code. Two of them are made up:
_stamped names the options that change the result, _again is the command line without --stage, to be typed again.

Usage: parse_options.py <script> <file that sources parse_options.sh> [arguments of the script]...
The second file, such as recipe.sh, may declare options of its own; often it is the script itself.
"""

import difflib
import math
import os
import re
import shlex
import sys

OPTION = re.compile(r"""([a-z][a-z0-9_]*)=("[^"]*"|'[^']*'|[^\s"'#]*)\s+#\s*(.*)""")
SOURCE = re.compile(r"(\.|source)\s.*\b(step|recipe|parse_options)\.sh\b")
POSITIONAL = re.compile(r"(\[?)<([A-Za-z][\w-]*)>(\]?)")
COUNTS = ("num_speakers", "min_speakers", "max_speakers")
METHODS = (("vad", "vad", []), ("clustering", "cluster", []))  # option, folder of conf/ that names its methods, others
UNSTAMPED = ("nj", "cmd")


class Wrong(Exception):
    """A wrong command line or a wrong declaration."""


def read_top(path):
    """Return (header comment lines, {name: (default text, help)}) of a script."""
    header, options, in_header = [], {}, True
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines:
        if line.startswith("#"):
            if in_header and not line.startswith("#!"):
                header.append(line[1:].removeprefix(" "))
            continue
        in_header = False
        if SOURCE.match(line):
            return header, options
        match = OPTION.fullmatch(line)
        if match:
            options[match[1]] = (match[2].strip("\"'"), match[3])
    raise Wrong("no line sources utils/step.sh, utils/recipe.sh or utils/parse_options.sh")


def read_positionals(header):
    """Return [(variable name, may be left out)] of the Usage line."""
    usage = next((line for line in header if line.startswith("Usage:")), "")
    if "..." in usage:
        raise Wrong("a Usage line with `...` cannot name its arguments; take a quoted list as an option instead")
    return [(name.replace("-", "_"), bool(left)) for left, name, _ in POSITIONAL.findall(usage)]


def split(words, options):
    """Return (positionals, [(name, value)] in the order given), None for both when help is asked for."""
    positionals, given, rest = [], [], list(words)
    while rest:
        word = rest.pop(0)
        if word in ("--help", "-h"):
            return None, None
        if word == "--":
            return positionals + rest, given
        if not re.match("-[^0-9.]", word):
            positionals.append(word)
            continue
        flag, equals, value = word.partition("=")
        name = flag[2:].replace("-", "_")
        if not flag.startswith("--") or name not in options:
            raise Wrong(unknown(flag, options))
        if not equals:
            if not rest or rest[0].startswith("--"):
                raise Wrong(f"{flag} needs a value")
            value = rest.pop(0)
        check(flag, value, options[name][0])
        given.append((name, value))
    return positionals, given


def unknown(flag, options):
    """Return the message about an option that is not declared."""
    known = [dashes(name) for name in options]
    near = difflib.get_close_matches(flag, known, 1)
    return f"unknown option {flag}" + (f", did you mean {near[0]}?" if near else f". Known: {' '.join(known)}")


def check(flag, value, default):
    """Hold a value to the kind of its default: a whole number, a number, true or false, or any text."""
    if re.fullmatch(r"-?\d+", default):
        wanted, good = "a whole number", re.fullmatch(r"-?\d+", value)
    elif is_number(default):
        wanted, good = "a number", is_number(value)
    elif default in ("true", "false"):
        wanted, good = "true or false", value in ("true", "false")
    else:
        return
    if not good:
        raise Wrong(f"{flag} must be {wanted}, not {value!r}")


def check_together(values, given, script):
    """Hold the options that many scripts share to what they can mean, before anything is computed.

    values: {name: text} of all options, given: of those on the command line; a name of a method is one of conf/.
    """
    for name in COUNTS:
        if given.get(name) and not re.fullmatch(r"0*[1-9]\d*", given[name]):
            raise Wrong(f"{dashes(name)} must be a whole number from 1, not {given[name]!r}")
    exact, least, most = (values.get(name) or "" for name in COUNTS)
    if exact and (least or most):
        raise Wrong("--num-speakers excludes --min-speakers and --max-speakers")
    if least and most and int(least) > int(most):
        raise Wrong(f"--min-speakers {least} is more than --max-speakers {most}")
    channel = given.get("channel") or "auto"
    if not re.fullmatch(r"auto|mix|separate|0*[1-9]\d*", channel):
        raise Wrong(f"--channel must be auto, mix, separate or a number from 1, not {channel!r}")
    if given.get("nj") is not None and int(given["nj"]) < 1:
        raise Wrong(f"--nj must be a whole number above 0, not {given['nj']!r}")
    for name, folder, more in METHODS:
        known = more + sorted(file[:-5] for file in listed(os.path.join(os.path.dirname(script), "conf", folder))
                              if file.endswith(".conf") and not file.startswith("tuned_"))
        if name in given and len(known) > len(more) and given[name] not in known:
            raise Wrong(f"--{name} must be one of {' '.join(known)}, not {given[name]!r}")


def listed(folder):
    """Return the names in a folder, none where it is not there."""
    return os.listdir(folder) if os.path.isdir(folder) else []


def is_number(text):
    """Tell whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def dashes(name):
    """Return the command line's spelling of a variable."""
    return "--" + name.replace("_", "-")


def retyped(name, value):
    """Return an option as one would type it again."""
    return dashes(name) + ("=" if value.startswith("--") else " ") + shlex.quote(value)


def name_positionals(words, wanted):
    """Return [(name, value)]; what may be left out is filled from the left and is empty otherwise."""
    spare = len(words) - sum(not optional for _, optional in wanted)
    if spare < 0 or len(words) > len(wanted):
        names = " ".join(f"[<{n}>]" if optional else f"<{n}>" for n, optional in wanted) or "no arguments"
        raise Wrong(f"expected {names}, got {len(words)}: {shlex.join(words) or 'nothing'}")
    rest, pairs = list(words), []
    for name, optional in wanted:
        take = not optional or spare > 0
        spare -= optional and take
        pairs.append((name, rest.pop(0) if take else ""))
    return pairs


def show_help(header, options):
    """Return the text of --help: the header comment and every option with its default."""
    width = max((len(dashes(n)) + len(d) for n, (d, _) in options.items()), default=0) + 4
    lines = [f"  {f'{dashes(name)}={default}':<{width}}{help}" for name, (default, help) in options.items()]
    return "\n".join(header + (["", "Options:"] + lines if lines else []))


def pairs_of(script, source, words):
    """Return [(variable, value)] to set in the script."""
    header, options = read_top(script)
    wanted = read_positionals(header)
    extra = {} if os.path.realpath(source) == os.path.realpath(script) else read_top(source)[1]
    for name in [n for n in extra if n in options] + [n for n, _ in wanted if n in options]:
        raise Wrong(f"the option {name} is declared twice, remove its line")
    options = {**options, **extra}
    positionals, given = split(words, options)
    if given is None:
        return [("--help", show_help(header, options))]
    stamped = [n for n in options if n not in UNSTAMPED and not options[n][1].rstrip().endswith("(no stamp)")]
    again = " ".join(retyped(name, value) for name, value in given if name != "stage")
    check_together({**{name: default for name, (default, _) in options.items()}, **dict(given)}, dict(given), script)
    return [("_stamped", " ".join(stamped)), ("_again", again)] \
        + name_positionals(positionals, wanted) + given


def main(script, source, *words):
    """Print the pairs, or one clear message and status 2."""
    try:
        pairs = pairs_of(script, source, words)
    except (Wrong, OSError) as error:
        print(f"{script}: {str(error).rstrip('.?')}. Try {script} --help", file=sys.stderr)
        sys.exit(2)
    text = "".join(f"{name}\0{value}\0" for name, value in pairs)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main(*sys.argv[1:])
