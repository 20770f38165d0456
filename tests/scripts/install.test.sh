# shellcheck shell=bash disable=SC2016,SC2154
# ./install and --uninstall, from the repository and from an unpacked release.

files() { (cd "$1" && find . ! -type d | sort); }
installed="./bin/sup
./lib/sup/.folders
./lib/sup/1.2.3/.installed
./lib/sup/1.2.3/sup
./lib/sup/1.2.3/sup-daemon
./lib/sup/1.2.3/sup.dll
./lib/sup/current
./share/bash-completion/completions/sup
./share/fish/vendor_completions.d/sup.fish
./share/man/man1/sup.1
./share/zsh/site-functions/_sup"

# An unpacked release of its own, in $work/release; $1 is its program.
fake_release() {
    mkdir -p "$work/release/lib"
    cp -R "$repository/build/completion" "$work/release/"
    cp "$repository/install" "$repository/build/launch.sh" "$repository/build/common.sh" "$repository/docs/sup.1" \
        "$work/release/"
    echo 4.5.6 >"$work/release/version"
    cp "$1" "$work/release/lib/sup"
    touch "$work/release/lib/libcoreclr.so"
}

# in_use NAME: starts the installed sup, so that it runs until a line comes through the pipe NAME; sets $user.
in_use() {
    mkfifo "$1"
    "$work/to/bin/sup" -c "read -r < $1" &
    user=$!
    eventually test -n "$(readlink -f "/proc/$user/exe")"
    eventually runs "$user" "$(readlink -f "$work/to/lib/sup/current/sup")"
}

test_installs_program_launcher_and_manual() {
    fake_repository
    status 0 "$repo/install" --prefix "$work/to"
    equal '' "$(cat out)"
    equal "$installed" "$(files to)"
    equal 1.2.3 "$(readlink to/lib/sup/current)"
    equal 755 "$(stat -c %a to/bin/sup)"
    equal 'ran a b' "$(to/bin/sup -c 'echo ran "$@"' x 'a b')"
    contains "$(cat err)" "$work/to/bin is not on your PATH"
    cmp "$repo/docs/sup.1" to/share/man/man1/sup.1
}

test_installs_completions_where_the_shells_look() {
    fake_repository
    "$repo/install" --prefix "$work/to"
    cmp "$repo/build/completion/sup.bash" to/share/bash-completion/completions/sup
    cmp "$repo/build/completion/_sup" to/share/zsh/site-functions/_sup
    cmp "$repo/build/completion/sup.fish" to/share/fish/vendor_completions.d/sup.fish
    need bash zsh fish
    # A program that answers as sup does.
    cat >answer <<'EOF'
#!/bin/sh
[ "$1 $2" = 'completion --words' ] && printf 'words\nfirst\tone\nsecond\ttwo\n'
EOF
    chmod +x answer
    mv answer to/bin/sup
    export PATH="$work/to/bin:$PATH"
    equal 'first
second' "$(XDG_DATA_DIRS=$work/to/share HOME=$work fish -c 'complete -C "sup "' | cut -f 1)"
    equal 'sup _sup' "$(zsh -fc 'fpath=($PWD/to/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D; echo sup $_comps[sup]')"
    equal 'first second' "$(bash -c '. to/share/bash-completion/completions/sup
        COMP_LINE="sup " COMP_POINT=4 COMP_WORDS=(sup "") COMP_CWORD=1; _sup sup; echo "${COMPREPLY[*]}"')"
}

test_the_launcher_needs_no_repository() {
    fake_repository
    "$repo/install" --prefix to
    rm -rf "$repo"
    echo 'echo "$SUP_LAUNCH"' >run
    contains "$(to/bin/sup run)" 'nofile='
    equal "$work/a runtime" "$(to/bin/sup -c 'echo "$DOTNET_ROOT"')"
    ln -s to/bin/sup linked
    equal ran "$(PATH=/nonexistent ./linked -c 'echo ran')"
}

test_any_prefix_will_do() {
    fake_repository
    local prefix
    for prefix in "it's \"a\" \$HOME \`x\` \\ *" 'two  spaces ' --dash; do
        "$repo/install" --prefix "$prefix/sub"
        equal ran "$("./$prefix/sub/bin/sup" -c 'echo ran')"
    done
    "$repo/install" --prefix=relative//
    equal ran "$(relative/bin/sup -c 'echo ran')"
    mkdir home
    HOME="$work/home" "$repo/install" '--prefix=~/here'
    equal ran "$(home/here/bin/sup -c 'echo ran')"
    HOME="$work/home" "$repo/install"
    equal ran "$(home/.local/bin/sup -c 'echo ran')"
}

test_bad_options_exit_2_and_change_nothing() {
    fake_repository
    local option
    for option in --prefix --prefix= --nonsense word '--prefix=a
b'; do
        status 2 "$repo/install" "$option"
        contains "$(cat err)" 'install: '
    done
    status 2 env -u HOME "$repo/install"
    equal 0 "$(builds)"
    status 0 "$repo/install" --help
    contains "$(cat out)" 'Usage: ./install'
}

test_installing_the_same_again_changes_nothing() {
    fake_repository
    "$repo/install" --prefix to
    local before
    before=$(stat -c %i to/lib/sup/1.2.3/sup)
    "$repo/install" --prefix to
    equal "$installed" "$(files to)"
    equal "$before" "$(stat -c %i to/lib/sup/1.2.3/sup)"
}

test_what_runs_keeps_its_files_through_installs_of_the_same_version() {
    fake_repository
    "$repo/install" --prefix to
    in_use hold
    echo three >"$repo/src/three.cs"
    status 0 "$repo/install" --prefix to
    contains "$(cat err)" "$work/to/lib/sup/1.2.3 stays"
    equal '1.2.3+1' "$(readlink to/lib/sup/current)"
    equal one "$(cat to/lib/sup/1.2.3/sup.dll)"
    runs "$user" "$work/to/lib/sup/1.2.3/sup"
    equal ran "$(to/bin/sup -c 'echo ran')"

    echo end >hold
    wait "$user"
    status 0 "$repo/install" --prefix to
    missing to/lib/sup/1.2.3
    exists to/lib/sup/1.2.3+1/sup
}

test_a_new_version_replaces_the_old() {
    fake_repository
    "$repo/install" --prefix to
    sed -i s/1.2.3/1.3.0/ "$repo/Directory.Build.props"
    "$repo/install" --prefix to
    equal "${installed//1.2.3/1.3.0}" "$(files to)"
}

test_sup_is_there_at_every_moment_of_an_install() {
    fake_repository
    "$repo/install" --prefix to
    (while [ ! -e stop ]; do to/bin/sup -c : || echo broken; done) >watch 2>&1 &
    local watcher=$! i
    for i in 1 2 3; do
        echo "$i" >>"$repo/src/one.cs"
        "$repo/install" --prefix to
    done
    touch stop
    wait $watcher
    equal '' "$(cat watch)"
}

test_two_installs_at_once() {
    fake_repository
    "$repo/sup" -c :
    "$repo/install" --prefix to &
    "$repo/install" --prefix to
    wait $!
    equal "$installed" "$(files to)"
}

test_a_program_that_does_not_start_is_not_installed() {
    fake_release /bin/false
    status 1 release/install --prefix to
    contains "$(cat err)" 'does not start here'
    missing to
}

test_a_failed_build_installs_nothing() {
    fake_repository
    touch broken
    status 1 "$repo/install" --prefix to
    contains "$(cat err)" 'error CS1002'
    missing to
}

test_what_is_not_ours_stays() {
    fake_repository
    mkdir -p to/bin
    echo foreign >to/bin/sup
    status 1 "$repo/install" --prefix to
    contains "$(cat err)" 'exists and is not sup'
    equal foreign "$(cat to/bin/sup)"
    equal 0 "$(builds)"
    rm to/bin/sup
    ln -s /nonexistent to/bin/sup
    status 1 "$repo/install" --prefix to
    rm to/bin/sup
    mkdir -p to/share/zsh/site-functions
    echo foreign >to/share/zsh/site-functions/_sup
    status 1 "$repo/install" --prefix to
    equal foreign "$(cat to/share/zsh/site-functions/_sup)"
    rm -r to/share

    "$repo/install" --prefix to
    echo foreign >to/bin/sup
    echo foreign >to/bin/other
    echo foreign >to/lib/sup/1.2.3/mine
    mkdir to/lib/sup/folder
    echo foreign >to/lib/sup/folder/file
    status 0 "$repo/install" --uninstall --prefix to
    contains "$(cat err)" "$work/to/bin/sup is not sup's"
    equal './bin/other
./bin/sup
./lib/sup/1.2.3/mine
./lib/sup/folder/file' "$(files to)"
}

test_uninstall_leaves_the_prefix_as_it_was() {
    fake_repository
    mkdir -p to/share/man
    "$repo/install" --prefix to
    status 0 "$repo/install" --prefix to --uninstall
    equal './share
./share/man' "$(cd to && find . -mindepth 1)"
    status 0 "$repo/install" --uninstall --prefix to
    contains "$(cat err)" 'is not installed'
    "$repo/install" --prefix "$work/new/one"
    "$repo/install" --prefix "$work/new/one" --uninstall
    missing "$work/new"
}

test_uninstall_leaves_a_version_that_runs_and_says_which() {
    fake_repository
    "$repo/install" --prefix to
    in_use hold
    status 0 "$repo/install" --uninstall --prefix to
    contains "$(cat err)" "$work/to/lib/sup/1.2.3 stays"
    runs "$user" "$work/to/lib/sup/1.2.3/sup"
    missing to/bin/sup to/lib/sup/current
    equal "" "$(find to/share ! -type d)"
    echo end >hold
    wait "$user"
    "$repo/install" --uninstall --prefix to
    missing to
}

test_a_launcher_without_its_program_exits_125() {
    fake_repository
    "$repo/install" --prefix to
    rm -rf to/lib
    status 125 to/bin/sup run true
    contains "$(cat err)" 'sup: cannot start:'
}

test_the_path_is_looked_at() {
    fake_repository
    PATH="$work/to/bin:$PATH" status 0 "$repo/install" --prefix to
    equal 'install: sup 1.2.3 is installed as' "$(tail -n 1 err | cut -d ' ' -f 1-6)"
    mkdir earlier
    cp to/bin/sup earlier/
    PATH="$work/earlier:$work/to/bin:$PATH" status 0 "$repo/install" --prefix to
    contains "$(cat err)" "but $work/earlier/sup comes first"
}

test_installs_from_an_unpacked_release_without_dotnet() {
    fake_release "$(readlink -f /bin/bash)"
    status 0 hide_dotnet release/install --prefix to
    equal 4.5.6 "$(readlink to/lib/sup/current)"
    rm -rf release
    equal 'ran unset' "$(env -u DOTNET_ROOT to/bin/sup -c 'echo ran ${DOTNET_ROOT-unset}')"
}

test_a_release_that_needs_dotnet_says_so() {
    fake_release "$(readlink -f /bin/bash)"
    rm release/lib/libcoreclr.so
    status 1 hide_dotnet release/install --prefix to
    contains "$(cat err)" 'needs the .NET 10 runtime'
    missing to
}
