#!/usr/bin/env bash
# Make a data directory of recordings of which one CSV says who speaks when: filename, Duration, Offset, Speaker_id.
# Usage: local/prepare.sh [options] <corpus> <data>
# Reads:  recordings at any depth in <corpus>, and its one CSV; see local/make_data.py --help
# Writes: <data>/wav.scp reco2dur ref.rttm ref.uem reco2num_spk
list=                              # file with one recording a line; every recording in the corpus when empty
prepare_config=conf/prepare.conf   # options of local/make_data.py
set -euo pipefail
. utils/parse_options.sh
. ./path.sh
"$(dirname "$0")/make_data.py" --config="$prepare_config" --list="$list" "$corpus" "$data"
