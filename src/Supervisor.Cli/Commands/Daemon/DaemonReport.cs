using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Supervisor.Client;
using Supervisor.Protocol.Api;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands.Daemon;

/// <summary>What is said of the daemon.</summary>
internal static class DaemonReport
{
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(200);

    public static string OwnVersion { get; } =
        typeof(DaemonReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <exception cref="SupException">It does not answer, or not with that.</exception>
    public static DaemonStatus Ask(DaemonConnection connection, TimeSpan deadline)
    {
        byte[] answer = connection.Get("/daemon", deadline);
        try
        {
            return JsonSerializer.Deserialize(answer, DaemonJson.Default.DaemonStatus) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new SupException(
                ErrorCode.DaemonUnavailable,
                ExitCode.Failure,
                string.Create(CultureInfo.InvariantCulture, $"the daemon (pid {connection.Daemon.Pid}) gave an answer that is none"),
                "stop it with sup daemon stop, and ask again",
                e);
        }
    }

    /// <summary>For a summary of everything, which does not fail or wait for its sake.</summary>
    public static DaemonStatus? Look(StateRoot root, out string line)
    {
        try
        {
            using DaemonConnection? connection = DaemonConnection.Open(root);
            DaemonStatus? status = connection is null ? null : Ask(connection, LookTime);
            line = status is null ? "not running" : Line(status);
            return status;
        }
        catch (SupException e)
        {
            line = Printable.Line(e.Message);
            return null;
        }
    }

    /// <summary>In one line.</summary>
    public static string Line(DaemonStatus status) => string.Create(
        CultureInfo.InvariantCulture,
        $"running: pid {status.Pid}, up {DurationText.ForPeople(status.UptimeSeconds)}, {status.Sessions} session{(status.Sessions == 1 ? "" : "s")}{(status.ObservedSessions > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({status.ObservedSessions} in the foreground)") : "")}{Skew(status)}");

    public static string Text(DaemonStatus status)
    {
        StringBuilder text = new(Line(status));
        void Row(string name, string value) => text.Append('\n').Append(name.PadRight(12)).Append(value);
        Row("version", Printable.Line(status.Version));
        Row("started", Timestamp.Of(status.StartedAt));
        Row("memory", ByteSize.ForPeople(status.MemoryBytes));
        Row("journal", ByteSize.ForPeople(status.JournalBytes));
        if (status.ActorRestarts > 0)
        {
            Row("restarts", string.Create(CultureInfo.InvariantCulture, $"{status.ActorRestarts} of its parts failed and were started again; its log says why"));
        }

        Row("socket", Printable.Line(status.Socket));
        Row("logs", Printable.Line(status.Logs));
        return text.ToString();
    }

    public static byte[] Json(DaemonStatus? status) => JsonSerializer.SerializeToUtf8Bytes(new DaemonAnswer(OwnVersion, status), DaemonJson.Default.DaemonAnswer);

    private static string Skew(DaemonStatus status) => string.Equals(status.Version, OwnVersion, StringComparison.Ordinal)
        ? ""
        : $"; it is version {Printable.Line(status.Version)} and this sup {OwnVersion}: after sup daemon stop the next one is like this";
}

/// <summary>As <c>--json</c> gives it.</summary>
/// <param name="Version">Of this sup.</param>
/// <param name="Daemon">Null when none runs.</param>
internal sealed record DaemonAnswer(string Version, DaemonStatus? Daemon)
{
    public string SchemaVersion { get; } = Schema.Version;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(DaemonAnswer))]
internal sealed partial class DaemonJson : JsonSerializerContext;
