using System.Globalization;
using Supervisor.Protocol;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Doctor;

/// <summary>What is stored: sessions that need a look, and what only takes room.</summary>
internal static class SessionChecks
{
    private const int MostNamed = 5;

    /// <summary>More than this waits to be removed only when nobody removes it.</summary>
    private const long MuchTrash = 1024L * 1024 * 1024;

    public static void Run(StateRoot root, TimeProvider time, List<Check> checks)
    {
        IReadOnlyList<SessionStatus> all = new SessionCatalog(root, time).All();
        int live = all.Count(s => s.State.IsLive());
        checks.Add(Check.Ok("sessions", string.Create(CultureInfo.InvariantCulture, $"{live} live, {all.Count - live} ended")));

        // Without its meta.json a folder says nothing of what ran.
        List<SessionStatus> lost = [.. all.Where(s => s.State == SessionState.Lost && s.Meta is not null)];
        checks.Add(lost.Count == 0
            ? Check.Ok("lost", "none")
            : Check.Warning("lost", $"{Named(lost.Select(s => s.Id.Value))}: the owner was killed before it could write the end", "sup show ID tells what survived; sup rm ID removes it"));

        List<string> damaged = [.. all.Where(s => s.Meta is null && s.State != SessionState.Starting).Select(s => s.Id.Value)];
        damaged.AddRange(Directory.Exists(root.Sessions)
            ? new DirectoryInfo(root.Sessions).EnumerateFileSystemInfos()
                .Where(e => e is not DirectoryInfo || e.LinkTarget is not null || !SessionId.TryParse(e.Name, out _)).Select(e => e.Name)
            : []);
        checks.Add(damaged.Count == 0
            ? Check.Ok("damaged", "none")
            : Check.Warning("damaged", $"{Named(damaged)}: no session that can be read", $"look at {root.Sessions}, and remove what is of no use"));

        checks.Add(Trash(Path.Combine(root.Path, "trash")));
    }

    private static Check Trash(string folder)
    {
        long bytes = 0;
        if (Directory.Exists(folder))
        {
            // Links are not followed, and what cannot be read counts nothing.
            EnumerationOptions everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
            bytes = new DirectoryInfo(folder).EnumerateFiles("*", everything).Sum(f => f.Length);
        }

        return bytes > MuchTrash
            ? Check.Warning("trash", ByteSize.ForPeople(bytes), "sup clean removes it")
            : Check.Ok("trash", bytes == 0 ? "empty" : ByteSize.ForPeople(bytes));
    }

    private static string Named(IEnumerable<string> names)
    {
        List<string> all = [.. names.Order(StringComparer.Ordinal)];
        string more = all.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {all.Count - MostNamed} more") : "";
        return string.Join(", ", all.Take(MostNamed)) + more;
    }
}
