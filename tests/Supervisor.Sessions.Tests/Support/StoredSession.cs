using System.Globalization;
using System.Text;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>A session whose files are written piece by piece by the Store's own writers, at times of the test's choice.</summary>
internal sealed class StoredSession : IDisposable
{
    public static readonly DateTime Begin = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly int _output;
    private readonly AppendFile _events;
    private readonly IndexWriter _index;
    private readonly Floor _floor;

    public StoredSession(TestState state, string id = "a", long maxOutput = long.MaxValue, long maxIndex = IndexCompaction.DefaultMaxLength)
    {
        (State, Id) = (state, id);
        Folder = state.AddLive(id, startedAt: Begin);
        _output = Folder.OpenAppend(Artifact.Output);
        _events = new AppendFile(Folder.OpenAppend(Artifact.Events));
        _floor = new Floor(Folder, maxOutput);
        _index = new IndexWriter(Folder, () => _floor.Value, maxIndex);
        Files = state.Open(id);
        Reader = new TranscriptReader(Files);
    }

    public TestState State { get; }

    public string Id { get; }

    public OwnedFolder Folder { get; private set; }

    public SessionFiles Files { get; }

    public TranscriptReader Reader { get; }

    /// <summary>All that was ever stored, freed bytes included.</summary>
    public List<byte> All { get; } = [];

    /// <summary>Where each byte came from.</summary>
    public List<Channel> Channels { get; } = [];

    public DateTime Now { get; set; } = Begin;

    /// <summary>The number of the current attempt; 0 while none was claimed.</summary>
    public int Attempt { get; private set; }

    public string PathOf(string name) => Path.Combine(Folder.Path, name);

    public void Write(string text, Channel channel = Channel.Stdout) => Write(Encoding.UTF8.GetBytes(text), channel);

    /// <summary>Stores bytes and begins no new window; the index may not have them yet.</summary>
    public void Write(ReadOnlySpan<byte> bytes, Channel channel = Channel.Stdout)
    {
        if (Io.WriteAll(_output, bytes) != 0)
        {
            throw new IOException("cannot write");
        }

        _index.Add(All.Count, channel, bytes.Length, Now);
        All.AddRange(bytes);
        Channels.AddRange(Enumerable.Repeat(channel, bytes.Length));
    }

    public void Flush() => _index.Flush();

    public void After(TimeSpan time)
    {
        Flush();
        Now += time;
    }

    public void Gap(long bytes, string reason) => Event(new TranscriptEvent
    {
        Type = "gap",
        Offset = All.Count,
        Timestamp = Now,
        Bytes = bytes,
        Reason = reason,
    });

    public void Event(TranscriptEvent happening) => _events.Append(happening.ToLine());

    /// <summary>Claims the next attempt, as an owner does before it starts the command again: its record first, then meta.json.</summary>
    public void BeginAttempt()
    {
        Flush();
        Attempt++;
        WriteAttempt(TestState.Attempt(Attempt, Now, All.Count));
        Folder.WriteAtomically(Artifact.Meta, (TestState.Meta(Id, startedAt: Begin) with { Attempt = Attempt }).ToLine());
        Event(new TranscriptEvent { Type = "started", Offset = All.Count, Timestamp = Now, Attempt = Attempt, Pid = 1 });
    }

    /// <summary>The command of the current attempt has ended. The session goes on.</summary>
    public void EndAttempt(int? exitCode, string? signal = null)
    {
        Flush();
        Event(new TranscriptEvent { Type = "exited", Offset = All.Count, Timestamp = Now, Attempt = Attempt, ExitCode = exitCode, Signal = signal });
        AttemptRecord begun = Files.ReadAttempt(Attempt)!;
        WriteAttempt(begun with { EndedAt = Now, ExitCode = exitCode, Signal = signal, EndCursor = All.Count });
    }

    private void WriteAttempt(AttemptRecord attempt) =>
        Folder.WriteAtomically(string.Create(CultureInfo.InvariantCulture, $"{Artifact.Attempts}/{attempt.Attempt}.json"), attempt.ToLine());

    /// <summary>Frees what is over the limit, if anything is.</summary>
    public long Free()
    {
        long freed = _floor.IsOver(All.Count) ? _floor.Raise(_output, All.Count) : 0;
        if (freed > 0)
        {
            Event(new TranscriptEvent { Type = "freed", Offset = _floor.Value, Timestamp = Now, Bytes = freed });
        }

        return freed;
    }

    /// <summary>The owner goes, as if killed: what the index does not have it never gets.</summary>
    public void Abandon()
    {
        _index.Dispose();
        _events.Dispose();
        Libc.close(_output);
        Folder.Dispose();
    }

    /// <summary>The owner ends in order.</summary>
    public void End(int exitCode = 0)
    {
        Flush();
        Folder.WriteAtomically(Artifact.Final, (TestState.Final(Id, attempt: Math.Max(1, Attempt)) with { ExitCode = exitCode, OutputBytes = All.Count }).ToLine());
        Abandon();
    }

    public void Dispose()
    {
        Reader.Dispose();
        Files.Dispose();
    }
}
