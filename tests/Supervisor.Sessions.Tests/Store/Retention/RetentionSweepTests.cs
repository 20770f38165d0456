using System.Text.Json.Nodes;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>Which sessions a sweep removes, and what it says of each.</summary>
public sealed class RetentionSweepTests : RetentionFixture
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void Each_session_has_its_own_time_and_a_live_one_stays()
    {
        AddEnded("old", 2 * Hour, Hour);
        AddEnded("kept", 2 * Hour, 3 * Hour);
        AddEnded("edge", Hour, Hour);
        AddEnded("young", Hour - TimeSpan.FromMilliseconds(1), Hour);
        using OwnedFolder live = State.AddLive("live", startedAt: Now - (100 * Hour));
        Assert.Equal(new SweepResult(5, 2), Sweep());
        Assert.Equal(["kept", "live", "young"], Stored());
        Assert.Equal(
            ["edge removed expired", "kept skipped not_expired", "live skipped active_session", "old removed expired", "young skipped not_expired"],
            Log().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_cannot_be_read_expires_by_the_newest_change_in_it()
    {
        foreach (string id in new[] { "orphan", "malformed", "fresh", "freshInside" })
        {
            Directory.CreateDirectory(State.Session(id));
            File.WriteAllText(Path.Combine(State.Session(id), id.StartsWith('m') ? "meta.json" : "output.bin"), "{\"id\":");
            Touch(id, Now - (25 * Hour));
        }

        Touch("fresh", Now - (23 * Hour));
        File.SetLastWriteTimeUtc(Path.Combine(State.Session("freshInside"), "output.bin"), Now - Hour);
        Assert.Equal(new SweepResult(4, 2), Sweep());
        Assert.Equal(["fresh", "freshInside"], Stored());
        Assert.Equal(
            [
                "fresh skipped unreadable_not_expired", "freshInside skipped unreadable_not_expired",
                "malformed removed unreadable_expired", "orphan removed unreadable_expired",
            ],
            Log().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(long.MaxValue)]
    public void A_time_that_makes_no_sense_is_a_day(long seconds)
    {
        AddEnded("old", 25 * Hour, Hour, m => m with { RetentionSeconds = seconds });
        AddEnded("young", 23 * Hour, Hour, m => m with { RetentionSeconds = seconds });
        Assert.Equal(new SweepResult(2, 1), Sweep());
        Assert.Equal(["young"], Stored());
    }

    [Fact]
    public void A_lost_session_expires_by_its_last_sign_of_life()
    {
        foreach (string id in new[] { "lost", "printed" })
        {
            State.AddLive(id, startedAt: Now - (9 * Hour)).Dispose();
            Touch(id, Now - (8 * Hour));
        }

        File.WriteAllText(Path.Combine(State.Session("printed"), Artifact.Output), "x");
        Directory.SetLastWriteTimeUtc(State.Session("printed"), Now - (8 * Hour));
        File.SetLastWriteTimeUtc(Path.Combine(State.Session("printed"), Artifact.Output), Now - TimeSpan.FromSeconds(30));
        Assert.Equal(new SweepResult(2, 1), Sweep());
        Assert.Equal(["printed"], Stored());
        HistoryEntry entry = Assert.Single(History());
        Assert.Equal(("lost", "lost", "owner-lost"), (entry.Id, entry.Result, entry.EndReason));
        Assert.Equal(Now - (8 * Hour), entry.EndedAt);
    }

    [Fact]
    public void The_end_of_another_attempt_does_not_count()
    {
        AddEnded("again", 5 * Hour, Hour, m => m with { Attempt = 2 });
        Touch("again", Now);
        Assert.Equal(new SweepResult(1, 0), Sweep());
        Assert.Equal(["again skipped not_expired"], Log());
    }

    [Fact]
    public void One_that_waits_for_its_restart_is_active()
    {
        using (OwnedFolder folder = State.Create("backoff"))
        {
            folder.WriteAtomically(Artifact.Meta, (TestState.Meta("backoff", startedAt: Now - (100 * Hour)) with { Restart = "always" }).ToLine());
        }

        AddEnded("gaveUp", 5 * Hour, Hour, m => m with { Restart = "always" });
        Touch("backoff", Now - (100 * Hour));
        Assert.Equal(new SweepResult(2, 1), Sweep());
        Assert.Equal(["backoff"], Stored());
        Assert.Contains("backoff skipped active_session", Log());
    }

    [Theory]
    [InlineData(Artifact.OwnerByte)]
    [InlineData(Artifact.ChangeByte)]
    public void One_that_is_held_is_left_whatever_its_files_say(long lockByte)
    {
        AddExpired("held");
        int fd = Io.Open(Path.Combine(State.Session("held"), Artifact.Lock), Libc.O_RDWR);
        Assert.True(OfdLock.TryTake(fd, lockByte));
        Assert.Equal(new SweepResult(1, 0), Sweep());
        Assert.Equal(["held skipped active_session"], Log());
        Libc.close(fd);
        Assert.Equal(new SweepResult(1, 1), Sweep());
    }

    [Fact]
    public void An_end_in_the_future_is_not_over()
    {
        AddEnded("ahead", -5 * Hour, Hour);
        Assert.Equal(new SweepResult(1, 0), Sweep());
    }

    [Fact]
    public void A_newer_schema_and_unknown_fields_are_no_hindrance()
    {
        AddExpired("newer");
        string path = Path.Combine(State.Session("newer"), Artifact.Meta);
        JsonObject meta = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        meta["schema_version"] = "v9";
        meta["something"] = new JsonObject { ["new"] = new JsonArray(1, "two", new JsonObject()) };
        File.WriteAllText(path, meta.ToJsonString());
        Assert.Equal(new SweepResult(1, 1), Sweep());
        Assert.Equal("newer", Assert.Single(History()).Id);
    }

    [Fact]
    public void What_is_skipped_is_said_once_for_each_reason()
    {
        AddEnded("a", TimeSpan.Zero, Hour);
        AddEnded("b", TimeSpan.Zero, Hour);
        using (OwnedFolder live = State.AddLive("c", startedAt: Now))
        {
            Sweep();
            Sweep();
            Assert.Equal(3, Log().Count);
        }

        Touch("c", Now);
        Sweep();
        Sweep();
        Assert.Equal(["a skipped not_expired", "b skipped not_expired", "c skipped active_session", "c skipped not_expired"], Log().Order(StringComparer.Ordinal));
        Clock.Now += 2 * Hour;
        Sweep();
        Assert.Equal(7, Log().Count);
    }

    [Fact]
    public void The_log_is_rolled_and_what_it_said_may_be_said_again()
    {
        AddEnded("a", TimeSpan.Zero, Hour);
        Sweep();
        File.WriteAllText(LogPath, new string('x', 5 * 1024 * 1024) + "\n");
        Sweep();
        Sweep();
        Assert.Equal(["a skipped not_expired"], File.Exists(LogPath) ? [.. Log().Distinct(StringComparer.Ordinal)] : []);
        Assert.Equal((5 * 1024 * 1024) + 1, new FileInfo(Path.Combine(State.Root.Path, "logs", "sup.1.jsonl")).Length);
    }

    [Fact]
    public void A_removed_session_is_logged_with_its_result()
    {
        AddEnded("a", 2 * Hour, Hour, exitCode: 3);
        Sweep();
        JsonNode line = JsonNode.Parse(File.ReadAllText(LogPath))!;
        Assert.Equal("exited->expired", (string?)line["state_transition"]);
        Assert.Equal(3, (int?)line["exit_code"]);
        Assert.Equal("pipe", (string?)line["transport_mode"]);
    }

    [Fact]
    public void A_sweep_with_a_budget_goes_on_where_the_last_one_stopped()
    {
        const int count = 40;
        for (int i = 0; i < count; i++)
        {
            AddEnded($"s{i}", TimeSpan.Zero, Hour);
        }

        // Too short for more than the one that every sweep looks at.
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(1, new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromTicks(1)).Checked);
        }

        // One that another test's new process kept from saying what it saw has it said by a later one.
        Eventually.True(
            () =>
            {
                Sweep();
                return Log().Distinct(StringComparer.Ordinal).Count() == count;
            },
            "each is said");
        Assert.Equal(count, Log().Count);
    }

    [Fact]
    public void A_sweep_that_began_in_the_middle_comes_round_to_the_beginning()
    {
        for (int i = 0; i < 20; i++)
        {
            AddEnded($"s{i}", TimeSpan.Zero, Hour);
        }

        new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromTicks(1));
        Clock.Now += 2 * Hour;
        Assert.Equal(20, new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromMinutes(1)).Removed);
        Assert.Empty(Stored());
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("18446744073709551616")]
    [InlineData("9223372036854775807")]
    [InlineData("-1")]
    public void A_damaged_position_makes_it_begin_anywhere(string position)
    {
        for (int i = 0; i < 5; i++)
        {
            AddExpired($"s{i}");
        }

        File.WriteAllText(Path.Combine(State.Root.Path, "sweep"), position);
        for (int i = 0; i < 3; i++)
        {
            new RetentionSweep(State.Root, Clock).Run(TimeSpan.FromMinutes(1));
        }

        Assert.Empty(Stored());
    }

    [Fact]
    public void The_callers_own_session_is_not_looked_at()
    {
        using OwnedFolder own = State.AddLive("own", startedAt: Now);
        Assert.Equal(new SweepResult(0, 0), new RetentionSweep(State.Root, Clock, TestState.Id("own")).Run());
        Assert.Empty(Log());
    }

    [Fact]
    public void Without_any_state_nothing_is_made()
    {
        Assert.Equal(default, Sweep());
        Assert.False(Directory.Exists(State.Root.Path));
    }

    private IEnumerable<string> Stored() => Directory.EnumerateDirectories(State.Root.Sessions).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal);
}
