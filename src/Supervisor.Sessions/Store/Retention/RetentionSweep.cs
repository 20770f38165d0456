using System.Diagnostics;
using System.Globalization;
using System.Text;
using Supervisor.Protocol;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>How many sessions a sweep looked at, and how many of them it removed.</summary>
public readonly record struct SweepResult(int Checked, int Removed);

/// <summary>
/// Removes the sessions whose time is over. A pass with a budget goes on where the last one stopped, whoever made it, and stops
/// when its time is up; any number may be at work at once.
/// </summary>
public sealed class RetentionSweep
{
    /// <summary>Where the last sweep stopped: a position in <c>sessions/</c> that only the file system understands.</summary>
    private const string PositionName = "sweep";

    /// <summary>A line that another sweep keeps us from writing is written by whoever empties the trash.</summary>
    private static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(1);

    private readonly StateRoot _stateRoot;
    private readonly TimeProvider _time;
    private readonly string? _except;

    /// <param name="stateRoot">Where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="except">A session that is not looked at: the caller's own.</param>
    public RetentionSweep(StateRoot stateRoot, TimeProvider time, SessionId? except = null)
    {
        (_stateRoot, _time, _except) = (stateRoot, time, except?.Value);
    }

    /// <summary>Looks at every session.</summary>
    /// <exception cref="Protocol.Errors.SupException">The state root is not safe to use.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public SweepResult Run() => Run(TimeSpan.Zero);

    /// <summary>Goes on for so long, from where the last sweep stopped.</summary>
    /// <param name="budget">How long; zero for one whole pass.</param>
    /// <exception cref="Protocol.Errors.SupException">The state root is not safe to use.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public SweepResult Run(TimeSpan budget)
    {
        bool limited = budget > TimeSpan.Zero;
        long deadline = limited ? Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency) : 0;
        int root = _stateRoot.OpenRoot(create: false);
        int sessions = root < 0 ? -1 : _stateRoot.OpenOwn(root, "sessions", create: false);
        if (sessions < 0)
        {
            if (root >= 0)
            {
                Libc.close(root);
            }

            return default;
        }

        try
        {
            using CleanupLog log = new(_stateRoot, root, _time);
            using SessionRemoval removal = new(_stateRoot, root, sessions, _time, limited ? ShortPatience : LongPatience);
            long start = limited ? ReadPosition(root) : 0;
            long position = start;
            SweepResult result = Pass(removal, log, deadline, ref position);
            if (start != 0 && position == 0 && HasTime(deadline))
            {
                // It began in the middle: what is before that has its turn now.
                SweepResult first = Pass(removal, log, deadline, ref position);
                result = new SweepResult(result.Checked + first.Checked, result.Removed + first.Removed);
            }

            if (limited && position != start)
            {
                WritePosition(root, position);
            }

            return result;
        }
        finally
        {
            Libc.close(sessions);
            Libc.close(root);
        }
    }

    private static bool HasTime(long deadline) => deadline == 0 || Stopwatch.GetTimestamp() < deadline;

    /// <summary>From a position to the end, or to where time ran out, but one session at least; the position is 0 at the end.</summary>
    private SweepResult Pass(SessionRemoval removal, CleanupLog log, long deadline, ref long position)
    {
        int looked = 0;
        int removed = 0;
        using FolderReader entries = new(removal.Sessions, position);
        do
        {
            if (!entries.Next())
            {
                position = 0;
                break;
            }

            position = entries.Position;
            if (entries.MayBeFolder && SessionId.TryParse(entries.Name, out SessionId id)
                && !string.Equals(id.Value, _except, StringComparison.Ordinal))
            {
                looked++;
                removed += Look(removal, log, id, deadline) ? 1 : 0;
            }
        }
        while (HasTime(deadline));

        return new SweepResult(looked, removed);
    }

    private bool Look(SessionRemoval removal, CleanupLog log, SessionId id, long deadline)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        using SessionFiles? files = SessionFiles.Open(
            removal.Sessions, id.Value, id, Path.Combine(_stateRoot.Sessions, id.Value), out int error);
        CleanupReason reason;
        SessionEnd? stored = null;
        if (files is null)
        {
            // Gone meanwhile, or no folder after all: a link, where the file system did not tell.
            reason = error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? CleanupReason.Gone : CleanupReason.UnreadableStatError;
        }
        else
        {
            stored = SessionEnd.Read(files);
            reason = stored.Decide(now, deadline);
        }

        if (reason.MeansRemove())
        {
            reason = removal.Remove(id, remember: true, (_, again) => again.Decide(now, deadline));
            error = removal.Error;
        }

        switch (reason)
        {
            case CleanupReason.Expired or CleanupReason.UnreadableExpired:
                log.Removed(id, reason, stored);
                return true;
            case CleanupReason.UnreadableStatError or CleanupReason.RemoveError:
                log.Failed(id, reason, error);
                return false;
            case CleanupReason.Gone or CleanupReason.Undecided:
                return false;
            default:
                log.Skipped(id, reason);
                return false;
        }
    }

    private static long ReadPosition(int root)
    {
        int fd = Io.OpenAt(root, PositionName, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);
        if (fd < 0)
        {
            return 0;
        }

        Span<byte> text = stackalloc byte[32];
        nint n = Io.Read(fd, text);
        Libc.close(fd);
        return n > 0 ? Floor.Parse(text[..(int)n]) : 0;
    }

    /// <summary>Of one length always, so that one write replaces it. Where it cannot be written, the next one begins at the beginning.</summary>
    private static unsafe void WritePosition(int root, long position)
    {
        int fd = Io.OpenAt(root, PositionName, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, OwnedFolder.FileMode);
        if (fd < 0)
        {
            return;
        }

        byte[] text = Encoding.ASCII.GetBytes(position.ToString("D19", CultureInfo.InvariantCulture) + "\n");
        fixed (byte* p = text)
        {
            Libc.pwrite(fd, p, text.Length, 0);
        }

        Libc.close(fd);
    }
}
