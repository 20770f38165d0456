using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Faults;

/// <summary>What sup itself leaves lying about: nothing, however it ends.</summary>
public sealed class LeftBehindTests : Workspace
{
    [Theory]
    [InlineData("never")]
    [InlineData("always")]
    public void No_socket_or_pipe_of_the_runtime_is_made_or_left_and_no_process(string pty)
    {
        string temporary = Directory.CreateDirectory(Path.Combine(Folder, "tmp")).FullName;
        Variables["TMPDIR"] = temporary;
        Variables["DOTNET_EnableDiagnostics"] = "1";
        Outcome outcome = Bash($"sup run --pty {pty} -- ls -A {temporary} </dev/null");
        Assert.Equal("", outcome.Text);
        using Child run = StartBash($"exec sup run --pty {pty} --session-id one sh -c 'touch up; exec sleep 300' </dev/null");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
        foreach (LiveProcess left in LiveProcesses.Of(Folder).Where(p => p.Command.StartsWith("sleep", StringComparison.Ordinal)))
        {
            left.Kill();
        }

        Eventually.True("nothing of it is left", () => LiveProcesses.Of(Folder).Count == 0);
    }

    /// <summary>Locks of others are none of an owner's business: it is alive by its own, and lost without it.</summary>
    [Fact]
    public void A_lock_that_somebody_else_takes_on_the_owners_file_means_nothing()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'touch up; exec sleep 300'");
        Eventually.True("it is known to run", () => File.Exists(Path.Combine(Work, "up"))
            && string.Equals((string?)Json("show", "one")["session"]!["state"], "running", StringComparison.Ordinal));
        int pid = Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        using Child holder = StartBash("exec flock -x \"$SUP_STATE_DIR/sessions/one/append.lock\" sh -c 'touch locked; until [ -e go ]; do sleep .02; done'");
        Eventually.True("somebody holds a lock", () => File.Exists(Path.Combine(Work, "locked")));
        Assert.Equal("running", (string?)Json("show", "one")["session"]!["state"]);
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        Assert.Equal("lost", (string?)Json("show", "one")["session"]!["state"]);
        Write("go", "");
        holder.Wait();
        new LiveProcess(pid, "sleep").Kill();
    }

    [Fact]
    public void The_commands_and_its_childrens_locks_do_not_keep_a_session_alive()
    {
        // A command that outlives its owner has nothing of the owner's lock.
        using Child run = StartBash("exec sup run --session-id one sh -c 'ls -l /proc/self/fd | grep -c append.lock; touch up; exec sleep 300'");
        Eventually.True("it is known to run", () => File.Exists(Path.Combine(Work, "up"))
            && string.Equals((string?)Json("show", "one")["session"]!["state"], "running", StringComparison.Ordinal));
        int pid = Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        new LiveProcess(run.Pid, "sup").Kill();
        Assert.StartsWith("0\n", run.Wait().Text, StringComparison.Ordinal);
        Assert.True(LiveProcesses.IsAlive(pid));
        Assert.Equal("lost", (string?)Json("show", "one")["session"]!["state"]);
        new LiveProcess(pid, "sleep").Kill();
    }
}
