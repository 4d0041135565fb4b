# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for genaudio: commands, and the options a command's own
# --help lists.

_genaudio()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command=${COMP_WORDS[1]}
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(genaudio --help |
            sed -n 's/^  \([a-z]\+\)  .*/\1/p') --help --version" -- "$current")
        return
    fi
    case $previous in
        --format | -f)
            mapfile -t COMPREPLY < <(compgen -W "wav rf64 flac ogg opus mp3 aiff" -- "$current")
            return
            ;;
        --bit-depth)
            mapfile -t COMPREPLY < <(compgen -W "PCM_16 PCM_24 PCM_32 FLOAT" -- "$current")
            return
            ;;
        --if-exists)
            mapfile -t COMPREPLY < <(compgen -W "error suffix skip replace" -- "$current")
            return
            ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(genaudio "$command" --help |
            grep -o -- '--[a-z-]\+' | sort -u)" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -o filenames -F _genaudio genaudio
