#!/usr/bin/env python3
"""Fetch meetings of the AMI corpus (CC BY 4.0) and their manual annotation from its public mirror.

Asks the mirror for the size of every file, says what it would fetch, and fetches it only with --yes true. What is there
already is left alone, what was cut short goes on where it stopped. The annotation is unpacked in <corpus>/annotations.
"""

import os
import shutil
import urllib.error
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

from make_data import AUDIO

from diarkit import cli
from diarkit.datadir.corpus import read_list
from diarkit.errors import DiarkitError
from diarkit.options import opt, options

ANNOTATION = "ami_public_manual_1.6.2.zip"


@options
class DownloadOptions:
    """What is fetched."""

    list: str | None = opt(None, "file with one meeting a line, such as local/lists/published/test.txt")
    mic: str = opt("mix-headset", "signal", choices=tuple(AUDIO))
    yes: bool = opt(False, "fetch; without it, only what would be fetched is said")
    mirror: str = opt("https://groups.inf.ed.ac.uk/ami", "where the corpus is")
    timeout: float = opt(60.0, "longest silence of the mirror in seconds", above=0)


def plan(corpus, meetings, options):
    """Return {path: address} of the annotation and of each meeting's recording."""
    files = {os.path.join(corpus, ANNOTATION): f"{options.mirror}/AMICorpusAnnotations/{ANNOTATION}"}
    for meeting in meetings:
        name = AUDIO[options.mic].format(m=meeting)
        inner = ["beamformed", meeting, name] if options.mic == "beamformed" else [meeting, "audio", name]
        address = "/".join([f"{options.mirror}/AMICorpusMirror/amicorpus", *inner])
        files[os.path.join(corpus, "amicorpus", *inner)] = address
    return files


def ask(address, options, method="GET", start=0):
    """Open an address from byte `start` on; an answer that is no answer names the address."""
    request = urllib.request.Request(address, method=method, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        return urllib.request.urlopen(request, timeout=options.timeout)
    except (urllib.error.URLError, OSError) as error:
        reason = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
        raise DiarkitError(f"{address}: {reason}. Check the network, the list and --mirror") from None


def size_of(address, options):
    """Return the bytes of a file at the mirror."""
    with ask(address, options, "HEAD") as answer:
        return int(answer.headers["Content-Length"] or 0)


def held(path):
    """Return the bytes that are here of a file, whole or in part."""
    return max((os.path.getsize(p) for p in (path, f"{path}.part") if os.path.isfile(p)), default=0)


def fetch(path, address, size, options):
    """Fetch one file, going on where an earlier attempt stopped; it has its name only when it is whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{path}.part"
    start = os.path.getsize(part) if os.path.isfile(part) else 0
    start = start if start < size else 0
    with ask(address, options, start=start) as answer, open(part, "ab" if answer.status == 206 else "wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
    if os.path.getsize(part) != size:
        raise DiarkitError(f"{address}: {os.path.getsize(part)} of {size} bytes came. Run the same command again")
    os.replace(part, path)


def unpack(corpus):
    """Unpack the annotation where it is not unpacked yet."""
    target = os.path.join(corpus, "annotations")
    if not os.path.isfile(os.path.join(target, "corpusResources", "meetings.xml")):
        try:
            zipfile.ZipFile(os.path.join(corpus, ANNOTATION)).extractall(target)
        except (zipfile.BadZipFile, OSError) as error:
            raise DiarkitError(f"{corpus}/{ANNOTATION}: {error}. Remove it and run the same command again") from None


def main(corpus, options):
    if not options.list:
        raise DiarkitError("say which meetings with --list, for example local/lists/published/test.txt")
    files = plan(corpus, read_list(options.list), options)
    with ThreadPoolExecutor(8) as pool:
        sizes = dict(zip(files, pool.map(lambda address: size_of(address, options), files.values())))
    wanted = {path: files[path] for path in files if not os.path.isfile(path) or held(path) != sizes[path]}
    for path, address in wanted.items():
        cli.log(f"{sizes[path] / 1e6:9.1f} MB  {address}" + (f"  ({held(path)} bytes are here)" if held(path) else ""))
    rest = sum(sizes[path] - held(path) for path in wanted)
    cli.log(f"{len(wanted)} of {len(files)} files to fetch, {rest / 1e6:.1f} MB, into {corpus}")
    if wanted and not options.yes:
        cli.log("Nothing was fetched. To fetch it: the same command with --yes true")
        return
    cli.for_each(wanted.items(), lambda path, address: fetch(path, address, sizes[path], options), unit="file")
    unpack(corpus)


if __name__ == "__main__":
    cli.run(main, __doc__, ("corpus",), DownloadOptions)
