using Supervisor.Protocol;
using Supervisor.Sessions.Foreground;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Terminal;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Foreground;

public sealed class SessionRecordTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_folder_that_a_slow_disk_made_too_late_does_not_stay()
    {
        using ManualResetEventSlim goOn = new(initialState: false);
        int testThread = Environment.CurrentManagedThreadId;
        bool wasThere = false;
        using SessionRecord record = SessionRecord.Open(
            Request("late"),
            id =>
            {
                // Asked for once more, without a folder, when the patience has run out.
                if (Environment.CurrentManagedThreadId != testThread)
                {
                    wasThere = Directory.Exists(_state.Session("late"));
                    goOn.Wait();
                }

                return TestState.Meta(id.Value);
            },
            TimeProvider.System);
        Assert.Null(record.Path);
        Assert.True(wasThere);
        goOn.Set();
        Eventually.True(() => !Directory.Exists(_state.Session("late")), "the folder is gone");
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public void A_clock_that_is_set_does_not_change_how_long_it_took(int seconds)
    {
        SetClock clock = new(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using (SessionRecord record = SessionRecord.Open(Request("set"), id => TestState.Meta(id.Value), clock))
        {
            clock.Now += TimeSpan.FromSeconds(seconds);
            record.Ended(SessionState.Exited, 0, null, null, []);
        }

        using Supervisor.Sessions.Store.SessionFiles files = _state.Open("set");
        Assert.InRange(files.ReadFinal(files.ReadMeta())!.DurationSeconds, 0.000_001, 60);
    }

    private RunRequest Request(string id) => new()
    {
        Root = () => _state.Root,
        Id = TestState.Id(id),
        Command = [[.. "true"u8]],
        CommandText = ["true"],
        Environment = [],
        Caller = CallerState.Plain,
        SilenceAfter = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromDays(1),
        MaxOutputBytes = 1,
        Script = () => new ScriptIdentity(null, "sha256:0"),
        Program = "sup",
    };
}
