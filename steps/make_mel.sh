#!/usr/bin/env bash
# Compute mel power spectrograms of librosa's kind, one matrix per recording.
# Usage: steps/make_mel.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/feats.scp <out>/feats.conf
mel_config=conf/features/mel_ge2e.conf   # options of bin/compute-mel-feats.py
nj=4                            # most jobs to run at once
cmd=run.py                      # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$mel_config"
begin "$out" --out feats.scp feats.conf --in "$data/wav.scp" "$mel_config"
split_data "$data/wav.scp"
run_jobs make_mel compute-mel-feats.py --config="$mel_config" \
    "scp:$sdata/wav.scp" "ark,scp:$parts/feats.$part.ark,$parts/feats.$part.scp"
collect feats.scp --keys "$data/wav.scp"
cp "$mel_config" "$out/feats.conf"
finish
