using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;
using Supervisor.Sessions.Waiting;
using Supervisor.Cli.Output;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup wait ID [--exit|--for TEXT|--regex RE|--idle D|--port N] [--cursor C] [--timeout D]</c></summary>
internal sealed class WaitCommand : Command
{
    private const string Now = "now";

    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Option<bool> _exit = new("--exit") { Description = "Until the command ends; exits as it did (the default)" };
    private readonly Option<string?> _for = new("--for") { Description = "Until a line has TEXT in it", HelpName = "TEXT" };
    private readonly Option<string?> _regex = new("--regex") { Description = "Until a line matches RE", HelpName = "RE" };
    private readonly Option<string?> _idle = new("--idle") { Description = "Until nothing was printed for so long, such as 5s", HelpName = "D" };
    private readonly Option<string?> _port = new("--port") { Description = "Until one of its processes listens on TCP port N", HelpName = "N" };
    private readonly Option<string?> _cursor = new("--cursor")
    {
        Description = "Where --for and --regex begin: a cursor, or now; else at the attempt's first byte",
        HelpName = "C",
    };

    private readonly Option<string?> _timeout = new("--timeout") { Description = "How long at most, such as 30s; exits 124", HelpName = "D" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public WaitCommand()
        : base("wait", "Wait for a session's end, a line it prints, its silence, or a port it opens")
    {
        Arguments.Add(_id);
        foreach (Option option in new Option[] { _exit, _for, _regex, _idle, _port, _cursor, _timeout, _json })
        {
            Options.Add(option);
        }

        SetAction(Execute);
    }

    private int Execute(ParseResult parsed)
    {
        Option[] given = [.. new Option[] { _exit, _for, _regex, _idle, _port }.Where(o => parsed.GetResult(o) is { Implicit: false })];
        if (given.Length > 1)
        {
            throw SupException.Usage($"{given[0].Name} and {given[1].Name} cannot both be waited for", "give one of them");
        }

        Option what = given.Length == 0 ? _exit : given[0];
        if (parsed.GetValue(_cursor) is not null && what != _for && what != _regex)
        {
            throw SupException.Usage("--cursor goes with --for or --regex only");
        }

        TimeSpan timeout = parsed.GetValue(_timeout) is { } limit ? Duration("--timeout", limit, least: TimeSpan.Zero) : Timeout.InfiniteTimeSpan;

        // All that can be wrong without a session is looked at first.
        TimeSpan silence = what == _idle ? Duration("--idle", parsed.GetValue(_idle), least: TimeSpan.FromMilliseconds(1)) : default;
        int port = what == _port ? Port(parsed.GetValue(_port)) : 0;
        LinePattern? pattern = what == _regex ? LinePattern.Parse(parsed.GetValue(_regex) ?? "") : null;
        string? text = what == _for ? Text(parsed.GetValue(_for)) : null;
        long? cursor = Cursor(parsed.GetValue(_cursor), out bool fromNow);

        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionStatus status = new SessionCatalog(root, TimeProvider.System).Find(parsed.GetRequiredValue(_id));
        using SessionFiles files = SessionFiles.Open(root, status.Id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {status.Id}", "sup ls --all lists them");
        if (what == _exit || what == _idle)
        {
            OwnSession.Current.Refuse(status.Id, status.Meta, "wait for the end or the silence of", "waiting for a line (--for) is possible");
        }

        long start = cursor ?? (fromNow ? End(files) : AttemptStart(files, status));
        if (cursor is not null && start > End(files))
        {
            throw SupException.Usage(
                string.Create(CultureInfo.InvariantCulture, $"--cursor {start} is beyond the end of session {status.Id}, {End(files)}"), "give that, or now");
        }

        ExitCondition exit = new(files, status.Meta?.Attempt ?? 1);
        using OutputCondition? output = text is not null ? OutputCondition.Text(files, start, text)
            : pattern is not null ? OutputCondition.Pattern(files, start, pattern)
            : null;
        IWaitCondition condition = output is not null ? output
            : what == _idle ? new IdleCondition(silence)
            : what == _port ? new PortCondition(port)
            : exit;
        WaitResult result = SessionWait.Run(files, condition, timeout, TimeProvider.System);
        bool json = parsed.GetValue(_json);
        if (json)
        {
            Data.Write(WaitAnswer.Of(result, condition, exit));
        }
        else if (result.End == WaitEnd.Met && condition.Line is { } line)
        {
            Data.Write(line);
        }

        return result.End switch
        {
            WaitEnd.Met when condition is ExitCondition => ExitStatus(exit),
            WaitEnd.Met => ExitCode.Success,
            WaitEnd.TimedOut => throw new SupException(
                ErrorCode.Timeout, ExitCode.Timeout, $"waited {WithUnit(parsed.GetValue(_timeout)!)} for session {status.Id} in vain", "give a longer --timeout"),
            _ => throw new SupException(
                string.Equals(result.Reason, "lost", StringComparison.Ordinal) ? ErrorCode.SessionLost : ErrorCode.SessionEnded,
                ExitCode.EndedWithout,
                $"session {status.Id} {Fate(result)} without what was waited for",
                $"sup show {status.Id}"),
        };
    }

    /// <summary>A bare number is seconds.</summary>
    private static string WithUnit(string duration) => char.IsAsciiDigit(duration[^1]) ? duration + "s" : duration;

    private static string Fate(WaitResult result) => result.Reason switch
    {
        "lost" => "is lost",
        "deleted" => "was deleted",
        _ => result.Status.State == SessionState.Failed ? "did not start, so it ended" : "ended",
    };

    private static int ExitStatus(ExitCondition exit) =>
        exit.ExitCode ?? (SignalName.TryParse(exit.Signal, out int signal) ? ExitCode.SignalBase + signal : ExitCode.Failure);

    private static long End(SessionFiles files)
    {
        using TranscriptReader reader = new(files);
        return reader.End;
    }

    private static long AttemptStart(SessionFiles files, SessionStatus status) =>
        Math.Min(files.ReadAttempt(status.Meta?.Attempt ?? 1)?.StartCursor ?? 0, End(files));

    private static long? Cursor(string? text, out bool now)
    {
        now = string.Equals(text, Now, StringComparison.Ordinal);
        return text is null || now ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long cursor) ? cursor
            : throw Invalid("--cursor", text, "a cursor (a whole number from 0), or now");
    }

    private static string Text(string? text) =>
        text is { Length: > 0 } && !text.Contains('\n', StringComparison.Ordinal) ? text : throw Invalid("--for", text, "a text that stands in one line");

    private static int Port(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= ushort.MaxValue
            ? port
            : throw Invalid("--port", text, "a port from 1 to 65535");

    private static TimeSpan Duration(string option, string? text, TimeSpan least) =>
        DurationText.TryParse(text, out TimeSpan value) && value >= least ? value : throw Invalid(option, text, "a time such as 500ms, 30s or 5m");

    private static SupException Invalid(string option, string? value, string expected) =>
        SupException.Usage($"{option} {Printable.Word(value ?? "")} is not valid", $"give {expected}");
}
