#!/usr/bin/env bash
# Your own recordings, piece by piece: speech is cut where the speaker changes, and the first 2 s of each piece tell whose it is.
# Usage: ./run_changes.sh --audio DIR [options]
audio=                 # folder of recordings, at any depth, in any format: audio or film
rttm=                  # references, where there are any: an RTTM file or a folder; X.rttm beside X.wav when empty
ref=                   # references in another format: TextGrid, eaf, csv, stm, cha and others, a file or a folder
name=wavs              # name of this set of recordings, in data/ and exp/
num_speakers=          # exactly this many speakers in each recording
min_speakers=          # at least this many
max_speakers=          # at most this many
vad=webrtc             # speech activity: webrtc, silero, energy, or oracle where there are references
detector=bilstm        # speaker changes: bilstm (trained), bic, divergence, kl2 (untrained) or segmentation (windows of 10 s)
trained=change_bilstm  # weights of the bilstm: the shipped ones, or a file of steps/train_change_detector.sh
model=ge2e             # speaker embedding: ge2e, resnet34 or campplus
embed_config=conf/embed/pieces.conf      # how much of each piece is heard
clustering=meanshift   # meanshift, meanshift_tsne (as published), ahc, spectral, or kmeans, which needs the number of speakers
sure=2.0               # shorter pieces found no speaker, seconds; 0: all are alike, as published
nj=2                   # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${audio:?is empty. Say where your recordings are: ./run_changes.sh --audio DIR}"
case $model in ge2e) kind=mel;; *) kind=fbank;; esac
case $detector in segmentation) table=change.scp changes=exp/segment/$name;; *) table=changes.scp changes=exp/changes_${detector}_$vad/$name;; esac
data=data/$name speech=exp/vad_$vad/$name pieces=exp/pieces_${detector}_$vad/$name feats=exp/${kind}_$model/$name mfcc=exp/mfcc/$name
emb=exp/${model}_${detector}_$vad/$name found=exp/${model}_${detector}_${vad}_$clustering/$name

stage 0 "data" local/prepare.sh --audio "$audio" --rttm "$rttm" --ref "$ref" "$data"
stage 1 "speech activity" steps/compute_vad.sh --nj "$nj" --cmd "$cpu_cmd" --method "$vad" "$data" "$speech"
case $detector in
  segmentation) stage 2 "changes" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$changes";;
  bilstm) stage 2 "change features" steps/make_change_feats.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "exp/change_feats/$name"
    stage 2 "changes" steps/detect_changes.sh --nj "$nj" --cmd "$cpu_cmd" --model "$trained" "exp/change_feats/$name" "$changes";;
  *) stage 2 "change features" steps/make_mfcc.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$mfcc"
    stage 2 "changes" steps/detect_changes_metric.sh --nj "$nj" --cmd "$cpu_cmd" --method "$detector" "$mfcc" "$speech" "$changes";;
esac
stage 3 "pieces" steps/split_at_changes.sh --cmd "$cpu_cmd" --changes "$table" "$speech" "$changes" "$pieces"
stage 4 "features" "steps/make_$kind.sh" --nj "$nj" --cmd "$cpu_cmd" "--$kind-config" "conf/features/${kind}_$model.conf" "$data" "$feats"
stage 4 "embeddings" steps/extract_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" --embed-config "$embed_config" "$feats" "$pieces" "$emb"
case $clustering$num_speakers$min_speakers$max_speakers in kmeans) counts=$data/reco2num_spk;; *) counts='';; esac
stage 5 "speakers" steps/cluster_embeddings.sh --nj "$nj" --cmd "$cpu_cmd" --method "$clustering" --tuned-config "conf/cluster/tuned_$model.conf" \
  --num-speakers "$num_speakers" --min-speakers "$min_speakers" --max-speakers "$max_speakers" --reco2num-spk "$counts" --sure "$sure" "$emb" "$found"
stage 6 "turns" steps/make_turns.sh --cmd "$cpu_cmd" "$data" "$found" "$found/turns"
[ ! -e "$data/ref.rttm" ] || stage 7 "score changes" steps/score_changes.sh --cmd "$cpu_cmd" --changes "$table" "$data" "$changes" "$changes/score"
[ ! -e "$data/ref.rttm" ] || stage 7 "score" steps/score.sh --cmd "$cpu_cmd" "$data" "$found/turns" "$found/score"
stage 8 "results in $found/results" steps/export_turns.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results"
stage 9 "pages: $found/results/html/index.html" steps/make_panel.sh --nj "$nj" --cmd "$cpu_cmd" "$data" "$found/turns" "$found/results/html"
