#!/usr/bin/env bash
# Find where the speaker changes with the Bi-LSTM: scores of all frames, and the times of their peaks.
# Usage: steps/detect_changes.sh [options] <feats> <out>
# Reads:  <feats>/feats.scp <feats>/feats.conf of steps/make_change_feats.sh, made as those that the model was trained on
# Writes: <out>/curve.scp: seconds and score of every frame; <out>/changes.scp: seconds of the changes
model=change_bilstm                    # change_bilstm, which is shipped, or a file of trained weights
detect_config=conf/change/detect.conf  # options of bin/detect-changes.py
pick_config=conf/change/pick.conf      # options of bin/pick-changes.py
nj=4                                   # most jobs to run at once
cmd=run.py                             # how to start jobs, see cmd.sh
. utils/step.sh
own=''
[ ! -f "$model" ] || own=$model
need "$feats/feats.scp" "$feats/feats.conf" "$detect_config" "$pick_config"
begin "$out" --out curve.scp changes.scp --in "$feats/feats.scp" "$feats/feats.conf" ${own:+"$own"} "$detect_config" "$pick_config"
split_data "$feats/feats.scp"
run_jobs detect_changes detect-changes.py --config="$detect_config" --model="$model" --feats-config="$feats/feats.conf" \
    "scp:$sdata/feats.scp" "ark,scp:$parts/curve.$part.ark,$parts/curve.$part.scp"
collect curve.scp --keys "$feats/feats.scp"
pick-changes.py --config="$pick_config" "scp:$out/curve.scp" "ark,scp:$out/changes.ark,$out/changes.scp"
finish
