using System.CommandLine;
using System.Globalization;
using Supervisor.Cli.Output;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Cli.Commands.Logs;

/// <summary><c>sup logs ID…</c></summary>
internal sealed class LogsCommand : Command
{
    private const int Stdout = 1;

    private readonly Argument<string[]> _ids = new("ID")
    {
        Description = "A session's id, its name, or the start of its id; several are printed in the order of time",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until the session ends" };
    private readonly Option<string?> _lines = new("--tail", "-n") { Description = "Only the last N lines, with --grep the last N that match", HelpName = "N" };
    private readonly Option<string?> _since = new("--since") { Description = "Only what came at this time or later", HelpName = "TIME" };
    private readonly Option<string?> _until = new("--until") { Description = "Only what came before this time", HelpName = "TIME" };
    private readonly Option<string?> _cursor = new("--cursor") { Description = "Begin at this byte of the transcript", HelpName = "N" };
    private readonly Option<string?> _grep = new("--grep") { Description = "Only lines that match this .NET regular expression as plain text", HelpName = "REGEX" };
    private readonly Option<string?> _channel = new("--channel") { Description = "Only what came from pty, stdout or stderr", HelpName = "CHANNEL" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Every byte, on a terminal too" };
    private readonly Option<bool> _text = new("--text") { Description = "Plain text, into a pipe too" };
    private readonly Option<bool> _timestamps = new("--timestamps", "-t") { Description = "When it came before each line" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object per line" };

    public LogsCommand()
        : base("logs", "Print the output of sessions: every byte, or on a terminal its text and colours")
    {
        Arguments.Add(_ids);
        foreach (Option option in new Option[] { _follow, _lines, _since, _until, _cursor, _grep, _channel, _raw, _text, _timestamps, _json })
        {
            Options.Add(option);
        }

        SetAction(parsed => LogsRun.Execute(Request(parsed)));
    }

    private LogsRequest Request(ParseResult parsed)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        LogsRequest request = new()
        {
            Sessions = parsed.GetRequiredValue(_ids),
            Form = Form(parsed.GetValue(_raw), parsed.GetValue(_text), parsed.GetValue(_json)),
            Follow = parsed.GetValue(_follow),
            Lines = LinesOf(parsed.GetValue(_lines)),
            Since = Time("--since", parsed.GetValue(_since), now),
            Until = Time("--until", parsed.GetValue(_until), now),
            Cursor = CursorOf(parsed.GetValue(_cursor)),
            Pattern = parsed.GetValue(_grep) is { } pattern ? LinePattern.Parse(pattern) : null,
            Only = ChannelOf(parsed.GetValue(_channel)),
            Timestamps = parsed.GetValue(_timestamps),
            Json = parsed.GetValue(_json),
        };
        if (request.Follow && request.Until is not null)
        {
            throw SupException.Usage("--follow and --until exclude each other", "leave one of them out");
        }

        return request.Cursor is null || request.Sessions.Count == 1
            ? request
            : throw SupException.Usage("--cursor is a place in one session", "give one session");
    }

    private static LogsForm Form(bool raw, bool text, bool json)
    {
        if (raw && text)
        {
            throw SupException.Usage("--raw and --text exclude each other", "leave one of them out");
        }

        if (raw || text || json)
        {
            return raw ? LogsForm.Raw : LogsForm.Text;
        }

        return !Io.IsTerminal(Stdout) ? LogsForm.Raw : Screen.OfStdout().Colours ? LogsForm.Coloured : LogsForm.Text;
    }

    private static DateTime? Time(string option, string? text, DateTime now)
    {
        if (text is null)
        {
            return null;
        }

        return Moment.TryParse(text, now, TimeZoneInfo.Local, out DateTime time)
            ? time
            : throw SupException.Usage($"{option} {text} is not a time", $"give {Moment.Forms}");
    }

    private static int? LinesOf(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int lines)
            ? lines
            : throw SupException.Usage($"-n {text} is not valid", "give a number of lines, 0 or more");
    }

    private static long? CursorOf(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long cursor)
            ? cursor
            : throw SupException.Usage($"--cursor {text} is not a cursor", "give a number of bytes, 0 or more");
    }

    private static Channel? ChannelOf(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return Channels.Parse(text) is { } channel and not Channel.Mixed
            ? channel
            : throw SupException.Usage($"--channel {text} is not valid", "give pty, stdout or stderr");
    }
}
