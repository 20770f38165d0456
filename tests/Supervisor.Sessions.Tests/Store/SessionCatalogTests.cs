using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class SessionCatalogTests : IDisposable
{
    private static readonly DateTime Day = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TestState _state = new();

    private SessionCatalog Catalog => new(_state.Root, TimeProvider.System);

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Sessions_are_listed_newest_first()
    {
        _state.AddEnded("b", startedAt: Day.AddHours(1));
        _state.AddEnded("a", startedAt: Day.AddHours(3));
        _state.AddEnded("c", startedAt: Day.AddHours(2));
        Assert.Equal(["a", "c", "b"], Catalog.All().Select(s => s.Id.Value));
    }

    [Fact]
    public void What_is_no_session_is_not_listed()
    {
        _state.AddEnded("a");
        Directory.CreateDirectory(Path.Combine(_state.Root.Sessions, "not an id"));
        Directory.CreateDirectory(Path.Combine(_state.Root.Sessions, ".hidden"));
        File.WriteAllText(Path.Combine(_state.Root.Sessions, "file"), "x");
        Assert.Equal(["a"], Catalog.All().Select(s => s.Id.Value));
    }

    [Fact]
    public void One_damaged_session_does_not_hide_the_others()
    {
        _state.AddEnded("a");
        _state.AddEnded("b");
        File.WriteAllText(Path.Combine(_state.Session("b"), Artifact.Meta), "{\"id\":");
        Assert.Equal(["a", "b"], Catalog.All().Select(s => s.Id.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_exact_id_comes_before_a_name_and_a_prefix()
    {
        _state.AddEnded("web");
        _state.AddEnded("web2");
        using OwnedFolder live = _state.AddLive("other", name: "web");
        Assert.Equal("web", Catalog.Find("web").Id.Value);
    }

    [Fact]
    public void A_name_means_the_live_session_else_the_newest()
    {
        _state.AddEnded("a", "web", Day.AddHours(1));
        _state.AddEnded("b", "web", Day.AddHours(3));
        _state.AddEnded("c", "web", Day.AddHours(2));
        Assert.Equal("b", Catalog.Find("web").Id.Value);
        using (OwnedFolder live = _state.AddLive("d", "web", Day))
        {
            Assert.Equal("d", Catalog.Find("web").Id.Value);
        }
    }

    [Fact]
    public void A_name_comes_before_a_prefix_and_is_never_matched_in_part()
    {
        _state.AddEnded("webx", "other");
        _state.AddEnded("a", "web");
        Assert.Equal("a", Catalog.Find("web").Id.Value);
        Assert.Equal(ErrorCode.SessionNotFound, Assert.Throws<SupException>(() => Catalog.Find("oth")).Code);
    }

    [Fact]
    public void A_prefix_of_one_id_is_enough()
    {
        _state.AddEnded("k3x9");
        _state.AddEnded("k4aa");
        Assert.Equal("k3x9", Catalog.Find("k3").Id.Value);
    }

    [Fact]
    public void A_prefix_of_several_is_an_error_that_lists_them()
    {
        _state.AddEnded("k3x9");
        _state.AddEnded("k3aa");
        _state.AddEnded("z");
        SupException e = Assert.Throws<SupException>(() => Catalog.Find("k3"));
        Assert.Equal(ErrorCode.SessionAmbiguous, e.Code);
        Assert.Equal(ExitCode.Usage, e.ExitCode);
        Assert.Contains("k3x9", e.Message, StringComparison.Ordinal);
        Assert.Contains("k3aa", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("z", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../sessions/a")]
    [InlineData("a/")]
    [InlineData("A")]
    [InlineData("ab")]
    [InlineData("a\u001b[31m")]
    [InlineData("a\0")]
    public void Anything_else_is_not_found_and_shown_safely(string text)
    {
        _state.AddEnded("a");
        SupException e = Assert.Throws<SupException>(() => Catalog.Find(text));
        Assert.Equal(ErrorCode.SessionNotFound, e.Code);
        Assert.Equal(ExitCode.NotFound, e.ExitCode);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void Of_many_that_a_prefix_could_mean_some_are_named_and_the_rest_counted()
    {
        for (int i = 0; i < 25; i++)
        {
            _state.AddEnded($"k{i:00}");
        }

        SupException e = Assert.Throws<SupException>(() => Catalog.Find("k"));
        Assert.Contains("k00, k01", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("k09 and 15 more", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_holds_a_name_is_found_by_it_and_one_that_lost_it_is_not_believed()
    {
        _state.AddEnded("old", "web", Day.AddHours(9));
        using (NameLock.TryTake(_state.Root, TestState.Name("web"), TestState.Id("live")))
        {
            using OwnedFolder live = _state.AddLive("live", "web", Day);
            Assert.Equal("live", Catalog.Find("web").Id.Value);

            // Renamed since.
            live.WriteAtomically(Artifact.Meta, TestState.Meta("live", "other").ToLine());
            Assert.Equal("old", Catalog.Find("web").Id.Value);
            Assert.Equal("live", Catalog.Find("other").Id.Value);
        }

        File.WriteAllText(Path.Combine(_state.Root.Names, "web"), "nosuch\n");
        Assert.Equal("old", Catalog.Find("web").Id.Value);
        File.WriteAllText(Path.Combine(_state.Root.Names, "web"), "../../etc\n");
        Assert.Equal("old", Catalog.Find("web").Id.Value);
    }

    [Fact]
    public void The_live_are_listed_and_the_ended_counted()
    {
        _state.AddEnded("a");
        _state.AddLive("lost").Dispose();
        using OwnedFolder live = _state.AddLive("live", startedAt: Day);
        using OwnedFolder starting = _state.Create("starting");
        using OwnedFolder later = _state.AddLive("later", startedAt: Day.AddHours(1));
        using OwnedFolder ending = _state.AddLive("ending");
        ending.WriteAtomically(Artifact.Final, TestState.Final("ending").ToLine());
        LiveSessions sessions = Catalog.Live();
        Assert.Equal(["later", "live", "starting"], sessions.Sessions.Select(s => s.Id.Value));
        Assert.Equal(3, sessions.EndedCount);
    }

    [Fact]
    public void Many_sessions_are_read_by_two_threads_and_none_is_missed()
    {
        for (int i = 0; i < 500; i++)
        {
            _state.AddEnded($"s{i:000}", startedAt: Day.AddSeconds(i));
        }

        Assert.Equal(Enumerable.Range(0, 500).Reverse().Select(i => $"s{i:000}"), Catalog.All().Select(s => s.Id.Value));
        Assert.Equal(500, Catalog.Live().EndedCount);
        Assert.Equal(500, Catalog.Ids().Count);
    }
}
