# What building and installing share; an unpacked release carries it too. Sourced.

# An env(1) command that starts its program with the signals blocked that sup hands on, where env can do that.
sup_env_block() {
    set -- /usr/bin/env --block-signal=HUP,INT,QUIT,USR1,USR2,TERM,CHLD,CONT,TSTP,TTIN,TTOU,WINCH,ALRM,VTALRM,PROF,IO,PWR
    if "$@" true 2>/dev/null; then echo "$*"; else echo; fi
}

# sup_link TARGET LINK: makes or switches the link in one step.
sup_link() {
    rm -f -- "$2.new" && ln -s -- "$1" "$2.new" && mv -T -- "$2.new" "$2"
}

# sup_in_use FOLDER: does a process run a program from it? (Of other users' processes only root is told.)
sup_in_use() {
    readlink /proc/[0-9]*/exe 2>/dev/null | grep -qF -- "$(cd -P -- "$1" && pwd)/"
}

# Every dotnet worth a try, one path a line.
sup_dotnets() {
    for sup_try in "$(command -v dotnet)" "${DOTNET_ROOT-}/dotnet" "${HOME-}/.dotnet/dotnet" \
        /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet /usr/lib64/dotnet/dotnet /usr/local/share/dotnet/dotnet; do
        [ ! -x "$sup_try" ] || printf '%s\n' "$sup_try"
    done
}

# sup_runtime_of DOTNET: the folder of its .NET 10 runtime, or nothing. Asked, not derived from the path: that may be a
# link or a script.
sup_runtime_of() {
    "$1" --list-runtimes 2>/dev/null </dev/null |
        sed -n 's:^Microsoft\.NETCore\.App 10\..*\[\(.*\)/shared/Microsoft\.NETCore\.App\]$:\1:p' | tail -n 1
}

# sup_root_to_set RUNTIME: that folder, unless a program finds it without DOTNET_ROOT.
sup_root_to_set() {
    sup_default=$(cat /etc/dotnet/install_location_x64 2>/dev/null || cat /etc/dotnet/install_location 2>/dev/null ||
        echo /usr/share/dotnet)
    [ "$(readlink -f -- "$1")" = "$(readlink -f -- "$sup_default")" ] || printf '%s' "$1"
}
