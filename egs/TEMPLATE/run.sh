#!/usr/bin/env bash
# Who spoke when in this corpus, and how well.
# Usage: ./run.sh [options]
corpus=              # folder of the corpus, with one folder of recordings for each set, X.rttm beside X.wav
ref=                 # folder of references in another format, with a folder for each set: TextGrid, eaf, csv, stm, cha ...
sets="dev test"      # folders of the corpus to work on
vad=silero           # speech activity: silero, webrtc, energy or oracle
model=resnet34       # speaker embedding: resnet34, campplus or ge2e
clustering=spectral  # spectral, ahc, kmeans or meanshift
nj=4                 # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
: "${corpus:?is empty. Write the folder of the corpus into run.sh, or say --corpus DIR}"
case $model in ge2e) kind=mel;; *) kind=fbank;; esac
feats=exp/${kind}_$model speech=exp/vad_$vad windows=exp/windows_$vad
emb=exp/${model}_$vad found=exp/${model}_${vad}_$clustering

for x in $sets; do stage 0 "data $x" local/prepare.sh --audio "$corpus/$x" ${ref:+--ref "$ref/$x"} "data/$x"; done
for x in $sets; do stage 0 "check $x" utils/validate_data_dir.py "data/$x"; done

for x in $sets; do stage 1 "speech activity $x" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method "$vad" "data/$x" "$speech/$x"; done
for x in $sets; do stage 1 "windows $x" steps/make_subsegments.sh "$speech/$x" "$windows/$x"; done

for x in $sets; do stage 2 "features $x" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/${kind}_$model.conf" "data/$x" "$feats/$x"; done

for x in $sets; do stage 3 "embeddings $x" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "$windows/$x" "$emb/$x"; done

for x in $sets; do stage 4 "speakers $x" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config "conf/cluster/tuned_$model.conf" "$emb/$x" "$found/$x"; done

for x in $sets; do stage 5 "turns $x" steps/make_turns.sh "data/$x" "$found/$x" "$found/$x/turns"; done

for x in $sets; do stage 6 "score $x" steps/score.sh "data/$x" "$found/$x/turns" "$found/$x/score"; done
