using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

/// <summary>Folders that a session of this version did not make, or not whole: each is listed for what it is, and hides nothing.</summary>
public sealed class StrangeFoldersTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Garbage_of_every_kind_is_lost_or_not_listed_and_hides_no_session()
    {
        _state.AddEnded("good");
        foreach (string name in new[] { Artifact.Meta, Artifact.Final, Artifact.Output, Artifact.Index, Artifact.Events, Artifact.Lock, Artifact.Attempts, Artifact.Floor })
        {
            string key = name.Replace(".", "", StringComparison.Ordinal);
            Directory.CreateDirectory(Path.Combine(_state.Session("folder-" + key), name));
            Posix.MakeFifo(Path.Combine(Directory.CreateDirectory(_state.Session("fifo-" + key)).FullName, name));
            File.CreateSymbolicLink(Path.Combine(Directory.CreateDirectory(_state.Session("link-" + key)).FullName, name), Path.Combine(_state.Session("good"), name));
            File.CreateSymbolicLink(Path.Combine(Directory.CreateDirectory(_state.Session("dangling-" + key)).FullName, name), "/nonexistent");
            File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(_state.Session("noise-" + key)).FullName, name), [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))]);
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(_state.Session("empty-" + key)).FullName, name), "");
        }

        Directory.CreateSymbolicLink(_state.Session("linked"), _state.Session("good"));
        File.WriteAllText(_state.Session("file"), "x");
        Posix.MakeFifo(_state.Session("pipe"));
        Directory.CreateDirectory(_state.Session(".hidden"));
        Directory.CreateDirectory(_state.Session("with space"));

        SessionCatalog later = new(_state.Root, new SetClock(DateTime.UtcNow.AddHours(1)));
        IReadOnlyList<SessionStatus> all = Eventually.Returns(() => later.All(withGaps: true), "the list");
        Assert.Equal("good", Assert.Single(all, s => s.State != SessionState.Lost).Id.Value);
        Assert.Equal(48 + 1, all.Count);
        Assert.All(all.Where(s => s.State == SessionState.Lost), s => Assert.NotEmpty(s.Problems));
        Assert.Equal(SessionState.Exited, later.Find("good").State);
        Assert.Equal(49, Eventually.Returns(() => later.Live(), "the live ones").EndedCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"schema_version\":\"v1alpha1\",\"id\":\"a\",\"att")]
    [InlineData("{}")]
    [InlineData("\0\0\0\0")]
    public void An_empty_or_torn_end_is_none_and_that_is_said(string content)
    {
        OwnedFolder folder = _state.AddLive("a");
        File.WriteAllText(Path.Combine(folder.Path, Artifact.Final), content);
        Assert.Equal(SessionState.Running, Look("a", TestState.Meta("a").StartedAt).State);
        folder.Dispose();
        SessionStatus status = Look("a");
        Assert.Equal(SessionState.Lost, status.State);
        Assert.Equal("final.json is damaged", Assert.Single(status.Problems));
    }

    [Fact]
    public void The_end_of_an_earlier_attempt_is_no_damage()
    {
        OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, (TestState.Meta("a") with { Attempt = 2 }).ToLine());
        folder.WriteAtomically(Artifact.Final, TestState.Final("a", attempt: 1).ToLine());
        folder.Dispose();
        Assert.Equal(SessionState.Lost, Look("a").State);
        Assert.Empty(Look("a").Problems);
    }

    [Fact]
    public void A_later_schema_is_read_as_far_as_it_is_known_and_that_is_said()
    {
        using OwnedFolder folder = _state.Create("a");
        string meta = Encoding.UTF8.GetString((TestState.Meta("a", name: "web") with { SchemaVersion = "v2" }).ToLine());
        folder.WriteAtomically(Artifact.Meta, Encoding.UTF8.GetBytes("{\"colour\":{\"of\":[1,{}]}," + meta[1..]));
        SessionStatus status = Look("a");
        Assert.Equal("web", status.Meta!.Name);
        Assert.Contains("schema v2", Assert.Single(status.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_schema_that_cannot_be_read_is_said_too()
    {
        OwnedFolder folder = _state.Create("a");
        folder.WriteAtomically(Artifact.Meta, "{\"schema_version\":\"v3\",\"id\":{\"of\":\"a\"}}"u8);
        Assert.Equal(SessionState.Starting, Look("a").State);
        Assert.Contains("schema v3", Assert.Single(Look("a").Problems), StringComparison.Ordinal);
        folder.Dispose();
        SessionStatus status = Look("a", DateTime.UtcNow.AddHours(1));
        Assert.Equal(SessionState.Lost, status.State);
        Assert.Contains("schema v3", Assert.Single(status.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_another_user_are_not_believed()
    {
        _state.AddEnded("a");
        if (Posix.chown(Path.Combine(_state.Session("a"), Artifact.Meta), 65534, 65534) != 0)
        {
            Assert.Skip("giving a file away needs root");
        }

        SessionStatus status = Look("a", DateTime.UtcNow.AddHours(1));
        Assert.Null(status.Meta);
        Assert.NotEmpty(status.Problems);
    }

    [Fact]
    public void A_folder_of_the_future_is_not_starting_for_ever()
    {
        Directory.CreateDirectory(_state.Root.Path);
        _state.AddEnded("b");
        Directory.CreateDirectory(_state.Session("a"));
        Directory.SetLastWriteTimeUtc(_state.Session("a"), DateTime.UtcNow.AddDays(1));
        Assert.Equal(SessionState.Lost, Look("a").State);
    }

    [Fact]
    public void After_another_boot_the_reason_of_a_loss_is_the_reboot()
    {
        Lose("a", TestState.OwnMeta("a") with { BootId = "another" });
        Lose("b", TestState.OwnMeta("b"));
        Lose("c", TestState.OwnMeta("c") with { BootId = "" });
        Assert.Equal("reboot", Look("a").EndReason);
        Assert.Equal("owner-lost", Look("b").EndReason);
        Assert.Equal("owner-lost", Look("c").EndReason);
        Assert.All(new[] { "a", "b", "c" }, id => Assert.Equal(SessionState.Lost, Look(id).State));
    }

    [Fact]
    public void What_could_not_be_stored_is_counted()
    {
        _state.AddEnded("a");
        _state.AddEnded("b");
        string events = Path.Combine(_state.Session("a"), Artifact.Events);
        TranscriptEvent Gap(long bytes, string reason) => new() { Type = "gap", Offset = 1, Timestamp = DateTime.UnixEpoch, Bytes = bytes, Reason = reason };
        TranscriptEvent other = new() { Type = "freed", Offset = 1, Timestamp = DateTime.UnixEpoch, Bytes = 1000, Reason = "not a \"gap\"" };
        File.WriteAllBytes(events, [.. Gap(3, "full").ToLine(), .. other.ToLine(), .. Gap(4, "gone").ToLine(), .. Gap(50, "torn").ToLine()[..^5]]);
        SessionCatalog catalog = new(_state.Root, TimeProvider.System);
        Assert.Equal(new RecordingGaps(2, 7, "gone"), catalog.All(withGaps: true).Single(s => s.Id.Value is "a").Gaps);
        Assert.Null(catalog.All(withGaps: true).Single(s => s.Id.Value is "b").Gaps);
        Assert.All(catalog.All(), s => Assert.Null(s.Gaps));

        File.WriteAllBytes(events, [.. Gap(3, "full").ToLine(), .. Enumerable.Repeat(other.ToLine(), 20_000).SelectMany(l => l), .. Gap(4, "gone").ToLine()]);
        Assert.Equal(new RecordingGaps(2, 7, "gone"), catalog.All(withGaps: true).Single(s => s.Id.Value is "a").Gaps);
    }

    private void Lose(string id, SessionMeta meta)
    {
        using OwnedFolder folder = _state.Create(id);
        folder.WriteAtomically(Artifact.Meta, meta.ToLine());
    }

    private SessionStatus Look(string id, DateTime? now = null)
    {
        using SessionFiles files = _state.Open(id);
        return SessionStatus.Of(files, now ?? DateTime.UtcNow);
    }
}
