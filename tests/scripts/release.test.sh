# shellcheck shell=bash disable=SC2154
# The real release, where there is no .NET.

test_the_release_runs_without_dotnet() {
    need dotnet unshare
    "$repository/release" 2>err || fail "$(cat err)"
    case $(cat err) in *framework-dependent*) skip "the runtime pack could not be restored" ;; esac
    local made="$repository/artifacts/release" version
    (cd "$made" && sha256sum -c ./*.sha256)
    tar xzf "$made"/sup-*.tar.gz
    version=$(cat sup-*/version)
    cd sup-*/
    exists install launch.sh completion/sup.bash sup.1 LICENSE NOTICE lib/sup lib/sup-daemon licenses/dotnet-license.txt
    equal 0 "$(tar tvzf "$made"/sup-*.tar.gz | grep -vc ' 0/0 ')"
    status 0 hide_dotnet ./install --prefix "$work/to"
    status 0 hide_dotnet "$work/to/bin/sup" --version
    contains "$(cat "$work/out")" "$version"
    # Its own runtime has what the daemon needs, too.
    export SUP_STATE_DIR="$work/state"
    status 0 hide_dotnet "$work/to/bin/sup" daemon start
    status 0 "$work/to/bin/sup" daemon stop
    contains "$(cat "$work/out")" stopped
}
