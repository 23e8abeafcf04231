#!/usr/bin/env bash
# Train a PLDA from embeddings whose speakers are known.
# Usage: steps/train_plda.sh [options] <data> <emb> <out>
# Reads:  <data>/utt2spk <emb>/emb.scp
# Writes: <out>/mean.vec <out>/transform.mat <out>/plda <out>/backend.conf
plda_config=conf/train/plda.conf   # options of bin/train-plda.py
. utils/step.sh
need "$data/utt2spk" "$emb/emb.scp" "$plda_config"
begin "$out" --out mean.vec transform.mat plda backend.conf --in "$data/utt2spk" "$emb/emb.scp" "$plda_config"
train-plda.py --config="$plda_config" "scp:$emb/emb.scp" "$data/utt2spk" "$out"
finish
