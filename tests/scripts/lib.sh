# shellcheck shell=bash
# What the tests of the shell scripts share. Each runs with set -e in the empty folder $work.

fail() { echo "$*"; exit 1; }
skip() { echo "$*" >"$work/.skipped"; exit 0; }
need() { for command; do command -v "$command" >/dev/null || skip "$command is not installed"; done; }

equal() { [ "$1" = "$2" ] || fail "expected: [$1]
got:      [$2]"; }
contains() { case $1 in *"$2"*) ;; *) fail "expected something with: [$2]
got:                     [$1]" ;; esac; }
exists() { for path; do [ -e "$path" ] || fail "missing: $path"; done; }
missing() { for path; do [ ! -e "$path" ] && [ ! -h "$path" ] || fail "still there: $path"; done; }

# status N COMMAND…: runs it, into the files out and err, and expects that exit status.
status() {
    local expected=$1 actual=0
    shift
    "$@" >"$work/out" 2>"$work/err" || actual=$?
    [ "$actual" = "$expected" ] || fail "exit status $actual, not $expected, of: $*
$(cat "$work/out" "$work/err")"
}

# eventually COMMAND…: until it succeeds, at most 20 s.
eventually() {
    local end=$((SECONDS + 20))
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "not within 20 s: $*"
        sleep 0.02
    done
}

# A copy of the repository's scripts in the folder "$work/a repo" with a source or two, and in front of PATH a dotnet
# that "builds" bash as the program: what the scripts do is then seen in a moment, and from inside the program.
#   $work/dotnet.log    one line per call: its words
#   $work/broken        when there: building fails
#   $work/slow          when there: building takes until it is gone
fake_repository() {
    repo="$work/a repo"
    mkdir -p "$repo/src/Supervisor.Cli" "$repo/docs" "$work/bin" "$work/a runtime/shared"
    cp -R "$repository/sup" "$repository/install" "$repository/release" "$repository/check" "$repository/build" \
        "$repository/global.json" "$repository/LICENSE" "$repository/NOTICE" "$repo/"
    cp "$repository/docs/sup.1" "$repo/docs/"
    echo '<Project><PropertyGroup><Version>1.2.3</Version></PropertyGroup></Project>' >"$repo/Directory.Build.props"
    echo one >"$repo/src/one.cs"
    echo two >"$repo/src/Supervisor.Cli/two.cs"
    cat >"$work/bin/dotnet" <<'EOF'
#!/bin/bash
case $1 in
--version) echo 10.0.100; exit ;;
--list-runtimes)
    echo "Microsoft.NETCore.App 8.0.1 [/elsewhere/shared/Microsoft.NETCore.App]"
    echo "Microsoft.NETCore.App 10.0.1 [$work/a runtime/shared/Microsoft.NETCore.App]"
    exit ;;
esac
echo "$*" >>"$work/dotnet.log"
for fd in 0 1 2; do [ ! -t $fd ] || echo "sees the terminal as $fd" >>"$work/dotnet.log"; done
cat >/dev/null # as a tool would that reads what is meant for the command
while [ -e "$work/slow" ]; do sleep 0.02; done
if [ -e "$work/broken" ]; then echo "two.cs(1,1): error CS1002: ; expected"; exit 1; fi
[ "$1" = publish ] || exit 0
while [ $# -gt 0 ]; do
    if [ "$1" = -o ]; then mkdir -p "$2" && cp "$(readlink -f /bin/bash)" "$2/sup" && cp "$2/sup" "$2/sup-daemon" && cat src/*.cs >"$2/sup.dll"; fi
    shift
done
EOF
    chmod +x "$work/bin/dotnet"
    export PATH="$work/bin:$PATH"
    sup="$repo/sup"
}

# runs PID FILE: is that what the process runs?
runs() { [ "$(readlink "/proc/$1/exe")" = "$2" ]; }

builds() { if [ -e "$work/dotnet.log" ]; then grep -c '^publish src/Supervisor.Cli ' "$work/dotnet.log"; else echo 0; fi; }

# hide_dotnet COMMAND…: runs it where no .NET is to be found.
hide_dotnet() {
    unshare -rm true 2>/dev/null || skip "unshare(1) may not make namespaces here"
    # shellcheck disable=SC2016
    unshare -rm bash -c '
        for folder in /usr/share/dotnet /usr/lib/dotnet /usr/lib64/dotnet /usr/local/share/dotnet /etc/dotnet; do
            [ ! -d "$folder" ] || mount -t tmpfs none "$folder" || exit 99
        done
        export PATH=/usr/bin:/bin HOME="$work/home" DOTNET_ROOT=/nonexistent
        mkdir -p "$HOME"
        ! dotnet --version >/dev/null 2>&1 || exit 98
        exec "$@"' hide_dotnet "$@"
}
