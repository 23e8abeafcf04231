#!/usr/bin/env bash
# Find out who spoke when, the whole chain in one process for each job: audio is decoded once, features are not written.
# Usage: steps/diarize.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/turns.scp <out>/evidence.scp; <out>/hyp.rttm, <out>/talk_time: `<reco> <speaker> <seconds>`, and
#         <out>/speakers.tsv: how many speakers there are, and why
segment_config=conf/segmentation/segment.conf   # options of bin/segment-speakers.py
embed_config=conf/embed/speakers.conf           # options of bin/embed-speakers.py
cluster_config=conf/cluster/speakers.conf       # options of bin/cluster-speakers.py
turns_config=conf/turns/overlapping.conf        # options of bin/speakers-to-rttm.py
model=small                                     # small, resnet34, campplus, or a file of torch weights of one of these
plda=                                           # of the embeddings, small, resnet34 or a folder; the model's when empty
channel=auto                                    # auto, mix, separate (each channel is a speaker), or a channel's number
num_speakers=                                   # exactly this many in every recording
min_speakers=                                   # at least this many
max_speakers=                                   # at most this many
reco2num_spk=                                   # file `<reco> <speakers>`: exactly this many in each recording
threads=1                                       # processor threads of a job (no stamp)
nj=4                                            # most jobs to run at once
cmd=run.py                                      # how to start jobs, see cmd.sh
. utils/step.sh
own=''
[ ! -f "$model" ] || own=$model
confs=("$segment_config" "$embed_config" "$cluster_config" "$turns_config")
need "$data/wav.scp" "${confs[@]}" ${reco2num_spk:+"$reco2num_spk"}
begin "$out" --out turns.scp evidence.scp hyp.rttm talk_time speakers.tsv \
    --in "$data/wav.scp" "${confs[@]}" ${reco2num_spk:+"$reco2num_spk"} ${own:+"$own"}
[ -n "$own" ] || utils/fetch_model.py "$model" > /dev/null   # here: a node of a cluster may have no network
count=(--num-speakers="$num_speakers" --min-speakers="$min_speakers" --max-speakers="$max_speakers" --reco2num-spk="$reco2num_spk")
split_data "$data/wav.scp"
run_jobs diarize diarize-recordings.py --segment-config="$segment_config" --embed-config="$embed_config" \
    --cluster-config="$cluster_config" --turns-config="$turns_config" --model="$model" --plda="$plda" --channel="$channel" \
    --threads="$threads" "${count[@]}" "scp:$sdata/wav.scp" "ark,scp:$parts/turns.$part.ark,$parts/turns.$part.scp" \
    "ark,scp:$parts/evidence.$part.ark,$parts/evidence.$part.scp"
collect turns.scp --keys "$data/wav.scp"
collect evidence.scp --keys "$data/wav.scp"
turns-to-rttm.py "scp:$out/turns.scp" "$out/hyp.rttm" "$out/talk_time"
report-speakers.py --config="$cluster_config" "${count[@]}" "scp:$out/evidence.scp" "$out/speakers.tsv"
finish
