using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

/// <summary>What the processes of a session say about it while its owner lives.</summary>
public sealed class LiveStateTests : IDisposable
{
    private const int Stop = 19, Continue = 18;

    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_command_that_is_dead_is_not_running_while_its_owner_still_ends()
    {
        using Process command = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        ProcessIdentity identity = ProcessIdentity.Of(command.Id)!.Value;
        using OwnedFolder folder = Live(m => m with { Pid = identity.Pid, PidStartTime = identity.StartTime });
        Assert.Equal(SessionState.Running, Look().State);
        command.Kill();
        command.WaitForExit();
        Assert.Equal(SessionState.Stopping, Look().State);
        Assert.True(Look().State.IsLive());
        folder.WriteAtomically(Artifact.Final, TestState.Final("a", "signaled").ToLine());
        Assert.Equal(SessionState.Signaled, Look().State);
    }

    [Fact]
    public void A_process_that_got_the_commands_number_later_is_not_the_command()
    {
        using OwnedFolder folder = Live(m => m with { PidStartTime = m.PidStartTime - 1 });
        Assert.Equal(SessionState.Stopping, Look().State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_the_owner_cannot_be_seen_its_lock_alone_tells(bool otherBoot)
    {
        using OwnedFolder folder = Live(m => otherBoot
            ? m with { BootId = "another", Pid = 4_000_000 }
            : m with { OwnerStartTime = m.OwnerStartTime + 1, Pid = 4_000_000 });
        Assert.Equal(SessionState.Running, Look().State);
        Assert.False(Look().IsOwnerStopped);
    }

    [Fact]
    public void A_stopped_owner_is_live_and_said_to_be_stopped()
    {
        using Process owner = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        try
        {
            ProcessIdentity identity = ProcessIdentity.Of(owner.Id)!.Value;
            using OwnedFolder folder = Live(m => m with { OwnerPid = identity.Pid, OwnerStartTime = identity.StartTime });
            Assert.False(Look().IsOwnerStopped);
            Libc.kill(owner.Id, Stop);
            Eventually.True(() => Look().IsOwnerStopped, "the owner is seen stopped");
            Assert.Equal(SessionState.Running, Look().State);
            Libc.kill(owner.Id, Continue);
            Eventually.True(() => !Look().IsOwnerStopped, "the owner is seen to go on");
        }
        finally
        {
            owner.Kill();
            owner.WaitForExit();
        }
    }

    [Fact]
    public void A_later_attempt_is_silent_since_its_own_start()
    {
        DateTime start = TestState.Meta("a").StartedAt;
        using OwnedFolder folder = Live(m => m with { Attempt = 2 });
        folder.WriteAtomically("attempts/2.json", Attempt(2, start.AddHours(1)).ToLine());
        Assert.Equal(SessionState.Running, Look(start.AddHours(1).AddSeconds(30)).State);
        Assert.Equal(start.AddHours(1), Look().LastActive);
        Assert.Equal(SessionState.Idle, Look(start.AddHours(1).AddSeconds(31)).State);
    }

    [Fact]
    public void Attempts_are_read_in_order_past_one_that_is_damaged()
    {
        using OwnedFolder folder = Live(m => m with { Attempt = 11 });
        foreach (int number in new[] { 1, 2, 3, 10, 11 })
        {
            folder.WriteAtomically($"attempts/{number}.json", Attempt(number, DateTime.UnixEpoch).ToLine());
        }

        folder.WriteAtomically("attempts/2.json", "{\"attempt\":2"u8);
        folder.WriteAtomically("attempts/4.json", Attempt(5, DateTime.UnixEpoch).ToLine());
        folder.WriteAtomically("attempts/x.json", Attempt(6, DateTime.UnixEpoch).ToLine());
        using SessionFiles files = _state.Open("a");
        Assert.Equal([1, 3, 10, 11], files.ReadAttempts().Select(a => a.Attempt));
    }

    [Fact]
    public void A_redraw_after_a_resize_is_no_activity()
    {
        DateTime start = TestState.Meta("a").StartedAt;
        using OwnedFolder folder = Live(m => m);
        Write(Artifact.Events, new TranscriptEvent { Type = "started", Offset = 0, Timestamp = start },
            new TranscriptEvent { Type = "resized", Offset = 5, Timestamp = start.AddSeconds(20), Columns = 90, Rows = 30 });
        File.WriteAllText(Path.Combine(folder.Path, Artifact.Index), Window(0, start.AddSeconds(3)) + Window(5, start.AddSeconds(20.1)) + "{\"offset\":");
        Printed(start.AddSeconds(20.2));

        SessionStatus redrawn = Look(start.AddSeconds(32));
        Assert.Equal(start.AddSeconds(3), redrawn.LastOutput);
        Assert.Equal(SessionState.Running, redrawn.State);
        Assert.Equal(SessionState.Idle, Look(start.AddSeconds(34)).State);

        Printed(start.AddSeconds(20.7));
        Assert.Equal(start.AddSeconds(20.7), Look().LastOutput);
        Assert.Equal(SessionState.Running, Look(start.AddSeconds(34)).State);
    }

    [Fact]
    public void A_command_that_only_ever_redrew_is_silent_since_its_start()
    {
        DateTime start = TestState.Meta("a").StartedAt;
        using OwnedFolder folder = Live(m => m);
        Write(Artifact.Events, new TranscriptEvent { Type = "resized", Offset = 0, Timestamp = start.AddSeconds(20) });
        File.WriteAllText(Path.Combine(folder.Path, Artifact.Index), Window(0, start.AddSeconds(20.1)) + Window(5, start.AddSeconds(20.4)));
        Printed(start.AddSeconds(20.4));
        Assert.Null(Look().LastOutput);
        Assert.Equal(start, Look().LastActive);
        Assert.Equal(SessionState.Idle, Look(start.AddSeconds(31)).State);
    }

    [Fact]
    public void Every_resize_of_many_has_its_redraw()
    {
        DateTime start = TestState.Meta("a").StartedAt;
        using OwnedFolder folder = Live(m => m);
        TranscriptEvent[] resizes = [.. Enumerable.Range(0, 2000).Select(i => new TranscriptEvent { Type = "resized", Offset = 5, Timestamp = start.AddSeconds(10 + (i * 0.4)) })];
        Write(Artifact.Events, resizes);
        File.WriteAllText(
            Path.Combine(folder.Path, Artifact.Index),
            Window(0, start.AddSeconds(2)) + string.Concat(resizes.TakeLast(300).Select(r => Window(5, r.Timestamp.AddSeconds(0.05)))));
        Printed(resizes[^1].Timestamp.AddSeconds(0.3));
        Assert.Equal(start.AddSeconds(2), Look().LastOutput);
    }

    private static AttemptRecord Attempt(int number, DateTime started) => new()
    {
        Attempt = number,
        ClaimedAt = started.AddSeconds(-1),
        BootId = "boot",
        StartedAt = started,
        StartCursor = 0,
    };

    private static string Window(long offset, DateTime time) =>
        $"{{\"offset\":{offset},\"length\":5,\"channel\":\"pty\",\"timestamp\":\"{Protocol.Values.Timestamp.Of(time)}\"}}\n";

    private OwnedFolder Live(Func<SessionMeta, SessionMeta> change)
    {
        OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, change(TestState.OwnMeta("a")).ToLine());
        return folder;
    }

    private void Printed(DateTime time)
    {
        string output = Path.Combine(_state.Session("a"), Artifact.Output);
        File.WriteAllText(output, "0123456789");
        File.SetLastWriteTimeUtc(output, time);
    }

    private void Write(string name, params TranscriptEvent[] events) =>
        File.WriteAllBytes(Path.Combine(_state.Session("a"), name), [.. events.SelectMany(e => e.ToLine())]);

    private SessionStatus Look(DateTime? now = null)
    {
        using SessionFiles files = _state.Open("a");
        return SessionStatus.Of(files, now ?? TestState.Meta("a").StartedAt.AddSeconds(1));
    }
}
