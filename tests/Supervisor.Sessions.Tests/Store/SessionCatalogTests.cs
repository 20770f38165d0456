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
}
