using Supervisor.Protocol;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Searching;
using Supervisor.Sessions.Tests.Support;
using Supervisor.Sessions.Waiting;
using Xunit;

namespace Supervisor.Sessions.Tests.Waiting;

/// <summary>Waiting in a session whose command was started several times: one transcript, in which each attempt begins at a cursor.</summary>
public sealed class SeveralAttemptsTests : IDisposable
{
    private readonly TestState _state = new();
    private readonly StoredSession _session;

    public SeveralAttemptsTests()
    {
        _session = new StoredSession(_state);
        _session.BeginAttempt();
    }

    public void Dispose()
    {
        _session.Dispose();
        _state.Dispose();
    }

    private SessionStatus Status => SessionStatus.Of(_session.Files, _session.Now);

    [Fact]
    public void A_text_is_found_though_it_came_in_pieces_and_from_two_attempts()
    {
        using OutputCondition ready = OutputCondition.Text(_session.Files, 0, "server ready");
        using OutputCondition pattern = OutputCondition.Pattern(_session.Files, 0, LinePattern.Parse("^server r.*y$"));
        foreach (string piece in new[] { "first line\nser", "ver ", "rea" })
        {
            _session.Write(piece);
            _session.After(TimeSpan.FromSeconds(1));
            Assert.False(ready.IsMet(Status, _session.Now) || pattern.IsMet(Status, _session.Now));
        }

        _session.EndAttempt(1);
        _session.BeginAttempt();
        Assert.False(ready.IsMet(Status, _session.Now) || pattern.IsMet(Status, _session.Now));
        _session.Write("dy\nmore\n");
        Assert.True(ready.IsMet(Status, _session.Now));
        Assert.True(pattern.IsMet(Status, _session.Now));
        Assert.Equal(("server ready", 11L, 24L), (ready.Line, ready.Cursor, ready.NextCursor));
        Assert.Equal(("server ready", 11L, 24L), (pattern.Line, pattern.Cursor, pattern.NextCursor));
        _session.End();
    }

    [Fact]
    public void What_begins_at_an_attempt_sees_nothing_of_the_one_before()
    {
        _session.Write("ready\nnearly rea");
        _session.EndAttempt(1);
        _session.BeginAttempt();
        _session.Write("dy to go\n");
        long start = _session.Files.ReadAttempt(2)!.StartCursor;
        Assert.Equal(16, start);
        using OutputCondition never = OutputCondition.Text(_session.Files, start, "ready");
        using OutputCondition rest = OutputCondition.Pattern(_session.Files, start, LinePattern.Parse("^dy to go$"));
        Assert.False(never.IsMet(Status, _session.Now));
        Assert.True(rest.IsMet(Status, _session.Now));
        Assert.Equal(16, rest.Cursor);
        _session.End();
    }

    [Fact]
    public void A_wait_for_output_goes_on_through_the_end_of_an_attempt_and_ends_with_the_session()
    {
        using OutputCondition found = OutputCondition.Text(_session.Files, 0, "two");
        using OutputCondition never = OutputCondition.Text(_session.Files, 0, "never");
        WaitResult? first = null, second = null;
        Eventually.Together(
            () => first = Wait(found),
            () => second = Wait(never),
            () =>
            {
                _session.Write("one\n");
                _session.EndAttempt(1);
                _session.BeginAttempt();
                _session.Write("two\n");
                _session.EndAttempt(0);
                _session.End();
            });
        Assert.Equal((WaitEnd.Met, "text"), (first!.End, first.Reason));
        Assert.Equal((WaitEnd.Ended, "ended"), (second!.End, second.Reason));
        Assert.Equal(2, second.Status.Final!.Attempt);
    }

    [Fact]
    public void The_end_waited_for_is_that_of_the_attempt_it_began_with()
    {
        ExitCondition first = new(_session.Files, 1);
        Assert.False(first.IsMet(Status, _session.Now));
        _session.Write("one\n");
        _session.EndAttempt(7);
        Assert.True(first.IsMet(Status, _session.Now));
        Assert.Equal((7, null, 4L), (first.ExitCode, first.Signal, first.NextCursor));

        _session.BeginAttempt();
        ExitCondition second = new(_session.Files, 2);
        Assert.False(second.IsMet(Status, _session.Now));
        _session.Write("two\n");
        _session.EndAttempt(null, "SIGKILL");
        _session.BeginAttempt();
        Assert.True(second.IsMet(Status, _session.Now));
        Assert.Equal((null, "SIGKILL", 8L), (second.ExitCode, second.Signal, second.NextCursor));

        // Of one that is long over, also when the session has ended otherwise since.
        _session.EndAttempt(0);
        _session.End();
        Assert.True(new ExitCondition(_session.Files, 1) is var late && late.IsMet(Status, _session.Now) && late.ExitCode == 7);
        Assert.Equal(SessionState.Exited, Status.State);
    }

    private WaitResult Wait(IWaitCondition condition) => SessionWait.Run(_session.Files, condition, Eventually.Deadline, TimeProvider.System);
}
