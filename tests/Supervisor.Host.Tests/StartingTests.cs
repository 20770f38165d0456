using System.Text;
using Supervisor.Client;
using Supervisor.Host.Tests.Harness;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Processes;

namespace Supervisor.Host.Tests;

/// <summary>How a daemon comes to be, and how it ends.</summary>
public sealed class StartingTests
{
    [Fact]
    public void Of_many_that_need_a_daemon_at_once_one_starts_it_and_all_reach_it()
    {
        using DaemonState state = new();
        int[] pids = new int[20];
        Thread[] threads = [.. Enumerable.Range(0, pids.Length).Select(i => new Thread(() => pids[i] = state.Start()))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Equal(state.Record.Pid, Assert.Single(pids.Distinct()));
        Assert.Single(state.LogLines, line => line.Contains("is ready", StringComparison.Ordinal));
        Assert.Equal(1, state.Record.Epoch);
    }

    [Fact]
    public void A_second_daemon_leaves_without_a_word()
    {
        using DaemonState state = new();
        int pid = state.Start();
        Assert.Equal((0, ""), state.Run());
        (int status, string said) = state.Run("--foreground");
        Assert.Equal(125, status);
        Assert.Contains("runs already", said, StringComparison.Ordinal);
        Assert.Equal(pid, state.Start());
        Assert.True(File.Exists(state.Socket));
    }

    [Fact]
    public void It_belongs_to_nobody()
    {
        Environment.SetEnvironmentVariable("SUP_SESSION_ID", "mine");
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://127.0.0.1:0");
        using DaemonState state = new();
        int pid = state.Start();
        ProcStat stat = ProcStat.Read(pid)!;
        Assert.Equal(pid, stat.Session);
        Assert.NotEqual(Environment.ProcessId, stat.Parent);
        Assert.Equal("/", new FileInfo($"/proc/{pid}/cwd").LinkTarget);
        Eventually.True("nothing of the caller is left open", () => new[] { 0, 1, 2 }.All(fd => new FileInfo($"/proc/{pid}/fd/{fd}").LinkTarget is "/dev/null"));
        Assert.False(ProcEnvironment.Of(pid).TryGet("SUP_SESSION_ID="u8, out _));
        string status = File.ReadAllText($"/proc/{pid}/status");
        Assert.Contains("Umask:\t0077", status, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000001000", status, StringComparison.Ordinal);

        // Only its own socket listens.
        string[] sockets = [.. Directory.GetFiles($"/proc/{pid}/fd").Select(f => new FileInfo(f).LinkTarget ?? "").Where(l => l.StartsWith("socket:", StringComparison.Ordinal))];
        Assert.All(sockets, s => Assert.Contains(s["socket:[".Length..^1], File.ReadAllText("/proc/net/unix"), StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_leaves_when_it_is_killed_does_not_hinder_the_next()
    {
        using DaemonState state = new();
        int first = state.Start();
        DaemonState.Signal(first, "KILL");
        state.WaitForEnd();
        Assert.True(File.Exists(state.Socket));
        Assert.Null(DaemonConnection.Open(state.Root));
        Assert.NotEqual(first, state.Start());
        Assert.Equal(2, state.Record.Epoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"pid\":")]
    [InlineData("null")]
    [InlineData("{\"pid\":1,\"socket\":\"/nonexistent/daemon.sock\",\"api_min\":1,\"api_max\":1,\"epoch\":41}")]
    public void A_record_that_means_nothing_is_replaced(string record)
    {
        using DaemonState state = new();
        Directory.CreateDirectory(state.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(state.RecordPath, record);
        Assert.Null(DaemonConnection.Open(state.Root));
        Assert.Equal(state.Start(), state.Record.Pid);
        Assert.Equal(record.EndsWith("41}", StringComparison.Ordinal) ? 42 : 1, state.Record.Epoch);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void A_signal_stops_it_in_order(string signal)
    {
        using DaemonState state = new();
        int pid = state.Start();
        DaemonState.Signal(pid, "HUP");
        Assert.Equal(pid, state.Start());
        DaemonState.Signal(pid, signal);
        state.WaitForEnd();
        Assert.False(File.Exists(state.Socket));
        Assert.Contains("has stopped", state.LogLines[^1], StringComparison.Ordinal);
        Assert.Null(DaemonStop.Run(state.Root, DaemonState.Patience));
    }

    [Fact]
    public void One_that_is_stopped_or_hung_is_said_so_and_can_be_ended()
    {
        using DaemonState state = new();
        int pid = state.Start();
        DaemonState.Signal(pid, "STOP");
        using (DaemonConnection connection = DaemonConnection.Open(state.Root)!)
        {
            SupException e = Assert.Throws<SupException>(() => connection.Get("/daemon", TimeSpan.FromMilliseconds(100)));
            Assert.Equal(ErrorCode.DaemonUnavailable, e.Code);
            Assert.Contains("does not answer", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal(pid, DaemonStop.Run(state.Root, DaemonState.Patience));
        state.WaitForEnd();
    }

    [Fact]
    public void It_ends_when_its_state_folder_is_removed()
    {
        using DaemonState state = new();
        state.Start();
        Directory.Delete(state.Path, recursive: true);
        state.WaitForEnd();
    }

    [Fact]
    public void The_depth_of_the_state_folder_does_not_matter()
    {
        using DaemonState state = new(string.Join('/', Enumerable.Repeat(new string('d', 60), 5)));
        int pid = state.Start();
        using DaemonConnection connection = DaemonConnection.Open(state.Root)!;
        Assert.Contains($"\"pid\":{pid}", Encoding.UTF8.GetString(connection.Get("/daemon", DaemonState.Patience)), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(state.Path + "/daemon.json"));
    }

    [Fact]
    public void A_folder_that_others_may_write_in_is_refused()
    {
        using DaemonState state = new();
        Directory.CreateDirectory(state.Path);
        File.WriteAllText(Path.Combine(state.Path, "something"), "");
        File.SetUnixFileMode(state.Path, (UnixFileMode)0x1FF);
        Assert.Equal(ErrorCode.UnsafeState, Assert.Throws<SupException>(() => state.Ensure()).Code);
        (int status, string said) = state.Run();
        Assert.Equal(125, status);
        Assert.Contains("others may write in it", said, StringComparison.Ordinal);
        Assert.False(File.Exists(state.RecordPath));
        File.SetUnixFileMode(state.Path, (UnixFileMode)0x1C0);
    }

    [Fact]
    public void What_keeps_it_from_starting_is_said_by_whoever_needed_it()
    {
        using DaemonState state = new();
        Directory.CreateDirectory(state.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(state.Socket);
        SupException e = Assert.Throws<SupException>(() => state.Ensure());
        Assert.Equal(ErrorCode.DaemonUnavailable, e.Code);
        Assert.Contains("cannot make its socket", e.Message, StringComparison.Ordinal);
        Directory.Delete(state.Socket);
        e = Assert.Throws<SupException>(() => DaemonConnection.Ensure(state.Root, DaemonState.Patience, "/nonexistent/sup-daemon"));
        Assert.Contains("is missing", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<SupException>(() => DaemonConnection.Ensure(state.Root, DaemonState.Patience, "/bin/false"));
        Assert.Contains("cannot be started", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_log_is_private_json()
    {
        using DaemonState state = new();
        state.Start();
        string file = Assert.Single(Directory.GetFiles(Path.Combine(state.Path, "logs"), "daemon-*.log"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using System.Text.Json.JsonDocument line = System.Text.Json.JsonDocument.Parse(state.LogLines[0]);
        Assert.Equal(state.Record.Pid, line.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal("info", line.RootElement.GetProperty("level").GetString());
    }
}
