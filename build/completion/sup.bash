# Completion of sup for bash: commands, options, values, sessions, and behind "sup run" what bash completes itself.

_sup() {
    # The line is split at more than spaces (COMP_WORDBREAKS): what stands together is put together again.
    local line=${COMP_LINE:0:COMP_POINT} words=() starts=() rest word i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        if ((i > 0)) && [ "$rest" = "$line" ]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word") starts+=("$i")
        fi
        line=${rest#"$word"}
    done
    local current=${words[${#words[@]} - 1]}
    # Only what follows the last break is replaced.
    local kept=${current%"$word"}
    local answer=()
    mapfile -t answer < <("${1/#\~/$HOME}" completion --words -- "${words[@]:1}" 2>/dev/null)
    COMPREPLY=()
    case ${answer[0]-} in
    words)
        compopt -o nosort 2>/dev/null
        for line in "${answer[@]:1}"; do
            word=${line%%$'\t'*}
            COMPREPLY+=("${word#"$kept"}")
        done
        ;;
    command*)
        # Counted from the word after sup.
        i=$((${answer[0]#command } + 1))
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "${starts[i]}"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "${starts[i]}"
        elif ((i == ${#words[@]} - 1)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u)
            compopt -o default 2>/dev/null
        else
            compopt -o default 2>/dev/null
        fi
        ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    files) compopt -o default 2>/dev/null ;;
    esac
}
complete -F _sup sup
