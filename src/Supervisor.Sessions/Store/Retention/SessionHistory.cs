using System.Text.Json;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// What is left of the sessions that were swept: one line each in <c>history.jsonl</c>, for 30 days and at most 10,000 of them.
/// </summary>
public sealed class SessionHistory(StateRoot stateRoot, TimeProvider time)
{
    public const int MaxLines = 10_000;

    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(30);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>All of them, the last swept first. Torn and foreign lines are left out.</summary>
    /// <exception cref="SupException">The state root is not safe to use.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public IReadOnlyList<HistoryEntry> Read()
    {
        int root = stateRoot.OpenRoot(create: false);
        if (root < 0)
        {
            return [];
        }

        try
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            List<HistoryEntry> entries = [];
            DateTime oldest = time.GetUtcNow().UtcDateTime - MaxAge;
            foreach (HistoryEntry entry in HistoryFile.Lines(root, HistoryFile.Name).Select(Parse).OfType<HistoryEntry>())
            {
                if (entry.ExpiredAt >= oldest && seen.Add(entry.Removal ?? entry.Id) && entries.Count < MaxLines)
                {
                    entries.Add(entry);
                }
            }

            entries.AddRange(Untold(root, seen));
            return [.. entries.OrderByDescending(e => e.ExpiredAt)];
        }
        finally
        {
            Libc.close(root);
        }
    }

    /// <summary>The swept session a person means: by its id, else by its name, else by a unique beginning of its id; the last one of them.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="SupException">There are several.</exception>
    public HistoryEntry? Find(string text)
    {
        IReadOnlyList<HistoryEntry> all = Read();
        HistoryEntry? found = all.FirstOrDefault(e => string.Equals(e.Id, text, StringComparison.Ordinal))
            ?? all.FirstOrDefault(e => string.Equals(e.Name, text, StringComparison.Ordinal));
        if (found is not null || string.IsNullOrEmpty(text))
        {
            return found;
        }

        List<HistoryEntry> matching = [.. all.Where(e => e.Id.StartsWith(text, StringComparison.Ordinal)).DistinctBy(e => e.Id, StringComparer.Ordinal)];
        return matching.Count <= 1
            ? matching.FirstOrDefault()
            : throw new SupException(
                ErrorCode.SessionAmbiguous,
                ExitCode.Usage,
                $"{Printable.Word(text)} could be {string.Join(", ", matching.Take(10).Select(e => e.Id))}, all of them expired",
                "give more of the id");
    }

    /// <summary>Drops what is too old, too much, or damaged. Nothing happens while another writer is at work.</summary>
    public void Trim()
    {
        DateTime oldest = time.GetUtcNow().UtcDateTime - MaxAge;
        Rewrite(entry => entry.ExpiredAt >= oldest, out _);
    }

    /// <summary>Drops all that is left of a swept session.</summary>
    /// <exception cref="IOException">The history cannot be rewritten; <see cref="Exception.HResult"/> is the errno.</exception>
    public void Forget(SessionId id)
    {
        Rewrite(entry => !string.Equals(entry.Id, id.Value, StringComparison.Ordinal), out int error);
        if (error != 0)
        {
            throw Errno.Exception($"cannot rewrite {Path.Combine(stateRoot.Path, HistoryFile.Name)}", error);
        }
    }

    private void Rewrite(Func<HistoryEntry, bool> keep, out int error)
    {
        error = 0;
        int root = stateRoot.OpenRoot(create: false);
        if (root < 0)
        {
            return;
        }

        try
        {
            SettleUntold(root, keep);
            using HistoryFile? file = Io.StatAt(root, HistoryFile.Name, followLink: false, out StatX stat)
                ? HistoryFile.Lock(root, Patience, out error)
                : null;
            if (file is null)
            {
                return;
            }

            List<byte[]> lines = [.. file.Lines().Where(line => Parse(line) is { } entry && keep(entry)).Take(MaxLines)];
            using MemoryStream content = new();
            for (int i = lines.Count - 1; i >= 0; i--)
            {
                content.Write(lines[i]);
                content.WriteByte((byte)'\n');
            }

            if (content.Length != (long)stat.Size)
            {
                error = file.Replace(content.GetBuffer().AsSpan(0, (int)content.Length));
            }
        }
        finally
        {
            Libc.close(root);
        }
    }

    private static HistoryEntry? Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, FileJson.Default.HistoryEntry) is { } entry && SessionId.TryParse(entry.Id, out _) ? entry : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Those whose sweeper was stopped before it could write their line.</summary>
    private List<HistoryEntry> Untold(int root, HashSet<string> seen)
    {
        List<HistoryEntry> entries = [];
        ForEachUntold(root, (trash, name) =>
        {
            using SessionFiles? files = seen.Contains(name.Token) ? null : SessionFiles.Open(trash, name.ToString(), name.Id, "", out _);
            if (files is not null && Io.Stat(files.Folder, out StatX stat))
            {
                SessionEnd stored = SessionEnd.Read(files);
                byte[] line = HistoryEntry.Line(name.Id.Value, name.Token, stored.Meta, stored.Final, stored.LastSign(), stat.Changed);
                if (Parse(line[..^1]) is { } entry)
                {
                    entries.Add(entry);
                }
            }
        });
        return entries;
    }

    /// <summary>Those that are not to be kept get no line any more.</summary>
    private void SettleUntold(int root, Func<HistoryEntry, bool> keep) => ForEachUntold(root, (trash, name) =>
    {
        HistoryEntry asked = new() { Id = name.Id.Value, ExpiredAt = time.GetUtcNow().UtcDateTime };
        if (!keep(asked))
        {
            Io.Rename(trash, Io.Path(name.ToString()), trash, (name with { IsTold = true }).ToString());
        }
    });

    private void ForEachUntold(int root, Action<int, TrashName> action)
    {
        int trash;
        try
        {
            trash = stateRoot.OpenOwn(root, Trash.Folder, create: false);
        }
        catch (SupException)
        {
            // A link, or another user's: nothing of ours is in it.
            return;
        }

        if (trash < 0)
        {
            return;
        }

        using FolderReader entries = new(trash);
        while (entries.Next())
        {
            if (TrashName.TryParse(entries.Name, out TrashName name) && !name.IsTold)
            {
                action(trash, name);
            }
        }

        Libc.close(trash);
    }
}
