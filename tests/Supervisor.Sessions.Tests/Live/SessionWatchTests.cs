using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Live;

public sealed class SessionWatchTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void News_of_more_output_comes_over_the_socket()
    {
        using LiveOwner owner = new(_state, "a");
        using SessionFiles files = _state.Open("a");
        using SessionWatch watch = new(files);
        watch.Wait(Long);
        Assert.True(Returns(watch, () => owner.End.Advance(1)));
        Assert.True(Returns(watch, () => owner.End.Advance(2)));
    }

    [Fact]
    public void Without_a_socket_it_comes_from_the_folder()
    {
        using OwnedFolder folder = _state.AddLive("a");
        using SessionFiles files = _state.Open("a");
        using SessionWatch watch = new(files);
        Assert.True(Returns(watch, () => folder.WriteAtomically(Artifact.Floor, "1"u8)));
    }

    [Fact]
    public void The_sessions_end_is_news_and_is_then_in_the_files()
    {
        LiveOwner owner = new(_state, "a");
        using SessionFiles files = _state.Open("a");
        using SessionWatch watch = new(files);
        owner.Finish();
        Eventually.True(
            () =>
            {
                watch.Wait(Long);
                return Look(files) == SessionState.Exited;
            },
            "the end is seen");
    }

    [Fact]
    public void An_owner_that_vanishes_is_news_too()
    {
        LiveOwner owner = new(_state, "a");
        using SessionFiles files = _state.Open("a");
        using SessionWatch watch = new(files);
        owner.Dispose();
        Eventually.True(
            () =>
            {
                watch.Wait(Long);
                return Look(files) == SessionState.Lost;
            },
            "the loss is seen");
    }

    [Fact]
    public void News_of_one_of_several_is_news()
    {
        using LiveOwner first = new(_state, "a");
        using LiveOwner second = new(_state, "b");
        using SessionFiles a = _state.Open("a");
        using SessionFiles b = _state.Open("b");
        using SessionWatch watchA = new(a);
        using SessionWatch watchB = new(b);
        watchA.Wait(Long);
        watchB.Wait(Long);
        long started = Stopwatch.GetTimestamp();
        second.End.Advance(9);
        SessionWatch.WaitAny([watchA, watchB], Long);
        Assert.True(Stopwatch.GetElapsedTime(started) < Long);
    }

    [Fact]
    public void Without_news_it_returns_when_the_time_is_over()
    {
        using LiveOwner owner = new(_state, "a");
        using SessionFiles files = _state.Open("a");
        using SessionWatch watch = new(files);
        watch.Wait(Long);
        watch.Wait(TimeSpan.FromMilliseconds(1));
    }

    private static SessionState Look(SessionFiles files) => SessionStatus.Of(files, DateTime.UtcNow).State;

    private static bool Returns(SessionWatch watch, Action happening)
    {
        happening();
        long started = Stopwatch.GetTimestamp();
        watch.Wait(Long);
        return Stopwatch.GetElapsedTime(started) < Long;
    }
}
