# Completion of sup for fish: commands, options, values, sessions, and behind "sup run" what fish completes itself.

function __sup_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    set -l answer (command $words[1] completion --words -- $words[2..-1] 2>/dev/null)
    set -l kind (string split ' ' -- $answer[1])
    # The value of --option=value.
    set -l option (string match -r -- '^--[^=]*=' "$current")
    set -l value (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$kind[1]"
        case words
            printf '%s\n' $answer[2..-1]
        case command
            # Counted from the word after sup.
            set -l from (math $kind[2] + 2)
            set -l before
            if test $from -lt (count $words)
                set before (string escape -- $words[$from..-2])
            end
            complete -C "$before $current"
        case folders
            for line in (__fish_complete_directories "$value")
                echo -- "$option$line"
            end
        case files
            for line in (__fish_complete_path "$value")
                echo -- "$option$line"
            end
    end
end

complete -c sup -f -k -a '(__sup_complete)'
