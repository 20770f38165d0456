using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Transparency;

/// <summary>Limits, signals, masks and whatever else a process inherits.</summary>
public sealed class InheritedStateTests : Workspace
{
    [Theory]
    [InlineData("ulimit -Sn 256; RUN sh -c 'ulimit -Sn; ulimit -Hn'")]
    [InlineData("ulimit -n 777; RUN sh -c 'ulimit -Sn; ulimit -Hn'")]
    [InlineData("ulimit -c unlimited; ulimit -s 4096; ulimit -t 1000; RUN cat /proc/self/limits")]
    [InlineData("umask 027; RUN sh -c 'umask; touch new; stat -c %a new; rm new'")]
    [InlineData("RUN nice; nice -n 7 RUN nice")]
    [InlineData("RUN sh -c 'cat /proc/self/oom_score_adj /proc/self/cgroup /proc/self/personality /proc/self/timerslack_ns 2>/dev/null'")]
    [InlineData("taskset -c 0 RUN grep Cpus_allowed /proc/self/status")]
    [InlineData("RUN grep -E '^(SigBlk|SigIgn|SigCgt|NoNewPrivs|Seccomp|CapEff|CapBnd|Groups|Uid|Umask):' /proc/self/status")]
    [InlineData("setpriv --no-new-privs RUN grep -E '^NoNewPrivs:' /proc/self/status")]
    public void It_is_inherited(string script) => Same(script);

    [Theory]
    [InlineData("HUP")]
    [InlineData("INT")]
    [InlineData("QUIT")]
    [InlineData("PIPE")]
    [InlineData("TERM")]
    [InlineData("USR1")]
    [InlineData("TSTP")]
    [InlineData("TTOU")]
    [InlineData("WINCH")]
    [InlineData("CONT")]
    [InlineData("ALRM")]
    [InlineData("XCPU")]
    [InlineData("RTMIN+3")]
    public void A_signal_that_is_ignored_stays_ignored_and_one_that_is_blocked_stays_blocked(string signal)
    {
        Outcome ignored = Same($"env --ignore-signal={signal} RUN grep -E '^Sig(Ign|Blk|Pnd)' /proc/self/status");
        Outcome blocked = Same($"env --block-signal={signal} RUN grep -E '^Sig(Ign|Blk|Pnd)' /proc/self/status");
        Outcome neither = Same($"RUN grep -E '^Sig(Ign|Blk|Pnd)' /proc/self/status");
        Assert.NotEqual(neither.Text, ignored.Text);
        Assert.NotEqual(neither.Text, blocked.Text);
    }

    [Fact]
    public void Under_nohup_a_hang_up_stays_ignored()
    {
        Outcome outcome = Same("nohup RUN sh -c 'kill -HUP $$; echo survived' 2>/dev/null");
        Assert.Equal("survived\n", outcome.Text);
    }

    // Ignored it cannot be handed on: the launcher's shell puts it back to the default before it reads its first line.
    [Fact]
    public void A_blocked_SIGCHLD_stays_blocked() =>
        Same("env --block-signal=CHLD RUN grep -E '^Sig(Ign|Blk|Pnd)' /proc/self/status");

    [Fact]
    public void With_SIGCHLD_ignored_the_exit_status_is_still_right() =>
        Same("trap '' CHLD; RUN sh -c 'exit 3'; echo $?; env --ignore-signal=CHLD RUN sh -c 'exit 4'; echo $?");

    [Theory]
    [InlineData("RUN yes | head -n 1; echo ${PIPESTATUS[@]}")]
    [InlineData("env --ignore-signal=PIPE RUN sh -c 'yes 2>/dev/null' | head -n 1; echo ${PIPESTATUS[@]}")]
    [InlineData("RUN sh -c 'yes; echo $? >status' | head -n 1; cat status")]
    [InlineData("RUN sh -c 'yes >&2' 2>&1 >/dev/null | head -n 1; echo ${PIPESTATUS[@]}")]
    [InlineData("RUN seq 1 1000000 | head -n 3; echo ${PIPESTATUS[@]}")]
    public void A_reader_that_goes_away_ends_the_command_as_it_would_have(string script) => Same(script);

    [Fact]
    public void A_clean_environment_has_no_sup_variables_of_the_launcher()
    {
        Outcome outcome = RunSup("run", "env");
        Assert.DoesNotContain("SUP_LAUNCH", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("SUP_ENV", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("DOTNET_", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_current_folder_is_the_callers_even_one_that_was_deleted()
    {
        Same("mkdir 'a b' && cd 'a b' && RUN pwd; cd ..; rmdir 'a b'");
        // Without stderr: every shell complains there, the launcher's too.
        Same("mkdir gone && cd gone && rmdir ../gone && RUN sh -c 'ls -la; echo $?' 2>/dev/null");
    }

    [Fact]
    public void A_program_is_looked_for_as_by_the_shell_and_a_file_without_a_format_is_a_shell_script()
    {
        Write("plain-script", "echo from a script: $1\n", executable: true);
        Same("PATH=$PWD:$PATH; RUN plain-script a; RUN ./plain-script b");
    }
}
