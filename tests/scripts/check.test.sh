# shellcheck shell=bash disable=SC2016,SC2154
# ./check: what it counts, and that it cannot pass by accident.

# pretend_project NAME STATUS LINE…: what "building" it leaves is a program that prints the lines and exits so.
pretend_project() {
    local name=$1 status=$2
    shift 2
    mkdir -p "$repo/tests/$name" "$repo/artifacts/bin/$name/release"
    touch "$repo/tests/$name/$name.csproj"
    printf '#!/bin/sh\ncat <<"E"\n%s\nE\nexit %s\n' "$(printf '%s\n' "$@")" "$status" \
        >"$repo/artifacts/bin/$name/release/$name"
    chmod +x "$repo/artifacts/bin/$name/release/$name"
}

summary() { printf '   X  Total: %d, Errors: %d, Failed: %d, Skipped: %d, Not Run: %d, Time: 0.1s' "$@"; }

fake_check() {
    fake_repository
    export SUP_CHECK_INSTALL=no
    mkdir -p "$repo/tests/scripts"
    printf '#!/bin/sh\necho "ok   one"\necho "Total: 1, Failed: 0, Skipped: 0"\n' >"$repo/tests/scripts/run"
    chmod +x "$repo/tests/scripts/run"
}

test_adds_up_every_project_and_the_scripts() {
    fake_check
    pretend_project Supervisor.A.Tests 0 "$(summary 5 0 0 1 0)"
    pretend_project Supervisor.B.Tests 0 "$(summary 10 0 0 0 2)"
    status 0 "$repo/check"
    # With building, formatting and ./sup: 4 + 8 + 1 + 3.
    equal '16 passed, 0 failed, 3 skipped' "$(tail -n 1 out)"
    equal 1 "$(grep -cE '^[0-9]+ passed' out)"
}

test_a_failing_test_is_named_and_fails_it() {
    fake_check
    pretend_project A 1 '    Ns.A.Breaks [FAIL]' '      because of this' "$(summary 5 0 1 0 0)"
    status 1 "$repo/check"
    contains "$(cat out)" 'because of this'
    contains "$(tail -n 4 out)" '  Ns.A.Breaks'
    equal '8 passed, 1 failed, 0 skipped' "$(tail -n 1 out)"
}

test_errors_crashes_silence_and_absence_are_failures() {
    fake_check
    pretend_project A 0 "$(summary 5 2 0 0 0)"
    status 1 "$repo/check" A
    contains "$(tail -n 1 out)" ' 2 failed'
    pretend_project A 134 "$(summary 5 0 0 0 0)" Aborted
    status 1 "$repo/check" A
    contains "$(tail -n 1 out)" ' 1 failed'
    pretend_project A 0 'nothing to say'
    status 1 "$repo/check" A
    contains "$(tail -n 1 out)" ' 1 failed'
    rm "$repo/artifacts/bin/A/release/A"
    status 1 "$repo/check" A
    contains "$(tail -n 1 out)" ' 1 failed'
}

test_a_failed_build_fails_it() {
    fake_check
    touch broken
    status 1 "$repo/check"
    contains "$(cat out)" 'error CS1002'
    equal '0 passed, 1 failed, 0 skipped' "$(tail -n 1 out)"
}

test_names_choose_projects() {
    fake_check
    pretend_project Supervisor.A.Tests 0 "$(summary 5 0 0 0 0)"
    pretend_project Supervisor.B.Tests 1 "$(summary 5 0 5 0 0)"
    for name in Supervisor.A.Tests Supervisor.A A; do
        status 0 "$repo/check" $name
        equal '7 passed, 0 failed, 0 skipped' "$(tail -n 1 out)"
    done
    status 0 "$repo/check" A scripts
    equal '8 passed, 0 failed, 0 skipped' "$(tail -n 1 out)"
    status 2 "$repo/check" C
    contains "$(cat err)" 'Supervisor.A.Tests Supervisor.B.Tests'
}

test_tests_are_told_what_is_missing_and_the_reader_why() {
    fake_check
    pretend_project A 0 "$(summary 1 0 0 0 0)"
    printf '#!/bin/sh\necho "missing=[$SUP_TEST_MISSING]"\n' >"$repo/tests/scripts/run"
    # Only what the scripts themselves need, so that the rest is missing.
    mkdir narrow
    for command in env bash sh readlink dirname basename mkdir sed grep find date cat cp rm ln mv timeout tail head sleep \
        id ps flock strace; do
        ln -s "$(command -v $command)" narrow/
    done
    PATH="$work/bin:$work/narrow" status 1 "$(command -v bash)" "$repo/check"
    contains "$(cat out)" 'left out: tests that need tmux (package tmux): '
    contains "$(cat out)" 'missing=[tmux script vim less'
    case $(cat out) in *'need strace'*) fail "strace is there" ;; esac
}

test_reads_no_stdin() {
    fake_check
    pretend_project A 0 "$(summary 1 0 0 0 0)"
    equal 'not taken' "$(echo 'not taken' | { "$repo/check" >/dev/null 2>&1; cat; })"
}
