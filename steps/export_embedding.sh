#!/usr/bin/env bash
# Write a trained embedding network as ONNX files, each a --model of any step that embeds; log/ says how near they are.
# Usage: steps/export_embedding.sh [options] <model> <out>
# Reads:  <model>/final.pt, or <model> where it is a file; <feats>/feats.scp <feats>/feats.conf where they are given
# Writes: <out>/embedding.onnx <out>/embedding_fp16.onnx, and with features <out>/embedding_int8.onnx
feats=           # folder of a features step, real speech to find the scales of 8 bits on; empty: no 8 bits
utterances=100   # most utterances that are used of it
cmd=run.py       # how to start jobs, see cmd.sh
. utils/step.sh
[[ ! -d $model ]] || model=$model/final.pt
inputs=("$model" ${feats:+"$feats/feats.scp" "$feats/feats.conf"})
need "${inputs[@]}"
begin "$out" --out embedding.onnx embedding_fp16.onnx ${feats:+embedding_int8.onnx} --in "${inputs[@]}"
run_jobs export export-embedding.py --utterances="$utterances" "$model" "$out" \
    ${feats:+--feats="$feats/feats.scp" --feats-config="$feats/feats.conf"}
finish
