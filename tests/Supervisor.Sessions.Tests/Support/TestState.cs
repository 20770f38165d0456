using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>A state root of a test's own in a temporary folder, which goes with it.</summary>
internal sealed class TestState : IDisposable
{
    public TestState(string? parent = null)
    {
        Folder = parent ?? Directory.CreateTempSubdirectory("sup-test-").FullName;
        Root = At(Path.Combine(Folder, "state"));
    }

    /// <summary>The test's folder; the state root is <c>state</c> in it.</summary>
    public string Folder { get; }

    public StateRoot Root { get; }

    public static StateRoot At(string path) =>
        StateRoot.Locate(name => string.Equals(name, "SUP_STATE_DIR", StringComparison.Ordinal) ? path : null);

    public static SessionId Id(string text) => SessionId.TryParse(text, out SessionId id) ? id : throw new ArgumentException(text, nameof(text));

    public static SessionName Name(string text) =>
        SessionName.TryParse(text, out SessionName name) ? name : throw new ArgumentException(text, nameof(text));

    public OwnedFolder Create(string id) => OwnedFolder.Create(Root, Id(id)) ?? throw new InvalidOperationException($"{id} exists");

    public SessionFiles Open(string id) => SessionFiles.Open(Root, Id(id)) ?? throw new InvalidOperationException($"{id} is missing");

    public string Session(string id) => Path.Combine(Root.Sessions, id);

    public static SessionMeta Meta(string id, string? name = null, DateTime? startedAt = null, int? pid = 4_000_000) => new()
    {
        Id = id,
        Name = name,
        Command = ["true"],
        StartedAt = startedAt ?? new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        RetentionSeconds = 60,
        TransportMode = "pipe",
        MaxOutputBytes = 1,
        Pid = pid,
        BootId = "boot",
        OwnerPid = 1,
        OwnerStartTime = 1,
        Host = "host",
    };

    public static SessionFinal Final(string id, string state = "exited", int attempt = 1) => new()
    {
        Id = id,
        Attempt = attempt,
        State = state,
        EndReason = "exit",
        EndedAt = new DateTime(2026, 1, 1, 0, 0, 1, DateTimeKind.Utc),
        ExitCode = 0,
        DurationSeconds = 1,
        OutputBytes = 0,
    };

    /// <summary>An attempt that has begun.</summary>
    public static AttemptRecord Attempt(int number, DateTime startedAt, long startCursor) => new()
    {
        Attempt = number,
        ClaimedAt = startedAt,
        StartedAt = startedAt,
        BootId = "boot",
        StartCursor = startCursor,
        Pid = 4_000_000,
    };

    /// <summary>A session of this boot, owned by this process, whose command is this process too.</summary>
    public static SessionMeta OwnMeta(string id) => Meta(id, pid: ProcessIdentity.Self.Pid) with
    {
        PidStartTime = ProcessIdentity.Self.StartTime,
        OwnerPid = ProcessIdentity.Self.Pid,
        OwnerStartTime = ProcessIdentity.Self.StartTime,
        BootId = ProcessIdentity.BootId,
    };

    /// <summary>A session that has ended.</summary>
    public void AddEnded(string id, string? name = null, DateTime? startedAt = null)
    {
        using OwnedFolder folder = Create(id);
        folder.WriteAtomically(Artifact.Meta, Meta(id, name, startedAt).ToLine());
        folder.WriteAtomically(Artifact.Final, Final(id).ToLine());
    }

    /// <summary>A session that lives until the folder is disposed of.</summary>
    public OwnedFolder AddLive(string id, string? name = null, DateTime? startedAt = null)
    {
        OwnedFolder folder = Create(id);
        folder.WriteAtomically(Artifact.Meta, Meta(id, name, startedAt).ToLine());
        return folder;
    }

    public void Dispose()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
