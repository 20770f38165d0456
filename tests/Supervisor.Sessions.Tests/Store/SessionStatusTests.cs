using Supervisor.Protocol;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class SessionStatusTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_session_is_starting_until_its_command_has_a_pid()
    {
        using OwnedFolder folder = _state.Create("a");
        Assert.Equal(SessionState.Starting, Look("a").State);
        folder.WriteAtomically(Artifact.Meta, TestState.Meta("a", pid: null).ToLine());
        Assert.Equal(SessionState.Starting, Look("a").State);
        folder.WriteAtomically(Artifact.Meta, TestState.Meta("a").ToLine());
        Assert.Equal(SessionState.Running, Look("a", TestState.Meta("a").StartedAt.AddSeconds(1)).State);
    }

    [Theory]
    [InlineData("exited")]
    [InlineData("signaled")]
    [InlineData("failed")]
    [InlineData("lost")]
    public void An_ended_session_is_as_its_end_says_also_while_its_owner_still_lives(string state)
    {
        OwnedFolder folder = _state.AddLive("a");
        folder.WriteAtomically(Artifact.Final, TestState.Final("a", state).ToLine());
        Assert.Equal(state, Look("a").State.Word());
        folder.Dispose();
        Assert.Equal(state, Look("a").State.Word());
    }

    [Fact]
    public void Without_an_end_and_without_an_owner_it_is_lost_whatever_pids_say()
    {
        OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, (TestState.Meta("a") with { Pid = Environment.ProcessId, OwnerPid = Environment.ProcessId }).ToLine());
        Assert.True(Look("a").State.IsLive());
        folder.Dispose();
        SessionStatus status = Look("a");
        Assert.Equal(SessionState.Lost, status.State);
        Assert.Null(status.Final);
        Assert.Equal("a", status.Meta!.Id);
    }

    [Fact]
    public void The_end_of_an_earlier_attempt_is_not_the_sessions_end()
    {
        OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, (TestState.Meta("a") with { Attempt = 2 }).ToLine());
        folder.WriteAtomically(Artifact.Final, TestState.Final("a", attempt: 1).ToLine());
        Assert.True(Look("a").State.IsLive());
        folder.Dispose();
        Assert.Equal(SessionState.Lost, Look("a").State);
    }

    [Fact]
    public void A_running_session_that_is_silent_for_longer_than_its_threshold_is_idle()
    {
        DateTime start = TestState.Meta("a").StartedAt;
        using OwnedFolder folder = _state.AddLive("a");
        Assert.Equal(SessionState.Running, Look("a", start.AddSeconds(30)).State);
        Assert.Equal(SessionState.Idle, Look("a", start.AddSeconds(30.1)).State);

        string output = Path.Combine(folder.Path, Artifact.Output);
        File.WriteAllText(output, "x");
        File.SetLastWriteTimeUtc(output, start.AddSeconds(100));
        Assert.Equal(SessionState.Running, Look("a", start.AddSeconds(130)).State);
        SessionStatus idle = Look("a", start.AddSeconds(131));
        Assert.Equal(SessionState.Idle, idle.State);
        Assert.Equal(1, idle.OutputBytes);
        Assert.Equal(start.AddSeconds(100), idle.LastOutput);
    }

    [Fact]
    public void A_folder_that_says_nothing_is_being_made_for_a_moment_and_then_lost()
    {
        _state.AddEnded("b");
        Directory.CreateDirectory(_state.Session("a"));
        DateTime made = Directory.GetLastWriteTimeUtc(_state.Session("a"));
        Assert.Equal(SessionState.Starting, Look("a", made.AddSeconds(5)).State);
        Assert.Equal(SessionState.Lost, Look("a", made.AddSeconds(60)).State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\0\0\0")]
    public void Damaged_files_are_as_good_as_missing(string content)
    {
        using (OwnedFolder folder = _state.AddLive("a"))
        {
            folder.WriteAtomically(Artifact.Final, System.Text.Encoding.UTF8.GetBytes(content));
            Assert.True(Look("a").State.IsLive());
            folder.WriteAtomically(Artifact.Meta, System.Text.Encoding.UTF8.GetBytes(content));
            Assert.Equal(SessionState.Starting, Look("a").State);
        }

        Assert.Equal(SessionState.Lost, Look("a", DateTime.UtcNow.AddMinutes(1)).State);
    }

    [Theory]
    [InlineData("command")]
    [InlineData("success_codes")]
    [InlineData("labels")]
    [InlineData("id")]
    [InlineData("host")]
    [InlineData("transport_mode")]
    public void A_file_with_null_where_something_must_be_is_damaged(string field)
    {
        using OwnedFolder folder = _state.AddLive("a");
        System.Text.Json.Nodes.JsonNode meta = System.Text.Json.Nodes.JsonNode.Parse(TestState.Meta("a").ToLine())!;
        Assert.NotNull(meta[field]);
        meta[field] = null;
        folder.WriteAtomically(Artifact.Meta, System.Text.Encoding.UTF8.GetBytes(meta.ToJsonString()));
        Assert.Null(Look("a").Meta);
    }

    [Fact]
    public void A_state_of_a_later_version_is_not_taken_for_a_success()
    {
        using OwnedFolder folder = _state.AddLive("a");
        folder.WriteAtomically(Artifact.Final, TestState.Final("a", "vaporized").ToLine());
        Assert.Equal(SessionState.Lost, Look("a").State);
    }

    [Fact]
    public void A_session_whose_owner_is_well_is_never_seen_lost_while_it_begins_or_ends()
    {
        const int sessions = 3000;
        string[] ids = [.. Enumerable.Range(0, sessions).Select(i => $"s{i}")];
        _state.AddEnded("first");
        int current = 0;
        void Watch()
        {
            int at = 0;
            while ((at = Math.Max(at, Volatile.Read(ref current))) < sessions)
            {
                using SessionFiles? files = SessionFiles.Open(_state.Root, TestState.Id(ids[at]));
                if (files is not null)
                {
                    SessionStatus status = SessionStatus.Of(files, DateTime.UtcNow);
                    Assert.True(status.State != SessionState.Lost, $"{ids[at]} was seen lost, final.json is {(status.Final is null ? "missing" : "there")}");
                }
            }
        }

        Eventually.Together(
            () =>
            {
                for (; Volatile.Read(ref current) < sessions; Interlocked.Increment(ref current))
                {
                    using OwnedFolder folder = _state.Create(ids[current]);
                    folder.WriteAtomically(Artifact.Meta, TestState.Meta(ids[current]).ToLine());
                    folder.WriteAtomically(Artifact.Final, TestState.Final(ids[current]).ToLine());
                }
            },
            Watch,
            Watch);
    }

    [Fact]
    public void A_session_that_begins_anew_again_and_again_is_never_seen_lost_nor_with_an_end_of_another_attempt()
    {
        const int attempts = 3000;
        OwnedFolder first = _state.Create("a");
        first.WriteAtomically(Artifact.Meta, TestState.Meta("a").ToLine());
        first.WriteAtomically(Artifact.Final, TestState.Final("a").ToLine());
        string lockFile = Path.Combine(first.Path, Artifact.Lock);
        first.Dispose();
        bool done = false;
        void Watch()
        {
            while (!Volatile.Read(ref done))
            {
                SessionStatus status = Look("a");
                Assert.NotEqual(SessionState.Lost, status.State);
                Assert.True(status.Final is null || status.Final.Attempt == status.Meta!.Attempt);
            }
        }

        void Restart()
        {
            try
            {
                for (int attempt = 2; attempt < attempts; attempt++)
                {
                    // As an owner that takes an ended session up again.
                    int fd = Native.Io.Open(lockFile, Native.Libc.O_RDWR);

                    // A child that another test starts holds our descriptors until its exec.
                    Eventually.True(() => Native.OfdLock.TryTake(fd, Artifact.OwnerByte), "the lock is free");
                    Replace(Artifact.Meta, (TestState.Meta("a", pid: null) with { Attempt = attempt }).ToLine());
                    Replace(Artifact.Meta, (TestState.Meta("a") with { Attempt = attempt }).ToLine());
                    Replace(Artifact.Final, TestState.Final("a", attempt: attempt).ToLine());
                    Native.Libc.close(fd);
                }
            }
            finally
            {
                Volatile.Write(ref done, true);
            }
        }

        void Replace(string name, byte[] content)
        {
            string path = Path.Combine(_state.Session("a"), name);
            File.WriteAllBytes(path + ".new", content);
            File.Move(path + ".new", path, overwrite: true);
        }

        Eventually.Together(Restart, Watch, Watch);
    }

    private SessionStatus Look(string id, DateTime? now = null)
    {
        using SessionFiles files = _state.Open(id);
        return SessionStatus.Of(files, now ?? DateTime.UtcNow);
    }
}
