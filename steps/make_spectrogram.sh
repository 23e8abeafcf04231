#!/usr/bin/env bash
# Compute spectrograms, one matrix per recording.
# Usage: steps/make_spectrogram.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
spectrogram_config=conf/features/spectrogram.conf   # options of bin/compute-spectrogram-feats.py
nj=4                                       # most jobs to run at once
cmd=run.py                                 # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$spectrogram_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$spectrogram_config"
split_data "$data/wav.scp"
run_jobs make_spectrogram compute-spectrogram-feats.py --config="$spectrogram_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$spectrogram_config" "$out/feats.conf"
finish
