using System.Globalization;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>One session to print: where to begin, where to stop, and what there is to say of it.</summary>
internal sealed class LogsSource : IDisposable
{
    private readonly bool _several;
    private readonly bool _json;

    private LogsSource(SessionStatus status, SessionFiles files, LogsRequest request)
    {
        (Status, Files, Reader) = (status, files, new TranscriptReader(files));
        (_several, _json) = (request.Sessions.Count > 1, request.Json);
        long floor = Reader.Floor;
        long end = request.Until is { } until ? Reader.AtTime(until) : long.MaxValue;
        long start = request.Cursor ?? 0;
        if (start > Reader.End)
        {
            // The reader says what is wrong with it.
            Reader.Read(start, 1);
        }

        start = request.Since is { } since ? Math.Max(start, Reader.AtTime(since)) : start;
        if (request is { Lines: { } lines, Pattern: null })
        {
            start = Math.Max(start, Reader.LastLines(lines, request.Only, Math.Min(end, Reader.End)));
        }

        // What begins at the floor might have begun below it: the reader then says what is missing.
        Start = request.Cursor is null && start == floor ? 0 : start;
        Until = end;
    }

    /// <summary>As it was last seen.</summary>
    public SessionStatus Status { get; private set; }

    public SessionFiles Files { get; }

    public TranscriptReader Reader { get; }

    /// <summary>What people call it.</summary>
    public string Label => Status.Meta?.Name ?? Status.Id.Value;

    public long Start { get; }

    /// <summary>No byte from here on is wanted.</summary>
    public long Until { get; }

    /// <summary>Whether more may come, as far as is known.</summary>
    public bool IsLive => Status.State.IsLive();

    /// <summary>Whether its folder went while it was followed.</summary>
    public bool IsDeleted { get; private set; }

    public static List<LogsSource> OpenAll(StateRoot root, LogsRequest request)
    {
        SessionCatalog catalog = new(root, TimeProvider.System);
        List<LogsSource> sources = [];
        foreach (string text in request.Sessions)
        {
            SessionStatus status = catalog.Find(text);
            if (request.Follow)
            {
                OwnSession.Current.Refuse(status.Id, status.Meta, "follow", "sup logs without -f prints what there is so far");
            }

            if (!sources.Exists(s => s.Status.Id == status.Id))
            {
                SessionFiles files = SessionFiles.Open(root, status.Id)
                    ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {status.Id}", "sup ls --all lists them");
                sources.Add(new LogsSource(status, files, request));
            }
        }

        return sources;
    }

    /// <summary>Looks whether it has ended. To be asked before the last bytes are read.</summary>
    public void Refresh()
    {
        if (IsLive && !Files.IsOwned())
        {
            bool deleted = Files.IsDeleted;
            SessionStatus now = SessionStatus.Of(Files, TimeProvider.System.GetUtcNow().UtcDateTime);
            IsDeleted = deleted || (Files.IsDeleted && now.Final is null);
            Status = IsDeleted ? now with { State = SessionState.Lost, Meta = Status.Meta } : now;
        }
    }

    /// <summary>Says on stderr that bytes are missing. With JSON that is part of the answer.</summary>
    public void Say(TranscriptGap gap)
    {
        if (!_json)
        {
            string what = !gap.IsFreed ? $"{gap.Bytes} bytes are missing at cursor {gap.Offset}: {Printable.Line(gap.Reason)}"
                : gap.Offset == 0 ? $"the first {gap.Bytes} bytes were freed (--max-output); this begins behind them"
                : $"{gap.Bytes} bytes from cursor {gap.Offset} on were freed (--max-output)";
            Say(what);
        }
    }

    public void SayUntold(long bytes, Channel only)
    {
        if (bytes > 0)
        {
            Say(string.Create(CultureInfo.InvariantCulture, $"of {bytes} bytes it is no longer known whether they came from {only.Word()}; they are left out"));
        }
    }

    private void Say(string what) => Talk.Write("sup: " + (_several ? Label + ": " : "") + what);

    public void Dispose()
    {
        Reader.Dispose();
        Files.Dispose();
    }
}
