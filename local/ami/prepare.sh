#!/usr/bin/env bash
# Make a data directory of AMI meetings out of the corpus as it is distributed; local/download.py fetches it.
# Usage: local/prepare.sh [options] <corpus> <data>
# Reads:  <corpus>/amicorpus/<meeting>/audio, and the NXT annotation in <corpus>/annotations; see local/make_data.py --help
# Writes: <data>/wav.scp reco2dur ref.rttm ref.uem reco2num_spk
list=                              # file with one meeting a line; every meeting that is there when empty
prepare_config=conf/prepare.conf   # options of local/make_data.py: the microphone, and what counts as a turn
set -euo pipefail
. utils/parse_options.sh
. ./path.sh
"$(dirname "$0")/make_data.py" --config="$prepare_config" --list="$list" "$corpus" "$data"
