"""Install the library `diarkit` and the binaries of bin/; `pip install -e .[test]` for those who change it."""

from glob import glob
from pathlib import Path

from setuptools import find_packages, setup


def pins(name):
    lines = (line.partition("#")[0].strip() for line in Path(name).read_text().splitlines())
    return [line for line in lines if line]


version = {}
exec(Path("diarkit/__init__.py").read_text(), version)

setup(
    name="diarkit",
    version=version["__version__"],
    description="Kaldi-style, shell-driven recipes for speaker diarization",
    long_description=Path("README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["diarkit", "diarkit.*"]),
    scripts=sorted(glob("bin/*.py")),
    install_requires=[pin.replace("==", ">=") for pin in pins("requirements.txt")],
    extras_require={"test": pins("requirements-test.txt"), "simulate": pins("requirements-simulate.txt")},
)
