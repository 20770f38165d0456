using System.Diagnostics;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Processes;

public sealed class OwnSessionTests
{
    private static readonly SessionId Session = TestState.Id("abc");

    private static ProcessIdentity Self => ProcessIdentity.Self;

    /// <summary>A session of this boot whose command and owner are no processes.</summary>
    private static SessionMeta Meta => TestState.Meta("abc") with { BootId = ProcessIdentity.BootId, Pid = null };

    [Theory]
    [InlineData("abc", true)]
    [InlineData("ab", false)]
    [InlineData("ABC", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void The_variable_names_the_session_exactly(string? variable, bool own)
    {
        Assert.Equal(own, OwnSession.Of(variable, Environment.ProcessId).Is(Session, Meta));
        Assert.Equal(own, OwnSession.Of(variable, Environment.ProcessId).Is(Session, meta: null));
    }

    [Fact]
    public void A_child_of_the_command_or_of_the_owner_is_inside_without_the_variable()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        try
        {
            OwnSession inside = OwnSession.Of(variable: null, child.Id);
            Assert.True(inside.Is(Session, Meta with { Pid = Self.Pid, PidStartTime = Self.StartTime }));
            Assert.True(inside.Is(Session, Meta with { OwnerPid = Self.Pid, OwnerStartTime = Self.StartTime }));
            Assert.False(inside.Is(Session, Meta));

            ProcessIdentity theirs = ProcessIdentity.Of(child.Id)!.Value;
            Assert.True(inside.Is(Session, Meta with { Pid = theirs.Pid, PidStartTime = theirs.StartTime }));
            OwnSession beside = OwnSession.Of(variable: null, Environment.ProcessId);
            Assert.False(beside.Is(Session, Meta with { Pid = theirs.Pid, PidStartTime = theirs.StartTime }));
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }
    }

    [Fact]
    public void A_pid_that_was_used_again_is_another_process()
    {
        OwnSession own = OwnSession.Of(variable: null, Environment.ProcessId);
        SessionMeta meta = Meta with { Pid = Self.Pid, PidStartTime = Self.StartTime, OwnerPid = Self.Pid, OwnerStartTime = Self.StartTime };
        Assert.True(own.Is(Session, meta));
        Assert.False(own.Is(Session, meta with { PidStartTime = Self.StartTime - 1, OwnerStartTime = Self.StartTime + 1 }));
        Assert.False(own.Is(Session, meta with { PidStartTime = null, OwnerStartTime = 0 }));
        Assert.False(own.Is(Session, meta with { BootId = "another boot" }));
    }

    [Fact]
    public void Refusing_says_which_session_and_what_to_do()
    {
        SupException e = Assert.Throws<SupException>(() => OwnSession.Of("abc", Environment.ProcessId).Refuse(Session, Meta, "follow", "leave out -f"));
        Assert.Equal(ErrorCode.OwnSession, e.Code);
        Assert.Equal(ExitCode.Failure, e.ExitCode);
        Assert.Equal("cannot follow session abc: this command runs in it", e.Message);
        Assert.Equal("leave out -f", e.Hint);
        OwnSession.Of("other", Environment.ProcessId).Refuse(Session, Meta, "follow", hint: null);
    }
}
