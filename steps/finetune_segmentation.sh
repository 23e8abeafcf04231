#!/usr/bin/env bash
# Fine-tune the local segmentation on recordings of your own; goes on where it was stopped.
# Usage: steps/finetune_segmentation.sh [options] <train> <dev> <out>
# Reads:  <train>/wav.scp <train>/ref.rttm <dev>/wav.scp <dev>/ref.rttm, and <train>/ref.uem <dev>/ref.uem where there are
# Writes: <out>/best.pt for --model of steps/segment_speakers.sh, <out>/last.pt <out>/metrics.csv <out>/checkpoint.pt
finetune_config=conf/train/segmentation.conf   # options of bin/finetune-segmentation.py
cmd=run.py                                        # how to start jobs, see cmd.sh
. utils/step.sh
train_uem=$train/ref.uem dev_uem=$dev/ref.uem
[[ -e $train_uem ]] || train_uem=''
[[ -e $dev_uem ]] || dev_uem=''
inputs=("$train/wav.scp" "$train/ref.rttm" "$dev/wav.scp" "$dev/ref.rttm")
need "${inputs[@]}" "$finetune_config"
begin "$out" --out best.pt last.pt metrics.csv checkpoint.pt --in "${inputs[@]}" "$finetune_config" \
    ${train_uem:+"$train_uem"} ${dev_uem:+"$dev_uem"}
grep -q -- '^--start=' "$finetune_config" || utils/fetch_model.py segmentation > /dev/null
run_jobs finetune finetune-segmentation.py --config="$finetune_config" --train-uem="$train_uem" --dev-uem="$dev_uem" \
    "${inputs[@]}" "$out"
finish
