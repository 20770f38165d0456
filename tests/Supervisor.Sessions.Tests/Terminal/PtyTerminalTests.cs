using System.Globalization;
using System.Text;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Terminal;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Terminal;

[Collection(TerminalGroup.Name)]
public sealed class PtyTerminalTests : CommandTerminalSpec
{
    private static readonly string Program = FindProgram();

    private protected override string NewLine => "\r\n";

    [Fact]
    public void The_three_are_one_terminal_that_is_the_commands_controlling_one()
    {
        CommandResult result = Run(Sh("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all >/dev/tty; echo err >&2; ps -o tty= -p $$ | tr -d ' '; tty"));
        string[] lines = result.Text.Split("\r\n");
        Assert.Equal(["all", "err"], lines[..2]);
        Assert.StartsWith("pts/", lines[2], StringComparison.Ordinal);
        Assert.Equal("/dev/" + lines[2], lines[3]);
        Assert.Empty(result.Stderr);
    }

    [Fact]
    public void A_stderr_that_is_no_terminal_is_captured_apart()
    {
        using PtyTerminal terminal = new(new PtyPlan(Stdin: true, Stdout: true, Stderr: false), user: null, size: null, CallerState.Plain, Program);
        Assert.Equal([(Channel.Pty, 1), (Channel.Stderr, 2)], terminal.Outputs.Select(o => (o.Channel, o.Original)));
        OutputReader[] readers = [.. terminal.Outputs.Select(o => new OutputReader(o))];
        Assert.Null(terminal.Start(Sh("echo out; echo err >&2; [ -t 2 ] || exit 9"), foreground: true));
        Assert.Equal(new WaitStatus(ChildChange.Exited, 9), WaitForEnd(terminal));
        Array.ForEach(readers, r => r.WaitForEnd());
        Assert.Equal("out\r\n"u8, readers[0].Bytes);
        Assert.Equal("err\n"u8, readers[1].Bytes);
    }

    [Fact]
    public void The_command_leads_the_foreground_group_of_a_session_that_its_monitor_leads()
    {
        using PtyTerminal terminal = (PtyTerminal)Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Spec("/bin/cat", "/proc/self/stat"), foreground: true));
        WaitForEnd(terminal);
        output.WaitForEnd();
        string text = Encoding.UTF8.GetString(output.Bytes);
        int[] fields = [.. text[(text.LastIndexOf(')') + 4)..].Split(' ').Take(5).Select(f => int.Parse(f, CultureInfo.InvariantCulture))];
        Assert.Equal([terminal.Session, terminal.Pid, terminal.Session, terminal.Pid], [fields[0], fields[1], fields[2], fields[4]]);
        Assert.Equal("posix-pty", terminal.TransportMode);
    }

    [Fact]
    public void Size_at_the_start_and_after_a_resize_is_the_commands_and_it_hears_of_it()
    {
        using PtyTerminal terminal = new(new PtyPlan(true, true, true), user: null, new TerminalSize(97, 31, 970, 620), CallerState.Plain, Program);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("trap 'stty size; exit 0' WINCH; stty size; echo ready; while :; do sleep 0.02; done"), foreground: true));
        output.WaitFor("31 97\r\nready");
        terminal.Resize(new TerminalSize(120, 40));
        output.WaitFor("40 120");
        Assert.Equal(new WaitStatus(ChildChange.Exited, 0), WaitForEnd(terminal));
    }

    [Fact]
    public void Without_a_size_it_is_the_VT100s()
    {
        CommandResult result = Run(Spec("stty", "size"));
        Assert.Equal("24 80\r\n", result.Text);
    }

    [Fact]
    public void Keys_reach_the_command_and_signal_keys_its_group()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("trap 'echo interrupted; exit 4' INT; echo ready; read line; echo \"got $line\"; while :; do sleep 0.02; done"), foreground: true));
        output.WaitFor("ready");
        Assert.Equal(0, Io.WriteAll(terminal.Input, "some words\n"u8));
        output.WaitFor("got some words");
        Assert.Equal(0, Io.WriteAll(terminal.Input, [3]));
        Assert.Equal(new WaitStatus(ChildChange.Exited, 4), WaitForEnd(terminal));
    }

    [Fact]
    public void The_suspend_key_stops_the_command_and_continuing_it_brings_it_back_to_the_foreground()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("echo ready; read line; echo \"got $line\""), foreground: true));
        output.WaitFor("ready");
        Assert.Equal(0, Io.WriteAll(terminal.Input, [26]));
        WaitStatus change = default;
        Eventually.True(() => (change = terminal.NextChange()).Change != ChildChange.None, "the stop");
        Assert.Equal(new WaitStatus(ChildChange.Stopped, Signals.SIGTSTP), change);
        terminal.Continue(foreground: true);
        Eventually.True(() => (change = terminal.NextChange()).Change != ChildChange.None, "going on");
        Assert.Equal(ChildChange.Continued, change.Change);
        Io.WriteAll(terminal.Input, "back\n"u8);
        Assert.Equal(new WaitStatus(ChildChange.Exited, 0), WaitForEnd(terminal));
        output.WaitFor("got back");
    }

    [Fact]
    public void A_command_started_in_the_background_stops_when_it_reads()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("read line; echo \"got $line\""), foreground: false));
        WaitStatus change = default;
        Eventually.True(() => (change = terminal.NextChange()).Change != ChildChange.None, "the stop");
        Assert.Equal(new WaitStatus(ChildChange.Stopped, Signals.SIGTTIN), change);
        terminal.Continue(foreground: true);
        Io.WriteAll(terminal.Input, "now\n"u8);
        Assert.Equal(new WaitStatus(ChildChange.Exited, 0), WaitForEnd(terminal));
        output.WaitFor("got now");
    }

    [Fact]
    public void A_signal_reaches_the_whole_foreground_group()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(
            Sh("sh -c \"trap 'echo child got it; exit' USR1; echo ready; while :; do sleep 0.02; done\" & trap 'echo parent got it' USR1; wait; wait; exit 0"),
            foreground: true));
        output.WaitFor("ready");
        terminal.Signal(Signals.SIGUSR1);
        output.WaitFor("child got it");
        output.WaitFor("parent got it");
        WaitForEnd(terminal);
    }

    [Fact]
    public void Output_written_after_all_descriptors_were_closed_for_a_while_still_comes()
    {
        CommandResult result = Run(Sh("exec 0<&- 1>&- 2>&-; sleep 0.2; echo late >/dev/tty"));
        Assert.Equal("late\r\n", result.Text);
    }

    [Fact]
    public void The_monitor_dies_with_the_terminal_and_is_reaped()
    {
        PtyTerminal terminal = (PtyTerminal)Open(CallerState.Plain);
        ProcessIdentity monitor = ProcessIdentity.Of(terminal.Session)!.Value;
        Assert.Null(terminal.Start(Sh("exit 0"), foreground: true));
        WaitForEnd(terminal);
        Assert.True(monitor.IsAlive);
        terminal.Dispose();
        Assert.Null(ProcessIdentity.Of(monitor.Pid));
    }

    [Fact]
    public void A_monitor_that_was_killed_is_told_as_an_unknown_end()
    {
        PtyTerminal terminal = (PtyTerminal)Open(CallerState.Plain);
        Assert.Null(terminal.Start(Sh("trap '' HUP; exec sleep 1000"), foreground: true));
        ProcessIdentity command = ProcessIdentity.Of(terminal.Pid)!.Value;
        Libc.kill(terminal.Session, Signals.SIGKILL);
        Assert.Equal(ChildChange.Unknown, WaitForEnd(terminal).Change);
        Libc.kill(command.Pid, Signals.SIGKILL);
        Eventually.True(() => !command.IsAlive, "the command's death");
        WaitStatus.Reap(terminal.Session);
        terminal.Dispose();
    }

    private protected override ICommandTerminal Open(CallerState caller) =>
        new PtyTerminal(new PtyPlan(Stdin: true, Stdout: true, Stderr: true), user: null, size: null, caller, Program);

    /// <summary>The program as it was built beside this one: artifacts/bin/PROJECT/CONFIGURATION[_RUNTIME]/.</summary>
    private static string FindProgram()
    {
        string here = AppContext.BaseDirectory.TrimEnd('/');
        string pattern = Path.GetFileName(here) + "*";
        string bin = Path.Combine(here, "..", "..", "Supervisor.Cli");
        return Directory.GetDirectories(bin, pattern)
            .Select(folder => Path.GetFullPath(Path.Combine(folder, "sup")))
            .Where(File.Exists)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .FirstOrDefault() ?? throw new FileNotFoundException($"no sup in {bin}/{pattern}");
    }
}
