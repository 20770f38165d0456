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

# What a developer sets for their own .NET programs is not meant for this one.
unset DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE DOTNET_ROLL_FORWARD \
    DOTNET_ROLL_FORWARD_TO_PRERELEASE DOTNET_gcServer DOTNET_GCHeapCount DOTNET_GCHeapHardLimit \
    DOTNET_TieredCompilation DOTNET_ReadyToRun DOTNET_EnableEventPipe \
    COREHOST_TRACE COREHOST_TRACEFILE DOTNET_HOST_TRACE DOTNET_HOST_TRACEFILE
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

if [ "${1-}" = run ]; then
    sup_ign=0 sup_blk=0 sup_newline='
'
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
    # One fork for both, a line each.
    SUP_ENV=$(ulimit -Sn; LC_ALL=C PATH=/usr/bin:/bin${PATH:+:$PATH} exec base64 -w0 "/proc/$$/environ" 2>/dev/null)
    SUP_LAUNCH="nofile=${SUP_ENV%%"$sup_newline"*} ign=$sup_ign blk=$sup_blk closed=$sup_closed"
    export SUP_LAUNCH
    # A single string may hold 128 KiB at most (execve(2)); past that the shell's own copy has to do.
    case $SUP_ENV in
    *"$sup_newline"*) SUP_ENV=${SUP_ENV#*"$sup_newline"} ;;
    *) SUP_ENV= ;;
    esac
    if [ "${#SUP_ENV}" -lt 130000 ]; then export SUP_ENV; else unset SUP_ENV; fi
    # env would take a path with = in it for a variable; the program can do without.
    case $program in *=*) block= ;; esac
    exec $block "$program" "$@"
fi
exec "$program" "$@"
