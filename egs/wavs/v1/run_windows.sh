#!/usr/bin/env bash
# Your own recordings, window by window: speech activity, embeddings of sliding windows, one of four clusterings.
# Usage: ./run_windows.sh --audio DIR [options]
audio=               # folder of recordings, at any depth, in any format: audio or film
rttm=                # references, where there are any: an RTTM file or a folder; X.rttm beside X.wav when empty
ref=                 # references in another format: TextGrid, eaf, csv, stm, cha and others, a file or a folder
name=wavs            # name of this set of recordings, in data/ and exp/
num_speakers=        # exactly this many speakers in each recording
min_speakers=        # at least this many
max_speakers=        # at most this many
vad=silero           # speech activity: silero, webrtc, energy, or oracle where there are references
model=resnet34       # speaker embedding: resnet34, campplus or ge2e
clustering=spectral  # spectral, ahc, kmeans or meanshift
nj=2                 # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${audio:?is empty. Say where your recordings are: ./run_windows.sh --audio DIR}"
case $model in ge2e) kind=mel;; *) kind=fbank;; esac
data=data/$name speech=exp/vad_$vad/$name windows=exp/windows_$vad/$name feats=exp/${kind}_$model/$name
emb=exp/${model}_$vad/$name found=exp/${model}_${vad}_$clustering/$name

stage 0 "data" local/prepare.sh --audio "$audio" --rttm "$rttm" --ref "$ref" "$data"
stage 1 "speech activity" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method "$vad" "$data" "$speech"
stage 1 "windows" steps/make_subsegments.sh "$speech" "$windows"
stage 2 "features" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/${kind}_$model.conf" "$data" "$feats"
stage 3 "embeddings" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats" "$windows" "$emb"
stage 4 "speakers" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config "conf/cluster/tuned_$model.conf" \
  --num-speakers "$num_speakers" --min-speakers "$min_speakers" --max-speakers "$max_speakers" "$emb" "$found"
stage 5 "turns" steps/make_turns.sh "$data" "$found" "$found/turns"
[ ! -e "$data/ref.rttm" ] || stage 6 "score" steps/score.sh "$data" "$found/turns" "$found/score"
stage 7 "results in $found/results" steps/export_turns.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results"
stage 8 "pages: $found/results/html/index.html" steps/make_panel.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results/html"
