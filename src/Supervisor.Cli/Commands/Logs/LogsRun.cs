using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>Prints what there is, and with <c>-f</c> what comes, until every session has ended.</summary>
internal static class LogsRun
{
    /// <summary>How soon the index tells of bytes that wait for it.</summary>
    private static readonly TimeSpan IndexTime = TimeSpan.FromMilliseconds(20);

    public static int Execute(LogsRequest request)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        List<LogsSource> sources = LogsSource.OpenAll(root, request);
        using OutputBuffer output = new();
        using ILogsPrinter printer = Printer(sources, request, output);
        if (request.Follow)
        {
            Follow(sources, printer, output);
        }
        else
        {
            printer.Print();
            sources.ForEach(printer.End);
        }

        output.Flush();
        sources.ForEach(s => s.Dispose());
        return request.Follow && sources.Find(s => s.Status.State == SessionState.Lost) is { } lost ? throw Gone(lost) : ExitCode.Success;
    }

    private static ILogsPrinter Printer(List<LogsSource> sources, LogsRequest request, OutputBuffer output)
    {
        bool whole = request is { Pattern: null, Only: null, Timestamps: false, Json: false, Form: LogsForm.Raw };
        bool search = request is { Pattern: not null, Only: null, Timestamps: false, Json: false };
        return sources is not [var one] || (!whole && !search) ? new LinesPrinter(sources, request, output)
            : whole ? new RawPrinter(one, output)
            : new SearchPrinter(one, request, output);
    }

    private static void Follow(List<LogsSource> sources, ILogsPrinter printer, OutputBuffer output)
    {
        // Watched before the first look, so that nothing goes unseen between the two.
        List<SessionWatch> watches = [.. sources.Where(s => s.IsLive).Select(s => new SessionWatch(s.Files))];
        List<LogsSource> open = [.. sources];
        while (true)
        {
            // The state first, then the bytes: what was written before the end was seen is printed.
            open.ForEach(s => s.Refresh());
            List<LogsSource> ended = open.FindAll(s => !s.IsLive);
            bool waiting = printer.Print();
            ended.ForEach(printer.End);
            output.Flush();
            open.RemoveAll(ended.Contains);
            if (open.Count == 0)
            {
                break;
            }

            SessionWatch.WaitAny(watches, waiting ? IndexTime : Timeout.InfiniteTimeSpan);
        }

        watches.ForEach(w => w.Dispose());
    }

    private static SupException Gone(LogsSource source) => source.IsDeleted
        ? new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"session {source.Status.Id} was deleted while it was followed")
        : new SupException(
            ErrorCode.SessionLost, ExitCode.Failure, $"session {source.Status.Id} is lost: its owner vanished before its end", $"sup show {source.Status.Id}");
}

/// <summary>Prints sessions.</summary>
internal interface ILogsPrinter : IDisposable
{
    /// <summary>Prints all there is now. True when bytes wait for something that nothing announces.</summary>
    bool Print();

    /// <summary>Prints what is left of a session when no more will come.</summary>
    void End(LogsSource source);
}
