#!/usr/bin/env bash
# Make a data directory of a folder of recordings, with a reference where there are RTTM files.
# Usage: local/prepare.sh [options] <data>
# Reads:  every recording in the folder, at any depth, whatever libsndfile can read; see bin/prepare-folder.py --help
# Writes: <data>/wav.scp reco2dur ref.uem dropped.txt [ref.rttm reco2num_spk]
audio=audio   # folder of recordings, or one recording
rttm=         # reference: an RTTM file or a folder of them; X.rttm beside each X.wav when empty
ref=          # reference in any format that utils/convert_reference.py reads: a file or a folder of them
uem=          # what to score: a UEM file or a folder of them; X.uem beside each X.wav when empty, else everything
set -euo pipefail
. utils/parse_options.sh
. ./path.sh
prepare-folder.py --audio="$audio" ${rttm:+--rttm="$rttm"} ${ref:+--ref="$ref"} ${uem:+--uem="$uem"} "$data"
