using System.CommandLine;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup logs ID [-f] [-n N] [--raw]</c></summary>
internal sealed class LogsCommand : Command
{
    private const int PieceBytes = 64 * 1024;

    private readonly Argument<string> _id = new("ID") { Description = "A session's id, its name, or the start of its id" };
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until the session ends" };
    private readonly Option<int?> _lines = new("--tail", "-n") { Description = "Only the last N lines", HelpName = "N" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Every byte, on a terminal too" };

    public LogsCommand()
        : base("logs", "Print a session's output: every byte, or on a terminal its text and colours")
    {
        Arguments.Add(_id);
        Options.Add(_follow);
        Options.Add(_lines);
        Options.Add(_raw);
        SetAction(parsed => Execute(
            parsed.GetRequiredValue(_id), parsed.GetValue(_follow), parsed.GetValue(_lines), parsed.GetValue(_raw)));
    }

    private static int Execute(string id, bool follow, int? lines, bool raw)
    {
        if (lines < 0)
        {
            throw SupException.Usage($"-n {lines} is not valid", "give 0 or more");
        }

        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionStatus status = new SessionCatalog(root, TimeProvider.System).Find(id);
        using SessionFiles files = SessionFiles.Open(root, status.Id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {status.Id}");
        using FileStream? output = files.OpenOutput();
        long cursor = 0;
        PlainText? plain = raw || !Io.IsTerminal(1) ? null : new PlainText(keepColours: true);
        if (output is not null)
        {
            if (lines is null && files.ReadFloor() is > 0 and long floor)
            {
                Talk.Write($"sup: the first {floor} bytes were freed (--max-output); this begins behind them");
            }

            cursor = Math.Max(files.ReadFloor(), lines is { } n ? TranscriptTail.LastLines(output.SafeFileHandle, files.ReadFloor(), output.Length, n) : 0);
            cursor = Print(output, files, cursor, plain);
        }

        if (follow && status.State.IsLive() && output is not null)
        {
            status = Follow(output, files, cursor, plain);
        }

        if (follow && status.State == SessionState.Lost)
        {
            throw new SupException(
                ErrorCode.SessionLost, ExitCode.Failure, $"session {status.Id} is lost: its owner vanished before its end", $"sup show {status.Id}");
        }

        return 0;
    }

    private static SessionStatus Follow(FileStream output, SessionFiles files, long cursor, PlainText? plain)
    {
        using SessionWatch watch = new(files);
        while (true)
        {
            // The state first, then the bytes: what was written before the end was seen is printed.
            SessionStatus status = SessionStatus.Of(files, TimeProvider.System.GetUtcNow().UtcDateTime);
            cursor = Print(output, files, cursor, plain);
            if (!status.State.IsLive())
            {
                return status;
            }

            watch.Wait(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Prints from the cursor to the present end; what was freed meanwhile is skipped, never shown as zeros.</summary>
    private static long Print(FileStream output, SessionFiles files, long cursor, PlainText? plain)
    {
        byte[] buffer = new byte[PieceBytes];
        while (true)
        {
            int n = RandomAccess.Read(output.SafeFileHandle, buffer, cursor);
            if (n == 0)
            {
                return cursor;
            }

            long floor = files.ReadFloor();
            int skip = (int)Math.Clamp(floor - cursor, 0, n);
            ReadOnlySpan<byte> piece = buffer.AsSpan(skip, n - skip);
            Data.WriteRaw(plain is null ? piece : plain.Convert(piece));
            cursor = Math.Max(cursor + n, floor);
        }
    }
}
