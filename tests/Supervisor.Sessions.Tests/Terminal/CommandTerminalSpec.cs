using System.Globalization;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Terminal;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Terminal;

/// <summary>
/// What a command may expect of any terminal. A terminal takes over the process's stdin and the descriptors it inherited,
/// as it does in <c>sup run</c>; so these run alone, and nothing in this project uses .NET's own Process.
/// </summary>
public abstract class CommandTerminalSpec : IDisposable
{
    private readonly TestState _state = new();

    private protected string Folder => _state.Folder;

    /// <summary>What the command's stdout turns a newline into.</summary>
    private protected abstract string NewLine { get; }

    public void Dispose()
    {
        _state.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(255)]
    public void The_exit_code_is_told(int code)
    {
        CommandResult result = Run(Sh($"exit {code}"));
        Assert.Equal(new WaitStatus(ChildChange.Exited, code), result.End);
    }

    [Theory]
    [InlineData(Signals.SIGTERM)]
    [InlineData(Signals.SIGKILL)]
    [InlineData(Signals.SIGHUP)]
    [InlineData(Signals.SIGUSR1)]
    public void Death_by_a_signal_is_told(int signal)
    {
        CommandResult result = Run(Sh($"kill -{signal} $$"));
        Assert.Equal(new WaitStatus(ChildChange.Killed, signal), result.End);
    }

    [Theory]
    [InlineData("no-such-command", 127)]
    [InlineData("./no-such-command", 127)]
    [InlineData("/no/such/command", 127)]
    [InlineData("", 127)]
    [InlineData("./plain.txt", 126)]
    [InlineData(".", 126)]
    [InlineData("/", 126)]
    [InlineData("./no-interpreter", 126)]
    [InlineData("./plain.txt/below", 127)]
    public void What_cannot_be_started_is_told_as_a_shell_would(string program, int code)
    {
        File.WriteAllText(Path.Combine(Folder, "plain.txt"), "text");
        Executable("no-interpreter", "#!/no/such/interpreter\n");
        CommandResult result = Run(Spec(program) with { WorkingDirectory = Folder });
        Assert.NotNull(result.Failure);
        Assert.Equal(code, result.Failure.ExitCode);
        Assert.StartsWith($"cannot run {program}: ", result.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(result.Stdout);
    }

    [Fact]
    public void A_failure_names_no_arguments()
    {
        CommandResult result = Run(Spec("no-such-command", "--password", "secret"));
        Assert.DoesNotContain("secret", result.Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("file")]
    public void A_working_directory_that_cannot_be_entered_is_125(string what)
    {
        File.WriteAllText(Path.Combine(Folder, "file"), "x");
        CommandResult result = Run(Sh("echo ran") with { WorkingDirectory = Path.Combine(Folder, what) });
        Assert.Equal(ExitCode.Failure, result.Failure!.ExitCode);
        Assert.Empty(result.Stdout);
    }

    [Fact]
    public void The_command_runs_in_its_working_directory()
    {
        CommandResult result = Run(Spec("/bin/pwd", "-P") with { WorkingDirectory = Folder });
        Assert.Equal(Folder + NewLine, result.Text);
    }

    [Fact]
    public void A_program_is_looked_for_in_the_commands_own_PATH()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "first"));
        Directory.CreateDirectory(Path.Combine(Folder, "second"));
        Executable("second/tool", "#!/bin/sh\necho second\n");

        // Not executable: passed over, as execvp(3) does.
        File.WriteAllText(Path.Combine(Folder, "first/tool"), "#!/bin/sh\necho first\n");
        CommandSpec spec = Spec("tool") with { Environment = [Utf8($"PATH={Folder}/missing:{Folder}/first:{Folder}/second")] };
        Assert.Equal("second" + NewLine, Run(spec).Text);

        CommandSpec only = spec with { Environment = [Utf8($"PATH={Folder}/first")] };
        Assert.Equal(ExitCode.NotExecutable, Run(only).Failure!.ExitCode);

        CommandSpec here = spec with { Environment = [Utf8("PATH=/bin:")], WorkingDirectory = Path.Combine(Folder, "second") };
        Assert.Equal("second" + NewLine, Run(here).Text);
    }

    [Fact]
    public void A_script_without_an_interpreter_line_is_run_by_the_shell()
    {
        Executable("script", "echo \"$0 $#\" \"$@\"\n");
        CommandResult result = Run(Spec("./script", "a b", "c") with { WorkingDirectory = Folder });
        Assert.Equal("./script 2 a b c" + NewLine, result.Text);
        Assert.Equal(new WaitStatus(ChildChange.Exited, 0), result.End);
    }

    [Fact]
    public void The_first_byte_of_a_command_that_is_gone_at_once_is_never_lost()
    {
        for (int i = 0; i < 200; i++)
        {
            CommandResult result = Run(Spec("/bin/echo", "x"));
            Assert.Equal("x" + NewLine, result.Text);
            Assert.Equal(new WaitStatus(ChildChange.Exited, 0), result.End);
        }
    }

    [Fact]
    public void Arguments_are_passed_byte_for_byte()
    {
        byte[][] arguments = [[], [.. " a  b "u8], [.. "a\nb\tc"u8], [.. "'\"\\$`"u8], [.. "--"u8], [.. "@file"u8], [0xff, 0xfe, 0x80], [.. "é漢😀"u8], new byte[100_000]];
        Array.Fill(arguments[^1], (byte)'x');
        CommandSpec spec = Spec("/bin/cat", "/proc/self/cmdline");

        // cat takes all but the first as files that are not there; what it was given stands in cmdline all the same.
        CommandResult result = Run(spec with { Arguments = [.. spec.Arguments, Utf8("--"), .. arguments] });
        byte[] expected = [.. "/bin/cat\0/proc/self/cmdline\0--\0"u8, .. arguments.SelectMany(a => (byte[])[.. a, 0])];
        AssertStartsWith(expected, result.Stdout);
    }

    [Fact]
    public void The_environment_is_passed_byte_for_byte_in_order()
    {
        byte[][] environment =
        [
            [.. "B=2"u8], [.. "A=1"u8], [.. "EMPTY="u8], [.. "BASH_FUNC_f%%=() {  echo x\n}"u8], [.. "ODD=\xff\xfe"u8], [0x42, 0x3d, 0xff, 0x80], [.. "a.b-c=d=e"u8], [.. "A=again"u8],
            [.. "NOEQUALS"u8], [.. "=strange"u8],
        ];
        CommandResult result = Run(Spec("/bin/cat", "/proc/self/environ") with { Environment = environment });
        Assert.Equal(WithNewLines(environment.SelectMany(e => (byte[])[.. e, 0])), result.Stdout);
    }

    [Fact]
    public void An_empty_environment_stays_empty()
    {
        CommandResult result = Run(Spec("/bin/cat", "/proc/self/environ") with { Environment = [] });
        Assert.Empty(result.Stdout);
    }

    [Fact]
    public void Descriptors_that_the_caller_passed_reach_the_command_under_their_numbers_and_others_do_not()
    {
        // One that passes through exec, one that does not.
        (int read, int write) = Io.Pipe();
        int passed = Libc.fcntl(read, F_DUPFD, 50);
        int hidden = Libc.fcntl(read, Libc.F_DUPFD_CLOEXEC, 60);
        Io.WriteAll(write, "from the caller\n"u8);

        // Whoever started the tests may have passed some, too.
        List<int> inherited = [0, 1, 2, .. OwnDescriptors().Where(fd => fd > 2 && Libc.fcntl(fd, Libc.F_GETFD, 0) == 0)];
        Assert.Contains(passed, inherited);
        CommandResult result = Run(
            Spec("/bin/bash", "-c", $"cat <&{passed}; ls /proc/self/fd/{hidden} 2>/dev/null; ls -1 /proc/$$/fd; true"), closeAfterStart: write);
        Libc.close(hidden);
        Libc.close(read);
        string[] lines = result.Text.Split(NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("from the caller", lines[0]);
        Assert.Equal(inherited, lines[1..].Select(l => int.Parse(l, CultureInfo.InvariantCulture)).Order());

        // The command was the last to hold it: this process let go.
        Assert.Equal(-1, Libc.fcntl(passed, Libc.F_GETFD, 0));
    }

    [Fact]
    public void Signals_that_the_caller_ignored_are_ignored_and_all_others_are_not()
    {
        ulong set = Signals.SetOf(Signals.SIGUSR2, Signals.SIGPIPE, 40);
        Assert.Equal(0UL, StatusField(Run(StatusSpec()), "SigIgn"));
        CommandResult result = Run(StatusSpec() with { Caller = CallerState.Plain with { IgnoredSignals = set } });

        // On pipes this process has taken them over, as a sup run may.
        Signals.SetDefault(Signals.SIGUSR2);
        Signals.SetDefault(40);
        Assert.Equal(set, StatusField(result, "SigIgn"));
        Assert.Equal(0UL, StatusField(result, "SigCgt"));
    }

    [Fact]
    public void Signals_that_the_caller_blocked_are_blocked_and_no_others()
    {
        ulong set = Signals.SetOf(Signals.SIGUSR1, Signals.SIGTERM);
        Assert.Equal(set, StatusField(Run(StatusSpec() with { Caller = CallerState.Plain with { BlockedSignals = set } }), "SigBlk"));
        Assert.Equal(0UL, StatusField(Run(StatusSpec()), "SigBlk"));
    }

    [Fact]
    public void The_limit_of_open_files_is_the_callers_and_ours_stays()
    {
        ulong before = OpenFiles();
        CommandSpec spec = Sh("ulimit -Sn") with { Caller = CallerState.Plain with { OpenFilesSoftLimit = 777 } };
        Assert.Equal("777" + NewLine, Run(spec).Text);
        Assert.Equal(before, OpenFiles());
    }

    [Fact]
    public void A_stream_that_was_closed_stays_closed()
    {
        CommandSpec spec = Sh("if true >&0; then echo open; else echo closed; fi 2>/dev/null") with { Caller = CallerState.Plain with { ClosedDescriptors = 1 } };
        Assert.Equal("closed" + NewLine, Run(spec).Text);
    }

    [Fact]
    public void A_signal_reaches_the_command()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("trap 'echo got it; exit 7' USR1; echo ready; while :; do :; done"), foreground: true));
        output.WaitFor("ready");
        Assert.Equal(default, terminal.NextChange());
        terminal.Signal(Signals.SIGUSR1);
        Assert.Equal(new WaitStatus(ChildChange.Exited, 7), WaitForEnd(terminal));
        output.WaitForEnd();
        Assert.Equal("ready" + NewLine + "got it" + NewLine, Encoding.UTF8.GetString(output.Bytes));

        // Its number may be another's by now.
        terminal.Signal(Signals.SIGKILL);
        Assert.Equal(default, terminal.NextChange());
    }

    [Fact]
    public void A_stopped_command_is_told_and_goes_on_when_continued()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        OutputReader output = new(terminal.Outputs[0]);
        Assert.Null(terminal.Start(Sh("echo ready; kill -STOP $$; echo again; exit 3"), foreground: true));
        output.WaitFor("ready");
        WaitStatus change = default;
        Eventually.True(() => (change = terminal.NextChange()).Change != ChildChange.None, "the stop");
        Assert.Equal(new WaitStatus(ChildChange.Stopped, Signals.SIGSTOP), change);
        terminal.Continue(foreground: true);
        Assert.Equal(new WaitStatus(ChildChange.Exited, 3), WaitForEnd(terminal));
        output.WaitForEnd();
        Assert.Contains("again", Encoding.UTF8.GetString(output.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_change_descriptor_wakes_when_the_command_ends()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        Assert.Null(terminal.Start(Sh("exit 5"), foreground: true));
        Assert.True(terminal.Pid > 0);
        Assert.True(Io.WaitFor(terminal.ChangeFd, Libc.POLLIN, (int)Eventually.Deadline.TotalMilliseconds));
        Assert.Equal(new WaitStatus(ChildChange.Exited, 5), WaitForEnd(terminal));
    }

    [Fact]
    public void All_output_comes_to_the_end()
    {
        CommandResult result = Run(Sh("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"));
        string expected = string.Concat(Enumerable.Range(0, 20000).Select(i => string.Create(CultureInfo.InvariantCulture, $"line {i}{NewLine}")));
        Assert.Equal(expected.Length, result.Stdout.Length);
        Assert.Equal(expected, result.Text);
    }

    [Fact]
    public void Output_after_the_commands_end_by_one_it_left_behind_still_comes()
    {
        CommandResult result = Run(Sh("(trap '' HUP; sleep 0.1; echo late) & exit 0"));
        Assert.Equal("late" + NewLine, result.Text);
    }

    [Fact]
    public void No_descriptor_and_no_process_is_left_behind_by_many()
    {
        Run(Sh("exit 0"));
        int before = OwnDescriptors().Count();
        for (int i = 0; i < 20; i++)
        {
            Run(Sh("exit 0"));
            Run(Spec("no-such-command"));
        }

        // The runtime may have opened one of its own meanwhile, or closed one.
        Assert.InRange(OwnDescriptors().Count(), 0, before + 10);
        Assert.Equal(-1, Reapable());
    }

    [Fact]
    public void A_command_that_is_killed_at_once_leaves_no_process()
    {
        using ICommandTerminal terminal = Open(CallerState.Plain);
        Assert.Null(terminal.Start(Sh("exec sleep 1000"), foreground: true));
        ProcessIdentity command = ProcessIdentity.Of(terminal.Pid)!.Value;
        terminal.Signal(Signals.SIGKILL);
        Assert.Equal(new WaitStatus(ChildChange.Killed, Signals.SIGKILL), WaitForEnd(terminal));
        Assert.False(command.IsAlive);
        Assert.Null(ProcessIdentity.Of(command.Pid));
    }

    private protected const int F_DUPFD = 0;

    private protected abstract ICommandTerminal Open(CallerState caller);

    private protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private protected static CommandSpec Spec(params string[] words) => new()
    {
        Arguments = [.. words.Select(Utf8)],
        Environment = [Utf8("PATH=/usr/bin:/bin")],
        Caller = CallerState.Plain,
    };

    private protected static CommandSpec Sh(string script) => Spec("/bin/sh", "-c", script);

    private protected static WaitStatus WaitForEnd(ICommandTerminal terminal)
    {
        WaitStatus change = default;
        Eventually.True(
            () =>
            {
                Io.WaitFor(terminal.ChangeFd, Libc.POLLIN, 100);
                return (change = terminal.NextChange()).IsEnd;
            },
            "the command's end");
        return change;
    }

    private protected CommandResult Run(CommandSpec spec, int closeAfterStart = -1)
    {
        using ICommandTerminal terminal = Open(spec.Caller);
        return Run(terminal, spec, closeAfterStart);
    }

    private protected static CommandResult Run(ICommandTerminal terminal, CommandSpec spec, int closeAfterStart = -1)
    {
        OutputReader[] readers = [.. terminal.Outputs.Select(o => new OutputReader(o))];
        StartFailure? failure = terminal.Start(spec, foreground: true);
        if (closeAfterStart >= 0)
        {
            Libc.close(closeAfterStart);
        }

        WaitStatus end = failure is null ? WaitForEnd(terminal) : default;
        foreach (OutputReader reader in readers)
        {
            reader.WaitForEnd();
        }

        return new CommandResult(failure, end, readers[0].Bytes, readers.Length > 1 ? readers[1].Bytes : []);
    }

    private protected void Executable(string name, string content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static CommandSpec StatusSpec() => Spec("/bin/cat", "/proc/self/status");

    private static ulong StatusField(CommandResult result, string field)
    {
        string line = result.Text.Split('\n').Single(l => l.StartsWith(field + ":", StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(field.Length + 1).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    /// <summary>waitid(2) for any child: -1 when there is none left.</summary>
    private static unsafe int Reapable()
    {
        byte* info = stackalloc byte[128];
        return Libc.waitid(0, 0, info, Libc.WEXITED | Libc.WNOHANG);
    }

    private static IOrderedEnumerable<int> OwnDescriptors() =>
        Directory.GetFileSystemEntries("/proc/self/fd").Select(p => int.Parse(Path.GetFileName(p), CultureInfo.InvariantCulture)).Order();

    private static unsafe ulong OpenFiles()
    {
        ResourceLimit limit;
        Assert.Equal(0, Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit));
        return limit.Soft;
    }

    private byte[] WithNewLines(IEnumerable<byte> bytes) =>
        [.. bytes.SelectMany(b => b == (byte)'\n' ? Utf8(NewLine) : [b])];

    private void AssertStartsWith(byte[] expected, byte[] actual) =>
        Assert.True(actual.AsSpan().StartsWith(WithNewLines(expected)), Encoding.UTF8.GetString(actual.AsSpan(0, Math.Min(actual.Length, 500))));
}

/// <summary>Specs of what changes the process itself: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TerminalGroup
{
    public const string Name = "terminals";
}
