# Builds the program for ./sup and ./install. Sourced with $sup_root set to the repository's folder.
#
#   artifacts/sup/<unique>/   one published program each; processes that run from one keep it until they end
#   artifacts/sup/current     link to the newest, switched in one step
#   artifacts/sup/current/stamp   as old as the start of that build; its lines are $block and $dotnet of launch.sh
#   artifacts/sup/work/       intermediate files, so that a build from an editor is not disturbed
#
# Nothing here writes on stdout, reads stdin, or shows the terminal to a build tool.

# Is there no program yet, or did a source change since it was built? By status change, not by modification: a file
# that cp -p, mv or tar brought in counts too. Folders count, so that a deleted file does.
sup_stale() {
    { [ -x "$sup_root/artifacts/sup/current/sup" ] && [ -f "$sup_root/artifacts/sup/current/stamp" ]; } || return 0
    sup_changed=$(LC_ALL=C PATH=/usr/bin:/bin${PATH:+:$PATH} find "$sup_root/src" "$sup_root/build" \
        "$sup_root"/Directory.*.props "$sup_root/global.json" \
        -cnewer "$sup_root/artifacts/sup/current/stamp" -print -quit 2>/dev/null </dev/null)
    [ -n "$sup_changed" ]
}

# Sets $program, $block and $dotnet for launch.sh.
sup_use_current() {
    program=$sup_root/artifacts/sup/current/sup block='' dotnet=''
    { IFS= read -r block; IFS= read -r dotnet; } <"$sup_root/artifacts/sup/current/stamp"
}

# Builds when stale; of several callers at once one builds and the others wait. Returns 0, or 125 having said why.
sup_build() (
    [ -h /proc/self/fd/2 ] || exec 2>/dev/null
    exec </dev/null >&2
    unset CDPATH
    PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
    export PATH
    sup_root=$(cd -P "$sup_root" && pwd) || return 125
    . "$sup_root/build/common.sh"
    sup_lock || return 125
    sup_stale || return 0
    sup_publish || return 125
    sup_sweep
)

# Takes the build lock as descriptor 9. Every build tool inherits it: one that was orphaned still counts as building.
sup_lock() {
    if ! mkdir -p "$sup_root/artifacts/sup/work" 2>/dev/null || ! [ -w "$sup_root/artifacts/sup" ]; then
        echo "sup: cannot build: no permission to write in $sup_root/artifacts/sup" >&2
        return 1
    fi
    if ! command -v flock >/dev/null; then
        echo "sup: cannot build: flock was not found; install the package util-linux" >&2
        return 1
    fi
    { exec 9>"$sup_root/artifacts/sup/lock"; } || return 1
    flock -n 9 && return 0
    echo "sup: another build is under way; waiting for it" >&2
    flock 9
}

sup_publish() {
    sup_find_sdk || return 1
    echo "sup: building (the first time takes about a minute)"
    sup_new=$(date +%Y%m%d-%H%M%S)-$$
    mkdir "$sup_root/artifacts/sup/$sup_new" || return 1
    # Before the compiler reads anything: what changes from here on is newer.
    { sup_env_block; printf '%s\n' "$(sup_root_to_set "$sup_runtime")"; } >"$sup_root/artifacts/sup/$sup_new/stamp" || return 1

    if ! sup_publish_programs "artifacts/sup/$sup_new" "-p:ArtifactsPath=$sup_root/artifacts/sup/work" \
        >"$sup_root/artifacts/sup/build.log" 2>&1; then
        cat "$sup_root/artifacts/sup/build.log"
        rm -rf "${sup_root:?}/artifacts/sup/$sup_new"
        echo "sup: the build failed: the reasons are above, and in $sup_root/artifacts/sup/build.log"
        return 1
    fi
    sup_link "$sup_new" "$sup_root/artifacts/sup/current"
}

# sup_publish_programs FOLDER OPTION…: both programs into one folder, where they share their libraries.
sup_publish_programs() {
    sup_to=$1
    shift
    for sup_project in Supervisor.Cli Supervisor.Host; do
        # shellcheck disable=SC2086 # its words are several options
        sup_dotnet publish "src/$sup_project" -c Release -o "$sup_to" $sup_build_options "$@" || return 1
    done
    [ -x "$sup_root/$sup_to/sup" ] && [ -x "$sup_root/$sup_to/sup-daemon" ]
}

# For every build: quiet, and nothing that outlives it.
sup_build_options='--nologo -v:q -tl:off --nodereuse:false -p:UseSharedCompilation=false'

# sup_dotnet WORD…: the SDK, at the repository's root, without stdin, first-use talk and servers.
sup_dotnet() (
    cd "$sup_root" || return 1
    HOME=${HOME:-$sup_root/artifacts/sup/work}
    DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
    DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
    DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 DOTNET_ROOT=$sup_runtime
    export HOME DOTNET_CLI_TELEMETRY_OPTOUT DOTNET_NOLOGO DOTNET_GENERATE_ASPNET_CERTIFICATE \
        DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE DOTNET_SYSTEM_GLOBALIZATION_INVARIANT \
        DOTNET_CLI_USE_MSBUILD_SERVER MSBUILDDISABLENODEREUSE DOTNET_ROOT
    "$sup_sdk" "$@" </dev/null
)

# Sets $sup_sdk to a dotnet that has the SDK global.json asks for, $sup_runtime to the folder of its runtime.
sup_find_sdk() {
    sup_candidates=$(sup_dotnets)
    while IFS= read -r sup_sdk; do
        # From the root: global.json is looked for from the current folder upwards.
        (cd "$sup_root" && DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
            HOME=${HOME:-$sup_root/artifacts/sup/work} "$sup_sdk" --version) >/dev/null 2>&1 </dev/null || continue
        sup_runtime=$(sup_runtime_of "$sup_sdk")
        [ -z "$sup_runtime" ] || return 0
    done <<EOF
$sup_candidates
EOF
    echo "sup: cannot build: the .NET 10 SDK was not found; install dotnet-sdk-10.0, or see https://dotnet.microsoft.com/download" >&2
    return 1
}

# Removes the builds that are not current and that nothing runs from, the remains of interrupted ones included.
sup_sweep() {
    sup_keep=$(readlink "$sup_root/artifacts/sup/current")
    for sup_old in "$sup_root/artifacts/sup"/*/; do
        sup_old=${sup_old%/}
        [ ! -h "$sup_old" ] || continue
        case ${sup_old##*/} in "$sup_keep" | work) continue ;; esac
        sup_in_use "$sup_old" || rm -rf "$sup_old"
    done
    return 0
}
