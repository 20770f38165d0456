using System.Globalization;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Output;

/// <summary>What people read of a session, in a word or two.</summary>
internal static class SessionText
{
    /// <summary>How it ended or is doing, and what is remarkable about that: <c>exited 3</c>, <c>running, owner stopped</c>.</summary>
    public static Cell State(SessionStatus status)
    {
        StringBuilder text = new(Result(status));
        if (status.IsOwnerStopped)
        {
            text.Append(", owner stopped");
        }

        if (status.Gaps is not null)
        {
            text.Append(", output lost");
        }

        if (status.Problems.Count > 0)
        {
            text.Append(status.Meta is null ? ", unreadable" : ", see show");
        }

        if (OwnSession.Current.Is(status.Id, status.Meta))
        {
            text.Append(", this one");
        }

        return new Cell(text.ToString(), ToneOf(status));
    }

    /// <summary>How it ended or is doing: <c>running</c>, <c>exited 3</c>, <c>SIGTERM</c>, <c>exited 3, expired</c>.</summary>
    public static string Result(SessionStatus status) => status.State switch
    {
        SessionState.Exited => string.Create(CultureInfo.InvariantCulture, $"exited {status.Final?.ExitCode}"),
        SessionState.Signaled => status.Final?.Signal ?? "signaled",
        SessionState.Backoff when status.WaitingFor is { } what => $"backoff, waits for a {what}",
        SessionState.Expired => Result(status with { State = EndedAs(status) }) + ", expired",
        _ => status.State.Word(),
    };

    public static Tone ToneOf(SessionStatus status) => status.State switch
    {
        SessionState.Running => Tone.Good,
        SessionState.Starting or SessionState.Idle or SessionState.Stopping or SessionState.Backoff => Tone.Warning,
        _ => IsFailure(status) ? Tone.Bad : Tone.Faint,
    };

    /// <summary>Whether it did not end well: by a code that is no success, by a signal, not at all, or not even started.</summary>
    public static bool IsFailure(SessionStatus status) => status.State switch
    {
        SessionState.Exited => !IsSuccess(status),
        SessionState.Signaled or SessionState.Failed or SessionState.Lost => true,
        SessionState.Expired => IsFailure(status with { State = EndedAs(status) }),
        _ => false,
    };

    /// <summary>The state in which an expired session ended.</summary>
    private static SessionState EndedAs(SessionStatus status) =>
        SessionStates.Parse(status.Final?.State) is { } state && !state.IsLive() && state != SessionState.Expired ? state : SessionState.Lost;

    /// <summary>The command as one would type it.</summary>
    public static string Command(SessionStatus status)
    {
        StringBuilder text = new();
        foreach (string word in status.Meta?.Command ?? [])
        {
            text.Append(text.Length > 0 ? " " : "").Append(Quoted(word));
        }

        return text.ToString();
    }

    /// <summary>What is wrong with a session or with what is kept of it.</summary>
    public static IReadOnlyList<string> Problems(SessionStatus status)
    {
        List<string> problems = [.. status.Problems];
        if (status.IsOwnerStopped)
        {
            problems.Add("its owner is stopped: nothing is passed on or recorded until it goes on");
        }

        if (status.Gaps is { } gaps)
        {
            problems.Add($"{ByteSize.ForPeople(gaps.Bytes)} of output were not stored{(gaps.Reason is null ? "" : ": " + gaps.Reason)}");
        }

        return problems;
    }

    private static bool IsSuccess(SessionStatus status)
    {
        foreach (int code in status.Meta?.SuccessCodes ?? [0])
        {
            if (code == status.Final?.ExitCode)
            {
                return true;
            }
        }

        return false;
    }

    private static string Quoted(string word)
    {
        foreach (char c in word)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"-_./:=@%+,".Contains(c, StringComparison.Ordinal) && c <= 127)
            {
                return "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
            }
        }

        return word.Length > 0 ? word : "''";
    }
}
