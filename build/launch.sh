# Becomes the program "$program", handing it what a .NET process can no longer find out about itself:
# the soft limit of open files (the runtime raises it), the ignored and blocked signals, which of the descriptors
# 0 to 2 were closed, and the environment byte for byte (a shell drops what is no identifier, adds PWD).
# Expects: $program, an absolute path; $block, empty or an env(1) command that starts with signals blocked;
# $dotnet, empty or the folder of a .NET runtime that the program would not find by itself.
# The program reads SUP_LAUNCH and SUP_ENV and takes them out again; see src/Supervisor.Cli/Launch.

# Without /proc nothing is known to be closed. -h asks for the link itself: what it leads to may be anything.
# (Where sh is bash, a closed 2 may not be seen: bash leaves every script open there.)
sup_closed=
if [ -d /proc/self/fd ]; then
    [ -h /proc/self/fd/0 ] || { sup_closed=0; exec 0</dev/null; }
    [ -h /proc/self/fd/1 ] || { sup_closed=${sup_closed}1; exec 1>/dev/null; }
    [ -h /proc/self/fd/2 ] || { sup_closed=${sup_closed}2; exec 2>/dev/null; }
fi

if [ ! -x "$program" ]; then
    echo "sup: cannot start: $program is missing or not executable; install or build sup again" >&2
    exit 125
fi

sup_newline='
'
# Takes what is printed below, a line a word; the last one ends up in sup_line.
sup_take() {
    sup_soft=$1 sup_hard=$2 sup_memory=$3 sup_tasks=$4
    shift 4
    for sup_line do
        # What a developer sets for their own .NET programs is not meant for this one. (What else looks like a variable
        # is a line of some value.)
        sup_name=${sup_line%%=*}
        sup_name=${sup_name#export } sup_name=${sup_name#declare -x }
        case $sup_name in
        *[!A-Za-z0-9_]* | DOTNET_ROOT | DOTNET_ROOT_*) ;;
        DOTNET_* | COMPlus_* | CORECLR_* | COREHOST_*) unset "$sup_name" ;;
        esac
    done
}

# One fork for all that must be asked for: limits, names, and for run the environment as the kernel has it, without a newline.
trap 'exit 125' 0
sup_all=$(
    ulimit -Sn; ulimit -Hn; ulimit -v 2>/dev/null || echo unlimited
    if [ -n "${BASH_VERSION-}" ]; then ulimit -u; else ulimit -p 2>/dev/null || echo unlimited; fi
    export -p
    case ${1-} in run | start) ;; *) exit ;; esac
    LC_ALL=C PATH=/usr/bin:/bin${PATH:+:$PATH} exec base64 -w0 "/proc/$$/environ" 2>/dev/null
)
trap - 0
sup_ifs=$IFS IFS=$sup_newline
set -f
# shellcheck disable=SC2086 # to be split, at the newlines
sup_take $sup_all
set +f
IFS=$sup_ifs

# Where the runtime could not even start it would say so in its own way, and as a crash.
sup_cannot() {
    echo "sup: cannot start: $1; raise that limit" >&2
    exit 125
}
case $sup_hard in ? | ??) [ "$sup_hard" -ge 64 ] || sup_cannot "only $sup_hard files may be open (ulimit -Hn), and it needs 64" ;; esac
case $sup_memory in ? | ?? | ??? | ???? | ????? | ??????) [ "$sup_memory" -ge 500000 ] || sup_cannot "only $sup_memory KiB of address space are allowed (ulimit -v), and it needs 500000" ;; esac
case $sup_tasks in ? | ??) [ "$sup_tasks" -ge 16 ] || [ "$(id -u)" = 0 ] || sup_cannot "only $sup_tasks processes and threads are allowed (ulimit -u), and it needs 16" ;; esac

# Else the runtime leaves a socket and two pipes in /tmp, and a killed one leaves them for ever.
export DOTNET_EnableDiagnostics=0
# The runtime would map its code twice, through a file that a limit of file sizes (ulimit -f) makes it die of.
export DOTNET_EnableWriteXorExecute=0
# Nor does it look for a tracer that nobody has asked for.
export DOTNET_LTTng=0
# Collect garbage after 1 MiB (hexadecimal) instead of a cache's size: memory stays as small as it starts.
export DOTNET_GCgen0size=100000
# Neither is the runtime they chose.
if [ -z "$dotnet" ]; then
    unset DOTNET_ROOT DOTNET_ROOT_X64 DOTNET_ROOT_ARM64
elif [ -d "$dotnet" ]; then
    unset DOTNET_ROOT_X64 DOTNET_ROOT_ARM64
    export DOTNET_ROOT="$dotnet"
fi

# The library behind `sup mcp` has much that is compiled only when it starts: compiled quickly instead of well, the first answer
# takes two thirds of the time. And when dozens of calls are answered at once, each collection makes them all wait: 4 MiB make them fewer.
if [ "${1-}" = mcp ]; then export DOTNET_TieredCompilation=1 DOTNET_GCgen0size=400000; fi

# What `sup generate` writes has to name this launcher, not the program behind it, which changes with each update.
if [ "${1-}" = generate ]; then
    SUP_LAUNCHER=$0
    export SUP_LAUNCHER
fi

if [ "${1-}" = run ] || [ "${1-}" = start ]; then
    sup_ign=0 sup_blk=0
    if [ -r /proc/self/status ]; then
        while read -r sup_key sup_value; do
            case $sup_key in
            SigBlk:) sup_blk=$sup_value ;;
            SigIgn:) sup_ign=$sup_value; break ;;
            esac
        done </proc/self/status
        # bash itself always ignores QUIT; what it starts gets back what was.
        [ -z "${BASH_VERSION-}" ] || sup_ign=$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status)
    fi
    SUP_LAUNCH="nofile=$sup_soft ign=$sup_ign blk=$sup_blk closed=$sup_closed"
    export SUP_LAUNCH
    # A single string may hold 128 KiB at most (execve(2)), and base64 may be missing; then the shell's own copy has to do.
    case $sup_line in *[!A-Za-z0-9+/=]*) SUP_ENV= ;; *) SUP_ENV=$sup_line ;; esac
    if [ -n "$SUP_ENV" ] && [ "${#SUP_ENV}" -lt 130000 ]; then export SUP_ENV; else unset SUP_ENV; fi
    # env would take a path with = in it for a variable; the program can do without.
    case $program in *=*) block= ;; esac
    exec $block "$program" "$@"
fi
exec "$program" "$@"
