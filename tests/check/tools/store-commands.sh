#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# store-commands.sh GENAUDIO: what the store's commands say and do.
set -u
genaudio=$(realpath "$1")
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
export AUDIO_OUTPUT_DIR="$dir/store" TZ=UTC LC_ALL=C.UTF-8
failures=0

# check STATUS "REGULAR EXPRESSION" ARGUMENT...: exit status and output
check () {
  status=$1 pattern=$2
  shift 2
  output=$("$genaudio" "$@" 2>&1)
  got=$?
  if [ $got -ne "$status" ] || ! printf '%s\n' "$output" | grep -qE -e "$pattern"; then
    echo "genaudio $*: status $got for $status, no \"$pattern\" in:"
    printf '%s\n' "$output"
    failures=$((failures + 1))
  fi
}

there () {
  [ -e "$AUDIO_OUTPUT_DIR/$1" ] || { echo "$1 is gone"; failures=$((failures + 1)); }
}

gone () {
  [ ! -e "$AUDIO_OUTPUT_DIR/$1" ] || { echo "$1 is there"; failures=$((failures + 1)); }
}

check 0 '^$' list
mkdir -p "$AUDIO_OUTPUT_DIR/2025/11/07" "$AUDIO_OUTPUT_DIR/2025/11/08"
cd "$AUDIO_OUTPUT_DIR" || exit 99
printf 12345 > 2025/11/07/a.wav
printf '{}' > 2025/11/07/a.wav.json
printf 123 > 2025/11/08/b.flac
printf 1 > 2025/11/08/notes.txt

check 0 'b.flac' list -n 1
check 0 '^.*/store/2025/11/08/b.flac$' list --paths --limit 1
check 0 '"path":".*a.wav","date":"2025-11-07","file_size_bytes":5,.*"sidecar":true' list --json --ext wav
check 0 'a.wav' list --since 2025-11-01 --until 2025-11-07
check 0 'notes.txt' list --any-name
check 2 'Date "soon"' list --since soon
check 2 'Time zone' list --timezone Mars/Olympus
check 2 'no argument' list x
check 2 'option' list --nonsense
check 0 '^2 files, 8 bytes' stats
check 0 '"total_files":2,"total_size_bytes":8,"sidecar_size_bytes":2' stats --json
check 3 'Could not read' list --base-dir "$AUDIO_OUTPUT_DIR/2025/11/07/a.wav"

check 0 '/store/2025/01/15/gen_1.wav$' path gen_1 --date 2025-01-15
gone 2025/01
check 0 '"exists":false' path gen_1 --date 2025-01-15 --ext .ogg --create --json
there 2025/01/15
check 2 'separator|dot' path ../../etc/passwd
check 2 'one job id' path

check 0 'moved' mv 2025/11/07/a.wav 2025/11/07/c.wav
there 2025/11/07/c.wav.json
check 1 'exists already' cp 2025/11/07/c.wav 2025/11/08/b.flac
check 0 '"path":"2025/11/08/c.wav"' cp --json 2025/11/07/c.wav 2025/11/08
there 2025/11/08/c.wav.json
check 1 'No such file' mv nothing.wav 2025/11/08
check 2 'if-exists' cp --if-exists perhaps a b
check 1 'not a file of the store' rm 2025/11/08/notes.txt
check 1 'no file' rm 2025/11/08/nothing.wav
check 0 '^$' rm 2025/11/08/c.wav
gone 2025/11/08/c.wav.json

# a dry run says, --delete does, and no policy does nothing
check 2 'nothing to do' cleanup --delete
check 2 'expected a size' cleanup --keep-bytes lots
check 0 'would remove 1 file.*--delete' cleanup --keep-bytes 4
there 2025/11/07/c.wav
check 0 '"reason":"bytes","removed":true' cleanup --keep-bytes 4 --delete --json
gone 2025/11/07
there 2025/11/08/b.flac
check 0 'removed 2 empty folders' cleanup --empty-dirs --delete

# ten frames, and a header that never learnt of them
{
  printf 'RIFF\0\0\0\0WAVEfmt \020\0\0\0\001\0\001\0'
  printf '\200\273\0\0\0\167\001\0\002\0\020\0data\0\0\0\0'
  printf '12345678901234567890'
} > 2025/11/08/.r.wav.0123abcd.part
check 0 'wav, 10 frames, to be repaired' recover
check 2 'exclude' recover --publish --remove
check 0 '"frames":10,"busy":false,"has_audio":true,"damaged":true,"done":true' recover --publish --json
there 2025/11/08/r.wav
printf x > 2025/11/08/.s.wav.0123abcd.part
check 0 'holds no audio' recover --publish
check 0 'removed 1 of 1 part' recover --remove
gone 2025/11/08/.s.wav.0123abcd.part

check 2 'no command' nonsense
check 0 'cleanup' --help
[ $failures -eq 0 ]
