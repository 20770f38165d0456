using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Terminal;

[Collection(TerminalGroup.Name)]
public sealed class PipeTerminalTests : CommandTerminalSpec
{
    private protected override string NewLine => "\n";

    [Fact]
    public void Stdout_and_stderr_are_captured_apart_and_are_no_terminals()
    {
        CommandResult result = Run(Sh("echo out; echo err >&2; [ -t 1 ] || [ -t 2 ] || echo none"));
        Assert.Equal("out\nnone\n"u8, result.Stdout);
        Assert.Equal("err\n"u8, result.Stderr);
        using ICommandTerminal terminal = Open(CallerState.Plain);
        Assert.Equal([(Channel.Stdout, 1), (Channel.Stderr, 2)], terminal.Outputs.Select(o => (o.Channel, o.Original)));
        Assert.Equal("pipe", terminal.TransportMode);
        Assert.Equal(-1, terminal.Input);
    }

    [Fact]
    public void Together_they_are_one_pipe_that_keeps_their_order()
    {
        using PipeTerminal terminal = new(CallerState.Plain, together: true);
        CommandResult result = Run(terminal, Sh("for i in 1 2 3; do echo out $i; echo err $i >&2; done"));
        Assert.Equal("out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"u8, result.Stdout);
        Assert.Empty(result.Stderr);
    }

    [Fact]
    public void Bytes_pass_unchanged()
    {
        byte[] all = new byte[1_000_000];
        new Random(1).NextBytes(all);
        File.WriteAllBytes(Path.Combine(Folder, "bytes"), all);
        CommandResult result = Run(Spec("/bin/cat", "bytes") with { WorkingDirectory = Folder });
        Assert.True(all.AsSpan().SequenceEqual(result.Stdout));
    }

    [Fact]
    public void The_command_stays_in_our_process_group_and_session()
    {
        CommandResult result = Run(Spec("/bin/cat", "/proc/self/stat"));
        string[] fields = result.Text[(result.Text.LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal(Libc.getpgrp().ToString(System.Globalization.CultureInfo.InvariantCulture), fields[2]);
        Assert.Equal(Libc.getpid().ToString(System.Globalization.CultureInfo.InvariantCulture), fields[1]);
    }

    [Theory]
    [InlineData(1, Channel.Stderr)]
    [InlineData(2, Channel.Stdout)]
    public void An_output_that_was_closed_is_not_captured(int closed, Channel left)
    {
        CallerState caller = CallerState.Plain with { ClosedDescriptors = 1 << closed };
        using ICommandTerminal terminal = Open(caller);
        Assert.Equal(left, Assert.Single(terminal.Outputs).Channel);
        CommandSpec spec = Sh($"[ -e /proc/self/fd/{closed} ] && echo open >&{3 - closed} || echo closed >&{3 - closed}") with { Caller = caller };
        Assert.Equal("closed\n", Run(spec).Text);
    }

    [Fact]
    public void A_signal_goes_to_the_command_alone_never_to_its_children()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(
            Sh("trap 'echo parent got it' USR1; sh -c \"trap 'echo child got it' USR1; echo ready; sleep 0.3; echo child ends\" & wait; wait; exit 0"),
            foreground: true));
        output.WaitFor("ready");
        terminal.Signal(Signals.SIGUSR1);
        WaitForEnd(terminal);
        output.WaitForEnd();
        string text = System.Text.Encoding.UTF8.GetString(output.Bytes);
        Assert.Contains("parent got it", text, StringComparison.Ordinal);
        Assert.DoesNotContain("child got it", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resize_is_nobodys_business()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        terminal.Resize(new TerminalSize(1, 1));
    }

    private protected override ICommandTerminal Open(CallerState caller) => new PipeTerminal(caller, together: false);
}
