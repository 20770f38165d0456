using Xunit;

namespace Supervisor.Protocol.Tests;

public sealed class SessionStateTests
{
    /// <summary>All of the contract's states that this version can be in, in its words.</summary>
    private static readonly string[] Words = ["starting", "running", "idle", "stopping", "backoff", "exited", "signaled", "failed", "lost", "expired"];

    [Fact]
    public void Every_state_has_its_word_and_every_word_its_state()
    {
        Assert.Equal(Words, Enum.GetValues<SessionState>().Select(s => s.Word()));
        foreach (SessionState state in Enum.GetValues<SessionState>())
        {
            Assert.Equal(state, SessionStates.Parse(state.Word()));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Running")]
    [InlineData("running ")]
    [InlineData("dead")]
    [InlineData("0")]
    public void Another_word_names_no_state(string? word) => Assert.Null(SessionStates.Parse(word));

    [Fact]
    public void Live_states_are_those_with_an_owner() =>
        Assert.Equal(["starting", "running", "idle", "stopping", "backoff"], Enum.GetValues<SessionState>().Where(s => s.IsLive()).Select(s => s.Word()));

    [Theory]
    [InlineData("live", "starting running idle stopping backoff")]
    [InlineData("ended", "exited signaled failed lost expired")]
    [InlineData("running", "running idle")]
    [InlineData("idle", "idle")]
    [InlineData("lost", "lost")]
    public void A_filter_means_one_state_or_several(string word, string states)
    {
        Assert.True(StateFilter.TryParse(word, out StateFilter? filter));
        Assert.Equal(states, string.Join(' ', Enum.GetValues<SessionState>().Where(filter.Matches).Select(s => s.Word())));
        Assert.Equal(word is "ended" or "lost", filter.CoversEnded);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Live")]
    [InlineData("dead")]
    [InlineData("live ")]
    public void Another_word_is_no_filter(string? word) => Assert.False(StateFilter.TryParse(word, out _));
}
