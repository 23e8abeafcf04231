"""Install the library, the command `diarkit` and the programs of bin/; `pip install -e .[test]` to work on them."""

from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

# What `import diarkit` and the command need; the other pins serve the recipes, and come with the extra `recipes`.
CORE = ("numpy", "scipy", "kaldiio", "soundfile", "soxr", "onnxruntime", "scikit-learn", "tqdm", "av", "praatio",
        "pympi-ling")


def pins(name):
    """Return the requirements of a file, without comments."""
    lines = (line.partition("#")[0].strip() for line in Path(name).read_text().splitlines())
    return [line for line in lines if line]


def at_least(name):
    """Return them with the pinned versions as the lowest ones: a library must not forbid its users newer ones."""
    return [pin.replace("==", ">=") for pin in pins(name)]


version = {}
exec(Path("diarkit/__init__.py").read_text(), version)
everything = at_least("requirements.txt")

setup(
    name="diarkit",
    version=version["__version__"],
    description="Speaker diarization: one call, one command, and Kaldi-style recipes",
    long_description=Path("README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    keywords=["speaker diarization", "who spoke when", "speech", "Kaldi", "RTTM"],
    # conf/ of the checkout becomes diarkit/conf: defaults come along without a checkout.
    packages=find_packages(include=["diarkit", "diarkit.*"]) + ["diarkit.conf", "diarkit.weights"],
    package_dir={"diarkit": "diarkit", "diarkit.conf": "conf"},
    package_data={"diarkit.conf": ["*/*"], "diarkit.panel": ["assets/*", "vendor/*"],
                  "diarkit.weights": ["*", "*/*"]},
    scripts=sorted(glob("bin/*.py")),
    entry_points={"console_scripts": ["diarkit = diarkit.command:main"]},
    install_requires=[pin for pin in everything if pin.startswith(CORE)],
    extras_require={"recipes": [pin for pin in everything if not pin.startswith(CORE)],
                    "plot": [pin for pin in everything if pin.startswith("matplotlib")],
                    "train": [pin for pin in everything if pin.startswith("torch")],
                    "simulate": at_least("requirements-simulate.txt"), "test": pins("requirements-test.txt")},
)
