using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Supervisor.Protocol;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Events;

/// <summary>
/// Reads what has happened to one session since the last call, from its files. Places: its creation is 0, a line that begins at
/// offset n of events.jsonl is 2n + 2, an end after n bytes of that file 2n + 1; so they grow, also when lines follow an end.
/// </summary>
internal sealed class SessionEventReader(string source, SessionId id)
{
    private const int MaxType = 40;
    private static readonly SearchValues<char> TypeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_.-");

    private bool _created;
    private long _position;
    private long _endedAt = -1;
    private DateTime _latest = DateTime.MinValue;
    private string? _name;

    /// <summary>Whether more can follow.</summary>
    public bool IsLive { get; private set; } = true;

    public SessionMeta? Meta { get; private set; }

    public List<SessionEvent> Read(SessionFiles files, DateTime now)
    {
        // The state first: what was written before the end that it tells of is read afterwards.
        SessionStatus status = SessionStatus.Of(files, now);
        IsLive = status.State.IsLive();
        Meta = status.Meta;
        List<SessionEvent> events = [];
        if (status.Meta is { } meta)
        {
            _name = meta.Name;
            if (!_created)
            {
                _created = true;
                events.Add(At(meta.StartedAt, 0, SessionEvent.Created, files.ChangedAt));
            }
        }

        ReadLines(files, events);
        if (!IsLive && _endedAt != _position)
        {
            _endedAt = _position;
            events.Add(End(status, files));
        }

        return events;
    }

    private void ReadLines(SessionFiles files, List<SessionEvent> events)
    {
        using SafeFileHandle? handle = files.OpenForReading(Artifact.Events);
        if (handle is null || RandomAccess.GetLength(handle) <= _position)
        {
            return;
        }

        DateTime written = File.GetLastWriteTimeUtc(handle);
        using FileStream file = new(handle, FileAccess.Read, bufferSize: 0);
        file.Position = _position;
        LineReader lines = new(file);
        long begin = _position;
        while (lines.TryRead(out ReadOnlySpan<byte> line))
        {
            if (Parse(line) is { } happened)
            {
                events.Add(At(happened.Timestamp, (2 * _position) + 2, SessionEvent.Prefix + happened.Type, written) with
                {
                    Attempt = happened.Attempt,
                    Pid = happened.Pid,
                    Cursor = happened.Offset,
                    ExitCode = happened.ExitCode,
                    Signal = happened.Signal,
                    Columns = happened.Columns,
                    Rows = happened.Rows,
                    Bytes = happened.Bytes,
                    Reason = happened.Reason,
                });
            }

            _position = begin + lines.Position;
        }
    }

    private static TranscriptEvent? Parse(ReadOnlySpan<byte> line)
    {
        // Not ours, or damaged: the lines around it still count.
        TranscriptEvent? happened = TranscriptEvent.Read(line);
        return happened is { Type.Length: > 0 and <= MaxType } && !happened.Type.AsSpan().ContainsAnyExcept(TypeCharacters) ? happened : null;
    }

    private SessionEvent End(SessionStatus status, SessionFiles files)
    {
        DateTime written = files.ChangedAt;
        long place = (2 * _position) + 1;
        if (status.Final is not { } final || status.State == SessionState.Lost)
        {
            DateTime alive = files.OutputStatus().LastOutput ?? status.Meta?.StartedAt ?? written;
            return At(status.Final?.EndedAt ?? alive, place, SessionEvent.Lost, status.Final is null ? null : written) with
            {
                Attempt = status.Meta?.Attempt,
                Cursor = status.OutputBytes,
                EndReason = status.EndReason,
            };
        }

        return At(final.EndedAt, place, SessionEvent.Ended, written) with
        {
            Attempt = final.Attempt,
            Cursor = final.OutputBytes,
            State = status.State.Word(),
            ExitCode = final.ExitCode,
            Signal = final.Signal,
            EndReason = final.EndReason,
            DurationSeconds = final.DurationSeconds,
            Reason = final.Error,
        };
    }

    private SessionEvent At(DateTime time, long place, string type, DateTime? written)
    {
        time = time.ToUniversalTime();
        _latest = time > _latest ? time : _latest;
        EventId key = new(source, _latest, place, id.Value);
        return new SessionEvent
        {
            Id = key.ToString(),
            Key = key,
            WrittenBy = written,
            IsOfThisBoot = string.Equals(Meta?.BootId, ProcessIdentity.BootId, StringComparison.Ordinal),
            Type = type,
            Timestamp = _latest,
            SessionId = id.Value,
            SessionName = _name,
        };
    }
}
