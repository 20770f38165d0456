# Becomes the program "$program", handing it what a .NET process can no longer find out about itself:
# the soft limit of open files (the runtime raises it), the ignored and blocked signals, which of the descriptors
# 0 to 2 were closed, and the environment byte for byte (a shell drops what is no identifier, adds PWD).
# Expects: $program, an absolute path; $block, empty or an env(1) command that starts with signals blocked.
# The program reads SUP_LAUNCH and SUP_ENV and takes them out again; see src/Supervisor.Cli/Launch.

sup_closed=
[ -e /proc/self/fd/0 ] || { sup_closed=0; exec 0</dev/null; }
[ -e /proc/self/fd/1 ] || { sup_closed=${sup_closed}1; exec 1>/dev/null; }
[ -e /proc/self/fd/2 ] || { sup_closed=${sup_closed}2; exec 2>/dev/null; }

# What a developer sets for their own .NET programs is not meant for this one.
unset DOTNET_STARTUP_HOOKS DOTNET_gcServer DOTNET_GCHeapCount DOTNET_TieredCompilation DOTNET_ReadyToRun
# Else the runtime leaves a socket and two pipes in /tmp, and a killed one leaves them for ever.
export DOTNET_EnableDiagnostics=0

if [ "${1-}" = run ]; then
    sup_ign=0 sup_blk=0
    while read -r sup_key sup_value; do
        case $sup_key in
        SigBlk:) sup_blk=$sup_value ;;
        SigIgn:) sup_ign=$sup_value; break ;;
        esac
    done </proc/self/status
    SUP_LAUNCH="nofile=$(ulimit -Sn) ign=$sup_ign blk=$sup_blk closed=$sup_closed"
    export SUP_LAUNCH
    # A single string may hold 128 KiB at most (execve(2)); past that the shell's own copy has to do.
    SUP_ENV=$(PATH=/usr/bin:/bin:$PATH base64 -w0 "/proc/$$/environ" 2>/dev/null)
    if [ "${#SUP_ENV}" -lt 130000 ]; then export SUP_ENV; else unset SUP_ENV; fi
    exec $block "$program" "$@"
fi
exec "$program" "$@"
