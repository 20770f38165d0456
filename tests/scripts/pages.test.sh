# shellcheck shell=bash disable=SC2154
# What can be said about the files themselves.

test_the_manual_page_is_clean() {
    need groff
    equal '' "$(groff -man -Tutf8 -ww -rCHECKSTYLE=3 -z "$repository/docs/sup.1" 2>&1)"
}

test_the_scripts_are_clean() {
    need shellcheck
    cd "$repository" || exit
    # Tests run with set -e. Sourced files are looked at as such; options and env(1) words are split on purpose.
    shellcheck -x -s sh -S warning -e SC2034,SC2154,SC3045 sup install build/*.sh
    shellcheck -s bash -S warning build/completion/sup.bash
    shellcheck -x -S warning -e SC2034,SC2154,SC2164 check release .ci/run tests/scripts/run tests/scripts/*.sh
}

test_the_completions_are_what_the_shells_can_read() {
    need zsh fish
    zsh -n "$repository/build/completion/_sup"
    fish -n "$repository/build/completion/sup.fish"
}
