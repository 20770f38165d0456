using Supervisor.Protocol.Api;

namespace Supervisor.Protocol.Files;

/// <summary>
/// <c>daemon.json</c>: where the daemon of a state root is to be found. It stays when the daemon ends, for its epoch; that one lives
/// is told by the lock on <c>daemon.lock</c>, not by this file.
/// </summary>
public sealed record DaemonRecord
{
    public required int Pid { get; init; }

    /// <summary>Clock ticks since boot (proc(5)).</summary>
    public required long PidStartTime { get; init; }

    public required string BootId { get; init; }

    /// <summary>Of the product.</summary>
    public required string Version { get; init; }

    /// <summary>The lowest version of the control API it speaks; see <see cref="ApiVersion"/>.</summary>
    public required int ApiMin { get; init; }

    public required int ApiMax { get; init; }

    public required DateTime StartedAt { get; init; }

    /// <summary>The absolute path of the control socket.</summary>
    public required string Socket { get; init; }

    public required long Epoch { get; init; }

    public required string Host { get; init; }

    public byte[] ToLine() => new JsonText()
        .Add("schema_version", Schema.Version)
        .Add("pid", Pid)
        .Add("pid_start_time", PidStartTime)
        .Add("boot_id", BootId)
        .Add("version", Version)
        .Add("api_min", ApiMin)
        .Add("api_max", ApiMax)
        .Add("started_at", StartedAt)
        .Add("socket", Socket)
        .Add("epoch", Epoch)
        .Add("host", Host)
        .ToLine();

    /// <summary>Null when it is torn, or lacks what a client needs: the process, the socket, the versions.</summary>
    public static DaemonRecord? Parse(ReadOnlySpan<byte> json)
    {
        JsonFields fields = new(json);
        int? pid = null, apiMin = null, apiMax = null;
        long? start = null, epoch = null;
        string? boot = null, version = null, socket = null, host = null;
        DateTime? started = null;
        while (fields.Next())
        {
            if (fields.Is("pid"u8))
            {
                pid = fields.Int();
            }
            else if (fields.Is("pid_start_time"u8))
            {
                start = fields.Long();
            }
            else if (fields.Is("boot_id"u8))
            {
                boot = fields.Text();
            }
            else if (fields.Is("version"u8))
            {
                version = fields.Text();
            }
            else if (fields.Is("api_min"u8))
            {
                apiMin = fields.Int();
            }
            else if (fields.Is("api_max"u8))
            {
                apiMax = fields.Int();
            }
            else if (fields.Is("started_at"u8))
            {
                started = fields.Time();
            }
            else if (fields.Is("socket"u8))
            {
                socket = fields.Text();
            }
            else if (fields.Is("epoch"u8))
            {
                epoch = fields.Long();
            }
            else if (fields.Is("host"u8))
            {
                host = fields.Text();
            }
        }

        return !fields.IsValid || pid is null || socket is null || apiMin is null || apiMax is null
            ? null
            : new DaemonRecord
            {
                Pid = pid.Value,
                PidStartTime = start ?? 0,
                BootId = boot ?? "",
                Version = version ?? "",
                ApiMin = apiMin.Value,
                ApiMax = apiMax.Value,
                StartedAt = started ?? DateTime.UnixEpoch,
                Socket = socket,
                Epoch = epoch ?? 0,
                Host = host ?? "",
            };
    }
}
