using System.Text.Json.Nodes;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>A state root with sessions of any age, and a clock to sweep them by.</summary>
public abstract class RetentionFixture : IDisposable
{
    internal static readonly DateTime Now = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    internal TestState State { get; } = new();

    internal SetClock Clock { get; } = new(Now);

    internal string Trash => Path.Combine(State.Root.Path, "trash");

    internal string HistoryPath => Path.Combine(State.Root.Path, "history.jsonl");

    internal string LogPath => Path.Combine(State.Root.Path, "logs", "sup.jsonl");

    /// <summary>A session that ended so long ago.</summary>
    internal void AddEnded(string id, TimeSpan ago, TimeSpan retention, Func<SessionMeta, SessionMeta>? change = null, int exitCode = 0)
    {
        using OwnedFolder folder = State.Create(id);
        SessionMeta meta = TestState.Meta(id, startedAt: Now - ago - TimeSpan.FromSeconds(1)) with { RetentionSeconds = (long)retention.TotalSeconds };
        folder.WriteAtomically(Artifact.Meta, (change?.Invoke(meta) ?? meta).ToLine());
        folder.WriteAtomically(Artifact.Final, (TestState.Final(id) with { EndedAt = Now - ago, ExitCode = exitCode }).ToLine());
    }

    internal void AddExpired(string id) => AddEnded(id, TimeSpan.FromHours(2), TimeSpan.FromHours(1));

    /// <summary>Dates a session's folder and all directly in it.</summary>
    internal void Touch(string id, DateTime time)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(State.Session(id)))
        {
            if (Directory.Exists(entry))
            {
                Directory.SetLastWriteTimeUtc(entry, time);
            }
            else
            {
                File.SetLastWriteTimeUtc(entry, time);
            }
        }

        Directory.SetLastWriteTimeUtc(State.Session(id), time);
    }

    internal SweepResult Sweep() => new RetentionSweep(State.Root, Clock).Run();

    internal IReadOnlyList<HistoryEntry> History() => new SessionHistory(State.Root, Clock).Read();

    internal bool IsStored(string id) => Directory.Exists(State.Session(id));

    /// <summary>What the log says: <c>id result reason</c>.</summary>
    internal List<string> Log() => !File.Exists(LogPath)
        ? []
        : [.. File.ReadAllLines(LogPath).Select(l => JsonNode.Parse(l)!).Select(l => $"{l["session_id"]} {l["cleanup_result"]} {l["cleanup_reason"]}")];

    public void Dispose()
    {
        State.Dispose();
        GC.SuppressFinalize(this);
    }
}
