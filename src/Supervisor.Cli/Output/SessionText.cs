using System.Globalization;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Output;

/// <summary>Sessions as JSON and as text.</summary>
internal static class SessionText
{
    private const int LastLineBytes = 4096;
    private const int LastLineCharacters = 500;

    public static SessionAnswer Answer(SessionStatus status, StateRoot root, bool whole)
    {
        SessionMeta? meta = status.Meta;
        SessionFinal? final = status.Final;
        using SessionFiles? files = SessionFiles.Open(root, status.Id);
        bool live = status.State.IsLive();
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime? active = live ? status.LastOutput ?? meta?.StartedAt : null;
        return new SessionAnswer
        {
            Id = status.Id.Value,
            Name = meta?.Name,
            State = status.State.Word(),
            Command = meta?.Command ?? [],
            WorkingDirectory = meta?.WorkingDirectory,
            ScriptPath = meta?.ScriptPath,
            ScriptHash = meta?.ScriptHash,
            StartedAt = meta?.StartedAt,
            EndedAt = final?.EndedAt,
            DurationSeconds = final?.DurationSeconds,
            ExitCode = final?.ExitCode,
            Signal = final?.Signal,
            EndReason = final?.EndReason ?? (status.State == SessionState.Lost ? "owner-lost" : null),
            Error = final?.Error,
            RetentionSeconds = meta?.RetentionSeconds,
            SilenceAfterSeconds = meta?.SilenceAfterSeconds,
            TransportMode = meta?.TransportMode,
            TtyAttached = meta?.TtyAttached,
            Terminal = meta?.Terminal,
            Streaming = meta?.Streaming,
            Restart = meta?.Restart,
            SuccessCodes = meta?.SuccessCodes ?? [],
            AllowInput = meta?.AllowInput,
            MaxOutputBytes = meta?.MaxOutputBytes,
            Attempt = meta?.Attempt,
            Attempts = files?.ReadAttempts() ?? [],
            Pid = meta?.Pid,
            PidStartTime = meta?.PidStartTime,
            BootId = meta?.BootId,
            OwnerPid = meta?.OwnerPid,
            OwnerStartTime = meta?.OwnerStartTime,
            Socket = meta?.Socket,
            Labels = meta?.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal),
            Host = meta?.Host,
            OutputBytes = final?.OutputBytes ?? status.OutputBytes,
            IdleSeconds = active is { } since ? Math.Max(0, (now - since).TotalSeconds) : null,
            LastLine = files is null ? null : LastLine(files),
            Self = OwnSession.Current.Is(status.Id, meta),
            Survivors = final?.Survivors
                ?? (whole && status.State == SessionState.Lost && meta is not null ? Survivors.Of(meta) : []),
            Path = status.Path,
        };
    }

    /// <summary>The last line with something on it, as plain text.</summary>
    private static string? LastLine(SessionFiles files)
    {
        using FileStream? output = files.OpenOutput();
        if (output is null || output.Length == 0)
        {
            return null;
        }

        byte[] bytes = TranscriptTail.Read(output, files.ReadFloor(), LastLineBytes);
        StringBuilder text = new();
        PlainText plain = new(keepColours: false);
        text.Append(Encoding.UTF8.GetString(plain.Convert(bytes)));
        string? last = text.ToString().Split('\n').LastOrDefault(line => !string.IsNullOrWhiteSpace(line));
        return last is { Length: > LastLineCharacters } ? last[..LastLineCharacters] : last;
    }

    /// <summary>How a session ended or is doing, in a word or two.</summary>
    public static string Result(SessionAnswer session) => SessionStates.Parse(session.State) switch
    {
        SessionState.Exited => string.Create(CultureInfo.InvariantCulture, $"exited {session.ExitCode}"),
        SessionState.Signaled => Printable.Line(session.Signal ?? "signaled"),
        _ => session.State,
    };

    public static string Command(SessionAnswer session) => Printable.Line(string.Join(' ', session.Command.Select(Quoted)));

    /// <summary>As one would type it.</summary>
    private static string Quoted(string? word)
    {
        if (word is null)
        {
            // A damaged file.
            return "?";
        }

        bool plain = word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=@%+,".Contains(c, StringComparison.Ordinal) || c > 127);
        return plain ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    public static string Show(SessionAnswer s)
    {
        StringBuilder text = new();
        void Line(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append(CultureInfo.InvariantCulture, $"{label,-12} {Printable.Line(value)}\n");
            }
        }

        CultureInfo invariant = CultureInfo.InvariantCulture;
        Line("session", s.Id + (s.Name is null ? "" : $" ({s.Name})") + (s.Self ? ", this one" : ""));
        Line("state", Result(s));
        Line("command", Command(s));
        Line("folder", s.WorkingDirectory);
        Line("script", s.ScriptPath);
        Line("hash", s.ScriptHash is null ? null : ScriptIdentity.Short(s.ScriptHash));
        Line("started", s.StartedAt is { } started ? Timestamp.Of(started) : null);
        Line("ended", s.EndedAt is { } ended ? Timestamp.Of(ended) : null);
        Line("duration", s.DurationSeconds is { } seconds ? DurationText.ForPeople(seconds) : null);
        Line("error", s.Error);
        Line("attempt", s.Attempt?.ToString(invariant));
        Line("pid", s.Pid?.ToString(invariant));
        Line("owner", s.OwnerPid?.ToString(invariant));
        Line("terminal", s.TransportMode);
        Line("output", string.Create(invariant, $"{s.OutputBytes} bytes"));
        Line("kept", s.RetentionSeconds is { } kept ? $"{DurationText.ForPeople(kept)} after its end" : null);
        Line("labels", string.Join(' ', s.Labels.Select(l => $"{l.Key}={l.Value}")));
        foreach (Survivor survivor in s.Survivors.Where(x => x is not null))
        {
            Line("survivor", string.Create(invariant, $"{survivor.Pid} {survivor.Command}"));
        }

        Line("path", s.Path);
        Line("last line", s.LastLine);
        return text.ToString();
    }
}
