using System.Globalization;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Scripts;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Output;

/// <summary>One session on a page: <c>sup show</c> tells everything, <c>sup status ID</c> the most important.</summary>
internal sealed class SessionPage
{
    private const int LabelWidth = 12;
    private const int MaxAttempts = 5;
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly StringBuilder _text = new();
    private readonly SessionStatus _status;
    private readonly SessionAnswer _answer;
    private readonly DateTime _now;
    private readonly Screen _screen;

    private SessionPage(SessionStatus status, SessionAnswer answer, DateTime now, Screen screen) =>
        (_status, _answer, _now, _screen) = (status, answer, now, screen);

    /// <summary>Everything known.</summary>
    public static string Whole(SessionStatus status, SessionAnswer answer, IReadOnlyList<string> lastLines, DateTime now, Screen screen)
    {
        SessionPage page = new(status, answer, now, screen);
        page.Head();
        page.Line("script", answer.ScriptPath);
        page.Line("hash", answer.ScriptHash is null ? null : ScriptIdentity.Short(answer.ScriptHash));
        page.Times();
        page.Line("reason", answer.EndReason);
        page.Line("error", answer.Error);
        page.Attempts();
        page.Line("pid", answer.Pid?.ToString(Invariant));
        page.Line("owner", answer.OwnerPid is { } owner ? string.Create(Invariant, $"{owner}{(status.IsOwnerStopped ? ", stopped" : "")}") : null);
        page.Line("terminal", answer.TransportMode is { } mode ? $"{mode}, {answer.Terminal}" : null);
        page.Line("output", string.Create(Invariant, $"{answer.OutputBytes} bytes{(answer.ExpiredAt is null ? "" : ", gone")}"));
        page.Line("freed", answer.FreedBytes > 0 ? string.Create(Invariant, $"the first {answer.FreedBytes} bytes (--max-output); kept from cursor {answer.Floor} on") : null);
        page.Line("limit", answer.MaxOutputBytes is { } limit ? ByteSize.ForPeople(limit) : null);
        page.Line("restart", answer.Restart is null or "no" ? null : answer.Restart);
        page.NextAttempt();
        page.Line("kept", answer.RetentionSeconds is { } kept ? $"{DurationText.ForPeople(kept)} after its end" : null);
        page.Line("labels", string.Join(' ', answer.Labels.Select(l => $"{l.Key}={l.Value}")));
        page.Line("host", answer.Host);
        page.Survivors();
        page.Problems();
        page.Line("path", answer.Path);
        page.Line("transcript", answer.Path is { } path ? Path.Combine(path, Artifact.Output) : null);
        page.LastLines(lastLines);
        return page._text.ToString().TrimEnd('\n');
    }

    /// <summary>What one wants to know at a glance.</summary>
    public static string Summary(SessionStatus status, SessionAnswer answer, IReadOnlyList<string> lastLines, DateTime now, Screen screen)
    {
        SessionPage page = new(status, answer, now, screen);
        page.Head();
        page.Times();
        page.Line("error", answer.Error);
        page.Line("attempt", answer.Attempt is > 1 and int attempt ? attempt.ToString(Invariant) : null);
        page.NextAttempt();
        page.Line("pid", status.State.IsLive() ? answer.Pid?.ToString(Invariant) : null);
        page.Line("output", ByteSize.ForPeople(answer.OutputBytes));
        page.Survivors();
        page.Problems();
        page.LastLines(lastLines);
        return page._text.ToString().TrimEnd('\n');
    }

    private void NextAttempt() =>
        Line("next try", _status.NextAttemptAt is { } due ? $"in {DurationText.ForPeople(Math.Max(0, (due - _now).TotalSeconds))}, attempt {(_answer.Attempt + 1)?.ToString(Invariant)}" : null);

    private void Head()
    {
        Line("session", _answer.Id + (_answer.Name is null ? "" : $" ({_answer.Name})") + (_answer.Self ? ", this one" : ""));
        Line("state", SessionText.Result(_status), SessionText.ToneOf(_status));
        Line("command", SessionText.Command(_status));
        Line("folder", _answer.WorkingDirectory);
    }

    private void Times()
    {
        Line("started", _answer.StartedAt is { } started ? $"{Timestamp.Of(started)}, {RelativeTime.Ago(started, _now)}" : null);
        Line("ended", _answer.EndedAt is { } ended ? $"{Timestamp.Of(ended)}, {RelativeTime.Ago(ended, _now)}" : null);
        Line("expired", _answer.ExpiredAt is { } expired ? $"{Timestamp.Of(expired)}, {RelativeTime.Ago(expired, _now)}" : null);
        double? seconds = _answer.DurationSeconds
            ?? (_status.State.IsLive() && _answer.StartedAt is { } start ? (_now - start).TotalSeconds : null);
        Line("duration", seconds is { } duration ? DurationText.ForPeople(duration) : null);
        Line("silent for", _answer.IdleSeconds is { } idle ? DurationText.ForPeople(idle) : null);
    }

    private void Attempts()
    {
        IReadOnlyList<AttemptRecord> attempts = _answer.Attempts;
        if (attempts.Count <= 1)
        {
            Line("attempt", _answer.Attempt?.ToString(Invariant));
            return;
        }

        for (int i = Math.Max(0, attempts.Count - MaxAttempts); i < attempts.Count; i++)
        {
            AttemptRecord attempt = attempts[i];
            string result = attempt.Signal ?? (attempt.ExitCode is { } code ? string.Create(Invariant, $"exited {code}") : attempt.Error ?? "");
            string length = attempt.EndedAt is { } ended ? $", {DurationText.ForPeople((ended - (attempt.StartedAt ?? attempt.ClaimedAt)).TotalSeconds)}" : "";
            string start = RelativeTime.Ago(attempt.StartedAt ?? attempt.ClaimedAt, _now);
            Line("attempt", string.Create(Invariant, $"{attempt.Attempt} of {_answer.Attempt}, {start}{(result.Length > 0 ? ", " : "")}{result}{length}"));
        }
    }

    private void Survivors()
    {
        foreach (Survivor survivor in _answer.Survivors)
        {
            Line("survivor", string.Create(Invariant, $"{survivor.Pid} {survivor.Command}"));
        }
    }

    private void Problems()
    {
        foreach (string problem in _answer.Problems)
        {
            Line("problem", problem, Tone.Warning);
        }
    }

    private void LastLines(IReadOnlyList<string> lines)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            Line(i > 0 ? "" : lines.Count == 1 ? "last line" : "last lines", lines[i]);
        }
    }

    /// <summary>On a terminal a line is cut where it ends; nothing is cut elsewhere.</summary>
    private void Line(string label, string? value, Tone tone = Tone.Plain)
    {
        if (!string.IsNullOrEmpty(value))
        {
            string shown = Printable.Line(value);
            shown = _screen.Width is { } width ? DisplayWidth.Fit(shown, Math.Max(1, width - LabelWidth - 1)) : shown;
            _text.Append(label.PadRight(LabelWidth)).Append(' ').Append(_screen.Paint(shown, tone)).Append('\n');
        }
    }
}
