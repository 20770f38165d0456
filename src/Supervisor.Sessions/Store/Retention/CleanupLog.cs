using System.Text;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// The decisions of sweeps, in <c>logs/sup.jsonl</c>: JSON lines, rolled to <c>sup.1.jsonl</c> at 4 MiB. What is only skipped, or
/// fails again and again, is said once for each session and reason: a table of hashes in <c>logs/said</c> remembers, until
/// the log that said it is rolled away. Where the log cannot be written, nothing is said.
/// </summary>
internal sealed class CleanupLog(StateRoot stateRoot, int root, TimeProvider time) : IDisposable
{
    public const string Folder = "logs";
    public const string Name = "sup.jsonl";
    public const string OlderName = "sup.1.jsonl";
    private const string SaidName = "said";
    private const long MaxBytes = 4 * 1024 * 1024;

    /// <summary>A hash may stand in any slot of its group; when all are taken it replaces one. 512 KiB in all, sparse.</summary>
    private const int GroupSlots = 8;
    private const int Groups = 8192;

    private int _folder = -1;
    private int _log = -1;
    private int _said = -1;
    private bool _remembers;
    private bool _opened;

    /// <summary>A session is gone.</summary>
    public void Removed(SessionId id, CleanupReason reason, SessionEnd? stored)
    {
        RawFields meta = stored is null ? default : stored.Meta;
        RawFields final = stored is null ? default : stored.Final;
        Write(new CleanupRecord
        {
            Timestamp = time.GetUtcNow().UtcDateTime,
            SessionId = id.Value,
            Result = "removed",
            Reason = reason.Word(),
            EndState = stored is null ? null : final.Plain("state"u8) ?? "lost",
            ExitCode = final.Integer("exit_code"u8),
            Signal = final.Plain("signal"u8),
            TransportMode = meta.Plain("transport_mode"u8),
        });
    }

    /// <summary>A session stays, for a reason that was not said of it yet.</summary>
    public void Skipped(SessionId id, CleanupReason reason) => WriteOnce(id, "skipped", reason, error: 0);

    /// <summary>A session cannot be looked at or removed.</summary>
    public void Failed(SessionId id, CleanupReason reason, int error) => WriteOnce(id, "error", reason, error);

    private void WriteOnce(SessionId id, string result, CleanupReason reason, int error)
    {
        Open();
        if (_remembers && !Remember(id.Value, reason.Word()))
        {
            Write(new CleanupRecord
            {
                Timestamp = time.GetUtcNow().UtcDateTime,
                SessionId = id.Value,
                Result = result,
                Reason = reason.Word(),
                Error = error == 0 ? null : Errno.Text(error),
            });
        }
    }

    private void Write(CleanupRecord record)
    {
        Open();
        if (_log >= 0)
        {
            Io.WriteAll(_log, record.ToLine());
        }
    }

    private void Open()
    {
        if (_opened)
        {
            return;
        }

        _opened = true;
        try
        {
            _folder = stateRoot.OpenOwn(root, Folder, create: true);
        }
        catch (Exception e) when (e is IOException or Protocol.Errors.SupException)
        {
            // A disk that is full or read-only, or a folder that is not ours.
            return;
        }

        // Only one at a time says what is said once, and rolls; the others leave it to that one.
        _said = OpenFile(SaidName, Libc.O_RDWR | Libc.O_CREAT);
        _remembers = _said >= 0 && OfdLock.TryTake(_said, 0);
        _log = OpenFile(Name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND);
        if (_remembers && _log >= 0 && Io.Stat(_log, out StatX stat) && (long)stat.Size > MaxBytes && Io.Rename(_folder, Name, OlderName) == 0)
        {
            Libc.ftruncate(_said, 0);
            Libc.close(_log);
            _log = OpenFile(Name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND);
        }
    }

    private int OpenFile(string name, int flags)
    {
        int fd = Io.OpenAt(_folder, name, flags | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, OwnedFolder.FileMode);
        if (fd >= 0 && !(Io.Stat(fd, out StatX stat) && stat.IsRegularFile))
        {
            Libc.close(fd);
            return -1;
        }

        return fd;
    }

    /// <summary>Whether it was remembered before.</summary>
    private unsafe bool Remember(string id, string reason)
    {
        ulong hash = Hash(id + "\0" + reason);
        long group = (long)(hash % Groups) * GroupSlots * sizeof(ulong);
        ulong* slots = stackalloc ulong[GroupSlots];
        new Span<byte>(slots, GroupSlots * sizeof(ulong)).Clear();
        Libc.pread(_said, (byte*)slots, GroupSlots * sizeof(ulong), group);
        int free = (int)(hash >> 32) % GroupSlots;
        for (int i = GroupSlots - 1; i >= 0; i--)
        {
            if (slots[i] == hash)
            {
                return true;
            }

            free = slots[i] == 0 ? i : free;
        }

        Libc.pwrite(_said, (byte*)&hash, sizeof(ulong), group + (Math.Abs(free) * sizeof(ulong)));
        return false;
    }

    /// <summary>FNV-1a, never 0.</summary>
    private static ulong Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return hash == 0 ? 1 : hash;
    }

    public void Dispose()
    {
        Close(_log);
        Close(_said);
        Close(_folder);
    }

    private static void Close(int fd)
    {
        if (fd >= 0)
        {
            Libc.close(fd);
        }
    }
}
