#!/usr/bin/env bash
# Fine-tune the local segmentation on composed conversations of one half of the speakers; watch it on the other half.
# For your own corpus: steps/finetune_segmentation.sh data/train data/dev exp/finetuned, then segment_speakers.sh --model.
# Usage: ./run_finetune.sh --speech DIR [options]
speech=          # folder of speech with utterances.tsv: path, speaker, corpus, seconds
num=40           # conversations to train on
num_dev=8        # conversations of other speakers to choose the best round by
duration=180     # seconds of each, at least
finetune_config=conf/train/segmentation.conf   # options of bin/finetune-segmentation.py
nj=2             # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${speech:?is empty. Say where the speech is: ./run_finetune.sh --speech DIR}"
model=exp/finetuned

stage 0 "data train" local/prepare.sh --speech "$speech" --half tune --num "$num" --duration "$duration" --seed 3 data/train
stage 0 "data dev" local/prepare.sh --speech "$speech" --half test --num "$num_dev" --duration "$duration" --seed 4 data/dev
stage 1 "fine-tune" steps/finetune_segmentation.sh --cmd "$cpu_cmd" --finetune-config "$finetune_config" data/train data/dev "$model"
stage 2 "local speakers dev" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model/best.pt" data/dev exp/segment_finetuned/dev
stage 3 "speech activity" score-vad.py --uem=data/dev/ref.uem data/dev/ref.rttm data/dev/reco2dur exp/segment_finetuned/dev/segments exp/segment_finetuned/dev/vad.tsv
stage 3 "errors of each round" cat "$model/metrics.csv"
