#!/usr/bin/env bash
# Find speech in every recording. Where <data> has segments, speech is confined to them.
# Usage: steps/compute_vad.sh [options] <data> <out>
# Reads:  <data>/wav.scp [<data>/segments] [<data>/ref.rttm, for --method oracle]
# Writes: <out>/vad.scp <out>/segments
method=silero   # silero, webrtc, energy or oracle
vad_config=     # options of bin/compute-vad.py; conf/vad/<method>.conf when empty
nj=4            # most jobs to run at once
cmd=run.py      # how to start jobs, see cmd.sh
. utils/step.sh
config=${vad_config:-conf/vad/$method.conf} within='' reference=''
[ ! -e "$data/segments" ] || within=$data/segments
[ "$method" != oracle ] || reference=$data/ref.rttm
need "$data/wav.scp" "$config" ${within:+"$within"} ${reference:+"$reference"}
begin "$out" --out vad.scp segments --in "$data/wav.scp" "$config" ${within:+"$within"} ${reference:+"$reference"}
# Fetched here: a node of a cluster may have no network.
[ "$method" != silero ] || grep -q -- '^--silero-model=' "$config" || utils/fetch_model.py silero > /dev/null
split_data "$data/wav.scp" ${reference:+"$reference"}
run_jobs compute_vad compute-vad.py --method="$method" --config="$config" ${within:+--within="$within"} \
    ${reference:+--oracle-rttm="$sdata/ref.rttm"} "scp:$sdata/wav.scp" "ark,scp:$parts/vad.$part.ark,$parts/vad.$part.scp"
collect vad.scp --keys "$data/wav.scp"
spans-to-segments.py "scp:$out/vad.scp" "$out/segments"
finish
