using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Client;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup stop ID…</c>, and <c>sup kill ID…</c>, which is the same at once.</summary>
internal class StopCommand : Command
{
    private readonly Argument<string[]> _ids = new("ID")
    {
        Description = "A session's id, its name, or the start of its id",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _signal = new("--signal", "-s") { Description = "The signal that asks the command to end", HelpName = "TERM" };
    private readonly Option<string?> _time = new("--timeout", "-t") { Description = "How long it may take before it is killed", HelpName = "10s" };
    private readonly Option<bool> _force = new("--force") { Description = "Also the session that this command runs in" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public StopCommand()
        : this("stop", "End commands with all that they have started, and wait until it is gone", kills: false)
    {
    }

    protected StopCommand(string name, string description, bool kills)
        : base(name, description)
    {
        Arguments.Add(_ids);
        if (!kills)
        {
            Options.Add(_signal);
            Options.Add(_time);
        }

        Options.Add(_force);
        Options.Add(_json);
        SetAction(parsed => Execute(
            parsed.GetRequiredValue(_ids),
            kills ? "SIGKILL" : parsed.GetValue(_signal) is { } signal ? StartCommand.StopSignal(signal) : null,
            kills ? 0 : parsed.GetValue(_time) is { } time ? StartCommand.StopTimeout(time) : null,
            parsed.GetValue(_force),
            parsed.GetValue(_json)));
    }

    private static int Execute(string[] ids, string? signal, long? graceMs, bool force, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionCatalog catalog = new(root, TimeProvider.System);

        // All of them are found before any is stopped: a typing error changes nothing.
        List<SessionStatus> sessions = [];
        foreach (string id in ids)
        {
            SessionStatus found = catalog.Find(id);
            if (!sessions.Exists(s => s.Id == found.Id))
            {
                sessions.Add(found);
            }
        }

        foreach (SessionStatus session in sessions)
        {
            if (!session.State.IsLive())
            {
                throw new SupException(ErrorCode.SessionEnded, ExitCode.Failure, $"session {session.Id} has ended", $"sup show {session.Id} tells how");
            }

            if (!force)
            {
                OwnSession.Current.Refuse(session.Id, session.Meta, "stop", "sup stop --force does it");
            }
        }

        IReadOnlyList<Survivor>[] gone = new IReadOnlyList<Survivor>[sessions.Count];
        if (sessions.Count == 1)
        {
            gone[0] = SessionStop.Run(root, sessions[0], signal, graceMs);
        }
        else
        {
            Parallel.For(0, sessions.Count, i => gone[i] = SessionStop.Run(root, sessions[i], signal, graceMs));
        }

        List<StoppedAnswer> stopped = [];
        for (int i = 0; i < sessions.Count; i++)
        {
            SessionStatus now = catalog.Find(sessions[i].Id.Value);
            stopped.Add(new StoppedAnswer(now.Id.Value, now.Meta?.Name, now.State.Word(), now.Final?.ExitCode, now.Final?.Signal, [.. gone[i].Select(p => new StoppedProcess(p.Pid, p.Command))]));
        }

        if (json)
        {
            Data.Write(System.Text.Json.JsonSerializer.Serialize(new StopAnswer(Schema.Version, stopped), StopJson.Default.StopAnswer));
            return ExitCode.Success;
        }

        foreach (StoppedAnswer session in stopped)
        {
            string processes = string.Join(", ", session.Processes.Select(p => string.Create(CultureInfo.InvariantCulture, $"{Printable.Line(p.Command)} ({p.Pid})")));
            string how = session.Signal ?? string.Create(CultureInfo.InvariantCulture, $"exit {session.ExitCode}");
            Data.Write($"{session.Name ?? session.Id}: {session.State}, {how}{(processes.Length > 0 ? ": " + processes : "")}");
        }

        return ExitCode.Success;
    }
}

/// <summary><c>sup kill ID…</c></summary>
internal sealed class KillCommand() : StopCommand("kill", "End commands with all that they have started by SIGKILL, at once", kills: true);

internal sealed record StopAnswer(string SchemaVersion, IReadOnlyList<StoppedAnswer> Sessions);

internal sealed record StoppedAnswer(string Id, string? Name, string State, int? ExitCode, string? Signal, IReadOnlyList<StoppedProcess> Processes);

internal sealed record StoppedProcess(int Pid, string Command);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StopAnswer))]
internal sealed partial class StopJson : JsonSerializerContext;
