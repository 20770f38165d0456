# shellcheck shell=bash disable=SC2016,SC2154
# ./sup: builds when it must, and only then, and becomes the program.

test_builds_the_first_time_and_talks_on_stderr_only() {
    fake_repository
    status 0 "$sup" -c 'printf "<%s>" "$@"' x 'a b' '' '*' -- --help
    equal '<a b><><*><--><--help>' "$(cat out)"
    contains "$(cat err)" 'sup: building'
    equal 1 "$(builds)"
}

test_a_second_call_builds_nothing_and_says_nothing() {
    fake_repository
    status 0 "$sup" -c :
    status 0 "$sup" -c :
    equal '' "$(cat err)"
    equal 1 "$(builds)"
}

test_becomes_the_program() {
    fake_repository
    "$sup" -c :
    equal "$(printf '%s\n%s' same "$repo/artifacts/sup/$(readlink "$repo/artifacts/sup/current")/sup")" \
        "$(bash -c 'before=$BASHPID; export before; exec "$1" -c "[ \$\$ = \$before ] && echo same; readlink /proc/\$\$/exe; :"' x "$sup")"
    status 7 "$sup" -c 'exit 7'
    status 143 "$sup" -c 'kill -TERM $$'
}

test_builds_again_when_a_source_changes() {
    fake_repository
    "$sup" -c :
    echo more >>"$repo/src/Supervisor.Cli/two.cs"
    "$sup" -c :
    equal 2 "$(builds)"
    "$sup" -c :
    equal 2 "$(builds)"
}

test_builds_again_when_a_source_is_deleted_or_replaced_by_an_older_one() {
    fake_repository
    echo old >"$work/old.cs"
    touch -d 2001-01-01 "$work/old.cs"
    "$sup" -c :
    rm "$repo/src/Supervisor.Cli/two.cs"
    "$sup" -c :
    equal 2 "$(builds)"
    # In place, with its old time: neither the folder's time nor the file's tells.
    cp -p "$work/old.cs" "$repo/src/one.cs"
    "$sup" -c :
    equal 3 "$(builds)"
}

test_builds_again_when_build_settings_change() {
    fake_repository
    "$sup" -c :
    touch "$repo/Directory.Build.props"
    "$sup" -c :
    touch "$repo/global.json"
    "$sup" -c :
    equal 3 "$(builds)"
}

test_a_source_that_changes_during_the_build_is_built_next_time() {
    fake_repository
    touch "$work/slow"
    "$sup" -c : &
    eventually test -e "$work/dotnet.log"
    echo more >>"$repo/src/one.cs"
    rm "$work/slow"
    wait $!
    "$sup" -c :
    equal 2 "$(builds)"
}

test_of_many_at_once_one_builds() {
    fake_repository
    touch "$work/slow"
    local i pids=()
    for i in 1 2 3 4 5; do
        "$sup" -c 'echo ran' >"out.$i" 2>"err.$i" &
        pids+=($!)
    done
    # Looked for anew each time: the files may not be there yet.
    some_wait() { grep -qs waiting err.*; }
    eventually some_wait
    rm "$work/slow"
    for i in "${pids[@]}"; do wait "$i"; done
    equal 1 "$(builds)"
    equal 5 "$(cat out.* | grep -c ran)"
}

test_a_failed_build_says_why_and_exits_125() {
    fake_repository
    touch "$work/broken"
    status 125 "$sup" -c 'echo ran'
    equal '' "$(cat out)"
    contains "$(cat err)" 'error CS1002'
    contains "$(cat err)" 'sup: the build failed'
    equal '' "$(find "$repo/artifacts/sup" -mindepth 1 -maxdepth 1 -type d ! -name work)"
    rm "$work/broken"
    status 0 "$sup" -c 'echo ran'
    equal ran "$(cat out)"
}

test_a_failed_build_does_not_run_what_was_built_before() {
    fake_repository
    "$sup" -c :
    touch "$work/broken" "$repo/src/one.cs"
    status 125 "$sup" -c 'echo ran'
    equal '' "$(cat out)"
}

test_an_earlier_build_goes_once_nothing_runs_from_it() {
    fake_repository
    mkfifo hold
    "$sup" -c 'read -r < hold' &
    eventually test -h "$repo/artifacts/sup/current"
    local first
    first=$(readlink -f "$repo/artifacts/sup/current")
    eventually runs $! "$first/sup"
    touch "$repo/src/one.cs"
    "$sup" -c :
    exists "$first/sup.dll"
    echo go >hold
    wait $!
    touch "$repo/src/one.cs"
    "$sup" -c :
    missing "$first"
    equal 1 "$(find "$repo/artifacts/sup" -mindepth 1 -maxdepth 1 -type d ! -name work | wc -l)"
}

test_the_remains_of_a_killed_build_go_with_the_next() {
    fake_repository
    touch "$work/slow"
    setsid "$sup" -c : &
    local killed=$!
    eventually test -e "$work/dotnet.log"
    kill -KILL -- "-$killed"
    rm "$work/slow"
    equal 1 "$(find "$repo/artifacts/sup" -mindepth 1 -maxdepth 1 -type d ! -name work | wc -l)"
    status 0 "$sup" -c :
    equal 2 "$(builds)"
    equal 1 "$(find "$repo/artifacts/sup" -mindepth 1 -maxdepth 1 -type d ! -name work | wc -l)"
}

test_an_orphaned_build_still_keeps_others_from_building() {
    fake_repository
    touch "$work/slow"
    "$sup" -c : &
    local killed=$!
    eventually test -e "$work/dotnet.log"
    kill -KILL "$killed"
    status 1 flock -n "$repo/artifacts/sup/lock" true
    rm "$work/slow"
    status 0 "$sup" -c :
    equal 1 "$(builds)"
}

test_mcp_never_builds() {
    fake_repository
    status 125 "$sup" mcp
    equal '' "$(cat out)"
    contains "$(cat err)" "run $sup --version once"
    equal 0 "$(builds)"
    "$sup" -c :
    touch "$repo/src/one.cs"
    echo 'echo served' >mcp
    status 0 "$sup" mcp
    equal served "$(cat out)"
    equal '' "$(cat err)"
    equal 1 "$(builds)"
}

test_without_the_sdk_it_says_what_to_install() {
    fake_repository
    status 125 hide_dotnet "$sup" -c :
    equal '' "$(cat out)"
    equal 1 "$(wc -l <err)"
    contains "$(cat err)" 'install dotnet-sdk-10.0'
}

test_a_build_that_is_there_needs_no_sdk() {
    fake_repository
    "$sup" -c :
    status 0 hide_dotnet "$sup" -c 'echo ran'
    equal ran "$(cat out)"
}

test_leaves_stdin_to_the_command() {
    fake_repository
    equal 'typed ahead' "$(echo 'typed ahead' | "$sup" -c cat)"
    contains "$(cat dotnet.log)" publish
}

test_the_build_never_sees_the_terminal() {
    need script
    fake_repository
    script -qec "'$sup' -c '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo a terminal'" /dev/null >out </dev/null
    contains "$(cat out)" 'a terminal'
    case $(cat dotnet.log) in *'sees the terminal'*) fail "$(cat dotnet.log)" ;; esac
}

test_works_from_anywhere() {
    fake_repository
    "$sup" -c :
    mkdir "elsewhere" "links"
    ln -s "../a repo/sup" links/sup
    ln -s "$repo" whole
    (
        cd elsewhere
        equal "$work/elsewhere" "$("$sup" -c 'pwd')"
        equal ran "$("../a repo/sup" -c 'echo ran')"
        equal ran "$(../links/sup -c 'echo ran')"
        equal ran "$(../whole/sup -c 'echo ran')"
        equal ran "$(PATH="$work/links:$PATH" sup -c 'echo ran')"
        equal ran "$(PATH="../links:$PATH" sup -c 'echo ran')"
        equal ran "$(sh "$sup" -c 'echo ran')"
        cd "$repo"
        equal ran "$(sh sup -c 'echo ran')"
        equal ran "$(PATH=":$PATH" sup -c 'echo ran')"
    )
    equal 1 "$(builds)"
}

test_works_from_a_deleted_folder() {
    fake_repository
    mkdir gone
    (
        cd gone
        rmdir ../gone
        equal ran "$("$sup" -c 'echo ran' 2>/dev/null)"
        equal ran "$("../a repo/sup" -c 'echo ran' 2>/dev/null)"
    )
}

test_works_with_an_odd_path() {
    fake_repository
    "$sup" -c :
    equal ran "$(PATH=/nonexistent "$sup" -c 'echo ran')"
    equal ran "$(PATH='' "$sup" -c 'echo ran')"
    equal ran "$(env -u PATH "$sup" -c 'echo ran')"
    equal ran "$(CDPATH=/ IFS=/ "$sup" -c 'echo ran')"
    equal /nonexistent "$(PATH=/nonexistent "$sup" -c 'echo $PATH')"
}

test_hands_on_what_the_runtime_hides() {
    fake_repository
    echo 'echo "$SUP_LAUNCH"' >run
    "$sup" -c :
    contains "$(ulimit -Sn 123; "$sup" run)" 'nofile=123 '
    contains "$("$sup" run)" ' closed='
    # SIGHUP is bit 0; SIGPIPE, 13, is bit 12.
    contains "$(trap '' HUP PIPE; "$sup" run)" 'ign=0000000000001001 '
    contains "$(env --block-signal=USR1 "$sup" run)" 'blk=0000000000000200 '
}

test_hands_on_the_environment_byte_for_byte() {
    fake_repository
    "$sup" -c :
    echo 'echo "$SUP_ENV"' >run
    printf 'a-b=1\0PWD=/wrong\0n=x\ny \0' >expected
    env -i a-b=1 PWD=/wrong n=$'x\ny ' "$sup" run | base64 -d >actual
    cmp expected actual
    env -i PATH=/nonexistent "$sup" run | base64 -d | tr '\0' '\n' >actual
    equal PATH=/nonexistent "$(cat actual)"
}

test_an_environment_too_large_to_hand_on_is_left_out() {
    fake_repository
    "$sup" -c :
    echo 'echo "${SUP_ENV-unset} ${#large}"' >run
    equal 'unset 100000' "$(large=$(printf '%0100000d' 0) "$sup" run)"
}

test_hands_on_which_descriptors_were_closed() {
    fake_repository
    "$sup" -c :
    echo 'echo "$SUP_LAUNCH" >launch; readlink /proc/$$/fd/[012] >fds' >run
    "$sup" run <&- >&- 2>&-
    contains "$(cat launch)x" 'closed=012x'
    equal '/dev/null /dev/null /dev/null ' "$(tr '\n' ' ' <fds)"
    # bash itself leaves the script open there.
    [ -z "$(sh -c 'echo "${BASH_VERSION-}"')" ] || return 0
    "$sup" run 2>&-
    contains "$(cat launch)x" 'closed=2x'
}

test_builds_with_descriptors_closed() {
    fake_repository
    echo 'echo "$SUP_LAUNCH" >launch' >run
    "$sup" run <&- >&- 2>&-
    contains "$(cat launch)x" 'closed=012x'
    equal 1 "$(builds)"
}

test_leaves_no_descriptor_of_its_own_open() {
    fake_repository
    echo 'for fd in /proc/$$/fd/*; do echo ${fd##*/}; done' >fds
    equal "$(bash fds | tr '\n' ' ')" "$("$sup" fds | tr '\n' ' ')"
    equal "$(bash fds | tr '\n' ' ')" "$("$sup" fds | tr '\n' ' ')"
}

test_run_starts_with_signals_blocked_and_nothing_else_does() {
    fake_repository
    "$sup" -c :
    env --block-signal=INT true 2>/dev/null || skip "env has no --block-signal"
    echo 'while read -r line; do case $line in SigBlk*) echo $line ;; esac; done </proc/$$/status' >run
    cp run other
    # HUP INT QUIT USR1 USR2 ALRM TERM CONT TSTP TTIN TTOU VTALRM PROF WINCH IO PWR; bash, here the program, lets CHLD
    # through again.
    equal 'SigBlk: 000000003e3a6a07' "$("$sup" run)"
    equal 'SigBlk: 0000000000000000' "$("$sup" other)"
}

test_settings_for_other_dotnet_programs_stay_out() {
    fake_repository
    export DOTNET_STARTUP_HOOKS=/nonexistent.dll COREHOST_TRACE=1 DOTNET_ROOT=/nonexistent DOTNET_ROOT_X64=/nonexistent
    equal "unset unset unset 0 $work/a runtime" "$("$sup" -c 'echo ${DOTNET_STARTUP_HOOKS-unset} ${COREHOST_TRACE-unset} \
        ${DOTNET_ROOT_X64-unset} $DOTNET_EnableDiagnostics $DOTNET_ROOT')"
    echo 'echo "$SUP_ENV"' >run
    contains "$("$sup" run | base64 -d | tr '\0' '\n')" 'DOTNET_STARTUP_HOOKS=/nonexistent.dll'
}

test_a_folder_that_cannot_be_written_is_said() {
    fake_repository
    [ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
    chmod -R a+rX "$work" "$(dirname "$work")"
    status 125 setpriv --reuid=65534 --clear-groups "$sup" -c :
    contains "$(cat err)" 'sup: cannot build: no permission'
}
