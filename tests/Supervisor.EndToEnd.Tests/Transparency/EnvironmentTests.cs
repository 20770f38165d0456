using System.Text;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>What the kernel hands to the command is what it would have handed to it without sup.</summary>
public sealed class EnvironmentTests : Workspace
{
    [Fact]
    public void The_environment_is_the_callers_byte_for_byte_and_in_its_order()
    {
        (Outcome plain, Outcome supervised) = Both("""
            exec env -i "SUP_STATE_DIR=$SUP_STATE_DIR" "PATH=$PATH" Z=last A=first 'odd.name=1' 'with space=2' '=empty name' \
                $'BASH_FUNC_f%%=() {  echo hi\n}' $'latin=\xe9\xff' 'DOTNET_ROOT=/nowhere' DOTNET_gcServer=1 DOTNET_EnableDiagnostics=1 \
                'COREHOST_TRACE=0' 'empty=' 'IFS=:' 'PS4=x' 'OLDPWD=/gone' RUN cat /proc/self/environ
            """);
        Assert.Equal(plain.Status, supervised.Status);
        Assert.Equal(Entries(plain), Entries(supervised).Where(e => !IsOwn(e)));
        Assert.Contains(Entries(plain), e => e.StartsWith("BASH_FUNC_f%%", StringComparison.Ordinal));
        Assert.DoesNotContain(Entries(supervised), e => e.StartsWith("PWD=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DOTNET_EnableDiagnostics=0")]
    [InlineData("DOTNET_TieredPGO=1")]
    [InlineData("DOTNET_ROOT=/usr/share/dotnet")]
    [InlineData("DOTNET_STARTUP_HOOKS=/nowhere.dll")]
    [InlineData("DOTNET_TieredCompilation=0")]
    [InlineData("DOTNET_GCHeapHardLimit=10000")]
    [InlineData("DOTNET_Thread_DefaultStackSize=1000")]
    [InlineData("DOTNET_LTTng=1")]
    [InlineData("COMPlus_GCHeapHardLimit=10000")]
    [InlineData("CORECLR_ENABLE_PROFILING=1")]
    [InlineData("SUP_QUIET=1")]
    [InlineData("PWD=/somewhere/else")]
    [InlineData("SHLVL=7")]
    [InlineData("_=x")]
    public void A_variable_that_the_launcher_or_the_runtime_care_about_arrives_as_it_was(string entry)
    {
        (Outcome plain, Outcome supervised) = Both(
            $"exec env -i \"SUP_STATE_DIR=$SUP_STATE_DIR\" \"PATH=$PATH\" '{entry}' RUN cat /proc/self/environ");
        Assert.Contains(entry, Entries(plain));
        Assert.Equal(Entries(plain), Entries(supervised).Where(e => !IsOwn(e)));
    }

    [Fact]
    public void Values_and_folders_that_are_not_text_arrive_byte_for_byte()
    {
        Outcome outcome = Bash("""
            d=$'d\xff\xc3\xa9\xed\xb3\xbf'; mkdir "$d"; printf 'F=f\xfe\xc3\xa9\n' >vars; printf '#!/bin/sh\necho found\n' >"$d/script"; chmod +x "$d/script"
            for pty in never always; do
                sup run --pty $pty -e X=$'\xff\xf0\x9f\x98\x80' --env=Y=$'y\xc3' --env-file vars --cwd "$d" -- sh -c 'printf "%s|" "$X" "$Y" "$F"; /bin/pwd; ./script' </dev/null | tr -d '\r' | sed "s|$(pwd)||"
            done | od -An -v -tx1 | tr -d ' \n'
            rm -rf "$d"
            """);
        byte[] expected =
        [
            0xff, 0xf0, 0x9f, 0x98, 0x80, .. "|y"u8, 0xc3, .. "|f"u8, 0xfe, 0xc3, 0xa9, .. "|/d"u8, 0xff, 0xc3, 0xa9, 0xed, 0xb3, 0xbf, .. "\nfound\n"u8,
        ];
        Assert.Equal(Convert.ToHexStringLower([.. expected, .. expected]), outcome.Text);
    }

    [Fact]
    public void A_value_that_looks_like_a_variable_is_a_value() =>
        Same("export A=$'x\nexport DOTNET_gcServer=1\nCOMPlus_X=2' DOTNET_gcServer=1 SUP_LINE=$'a\n\n*'; RUN sh -c 'echo \"$A\" $DOTNET_gcServer \"$SUP_LINE\"'");

    [Fact]
    public void An_environment_larger_than_one_string_may_be_arrives()
    {
        (Outcome plain, Outcome supervised) = Both("""
            for i in $(seq 1 20); do export "BIG_$i=$(head -c 20000 /dev/zero | tr '\0' x)"; done
            RUN sh -c 'env | grep ^BIG_ | sort | sha256sum'
            """);
        AssertSame(plain, supervised);
    }

    [Fact]
    public void An_exported_function_works_in_a_bash_under_sup() =>
        Assert.Equal("hi you\n", Same("greet() { echo \"hi $1\"; }; export -f greet; RUN bash -c 'greet you'").Text);

    [Fact]
    public void Sups_own_variables_are_added_and_no_others()
    {
        Outcome outcome = Bash("exec env -i \"SUP_STATE_DIR=$SUP_STATE_DIR\" \"PATH=$PATH\" sup run --name web -- cat /proc/self/environ");
        Assert.Equal(
            ["SUP_ATTEMPT=1", "SUP_SESSION_ID=" + Path.GetFileName(Session), "SUP_SESSION_NAME=web"],
            Entries(outcome).Where(IsOwn).Order(StringComparer.Ordinal));
        Assert.Equal(5, Entries(outcome).Length);
    }

    [Fact]
    public void A_nested_run_has_its_own()
    {
        Outcome outcome = RunSup(
            "run", "--name", "outer", "sh", "-c", "echo $SUP_SESSION_ID; exec sup run -- sh -c 'echo $SUP_SESSION_ID ${SUP_SESSION_NAME-none}; env | grep -c ^SUP_ATTEMPT='");
        Assert.Equal(3, outcome.Lines.Length);
        Assert.NotEqual(outcome.Lines[0], outcome.Lines[1].Split(' ')[0]);
        Assert.EndsWith(" none", outcome.Lines[1], StringComparison.Ordinal);
        Assert.Equal("1", outcome.Lines[2]);
        Assert.Equal(2, Sessions.Count);
    }

    [Fact]
    public void The_arguments_and_the_programs_own_name_are_the_same() =>
        Same("RUN /bin/cat /proc/self/cmdline; RUN cat /proc/self/cmdline");

    private static bool IsOwn(string entry) =>
        entry.StartsWith("SUP_SESSION_ID=", StringComparison.Ordinal)
        || entry.StartsWith("SUP_SESSION_NAME=", StringComparison.Ordinal)
        || entry.StartsWith("SUP_ATTEMPT=", StringComparison.Ordinal);

    private static string[] Entries(Outcome outcome) =>
        Encoding.Latin1.GetString(outcome.Out).Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
