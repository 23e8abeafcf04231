#!/usr/bin/env bash
# Simulate conversations with a reference out of utterances of single speakers; every one is fixed by seed and number.
# Usage: steps/simulate_conversations.sh [options] <speakers> <out>
# Reads:  <speakers>/wav.scp (utterance, path) <speakers>/utt2spk [<speakers>/utt2group]
# Writes: <out>/wav.scp <out>/reco2dur <out>/ref.rttm <out>/ref.uem <out>/reco2num_spk: a data directory; <out>/audio;
#         <out>/statistics.txt <out>/statistics.tsv <out>/conditions.tsv: what the conversations are like
num=100                                    # conversations to simulate
duration=300                               # least length of each in seconds
prefix=conv                                # ids are this and a number
seed=0                                     # seed of every random choice
simulate_config=conf/simulate/simulate.conf         # options of bin/simulate-conversations.py
turn_taking=conf/simulate/turn_taking_meeting.json  # statistics of bin/fit-turn-taking.py
rirs=                                      # wav.scp of measured room responses, for --rooms=file
noises=                                    # wav.scp of noises, for --noise=file
nj=4                                       # most jobs to run at once
cmd=run.py                                 # how to start jobs, see cmd.sh
. utils/step.sh
group=$speakers/utt2group
[[ -e $group ]] || group=''
need "$speakers/wav.scp" "$speakers/utt2spk" "$simulate_config" "$turn_taking" ${rirs:+"$rirs"} ${noises:+"$noises"}
begin "$out" --out wav.scp reco2dur ref.rttm ref.uem reco2num_spk conditions.tsv statistics.tsv statistics.txt \
    conversations audio turns --in "$speakers/utt2spk" "$simulate_config" "$turn_taking" ${group:+"$group"} \
    --pool "$speakers/wav.scp" ${rirs:+"$rirs"} ${noises:+"$noises"}
options=(--config="$simulate_config" --turn-taking="$turn_taking" --duration="$duration" --seed="$seed"
    ${rirs:+--rirs="$rirs"} ${noises:+--noises="$noises"})
plan-conversations.py "${options[@]}" --num-conversations="$num" --prefix="$prefix" "$speakers" "$out/conversations"
rm -f "$out"/audio/.*.tmp "$out"/turns/.*.tmp   # of a job that was killed
split_data "$out/conversations"
run_jobs simulate simulate-conversations.py "${options[@]}" "$speakers" "$sdata/conversations" "$out" "$parts/wav.$part.scp"
collect wav.scp --keys "$out/conversations"
describe-conversations.py "$out" "$turn_taking"
finish
