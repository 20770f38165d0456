using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Keeper;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A keeper, started as the daemon starts it and spoken to as the documentation of the live socket says.</summary>
internal sealed class KeptSession : IDisposable
{
    private readonly Workspace _workspace;
    private KeeperProcess _process;

    public KeptSession(Workspace workspace, string script, Func<SessionSpec, SessionSpec>? change = null, string id = "kept")
    {
        _workspace = workspace;
        Id = id;
        SessionSpec spec = new()
        {
            Id = id,
            Command = [.. new[] { "bash", "-c", script }.Select(Encoding.UTF8.GetBytes)],
            Environment = [.. workspace.Variables.Select(v => Encoding.UTF8.GetBytes($"{v.Key}={v.Value}"))],
            WorkingDirectory = workspace.Work,
            RetentionSeconds = 3600,
            MaxOutputBytes = 1 << 30,
        };
        _process = Start("", (change?.Invoke(spec) ?? spec).ToLine());
    }

    public string Id { get; }

    public int KeeperPid => _process.Pid;

    public string Folder => Path.Combine(_workspace.State, "sessions", Id);

    public string Output => File.ReadAllText(Path.Combine(Folder, "output.bin"));

    public JsonObject? Final => Read("final.json");

    public JsonObject? Meta => Read("meta.json");

    public JsonObject? Attempt(int number) => Read(string.Create(CultureInfo.InvariantCulture, $"attempts/{number}.json"));

    public LiveSocket Connect(long epoch = 1, string role = "daemon") => new(
        Path.Combine(Folder, "live.sock"),
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"hello","protocol_min":1,"protocol_max":2,"role":"{{role}}","epoch":{{epoch}}}"""));

    /// <summary>Has an attempt begun, and returns what the keeper says of it.</summary>
    public JsonObject Begin(int attempt = 1, long epoch = 1)
    {
        using LiveSocket daemon = Connect(epoch);
        return daemon.Ask(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"start","id":7,"attempt":{{attempt}}}"""));
    }

    public void Reopen() => _process = Start(Id, []);

    public void WaitForOutput(string text) =>
        Eventually.True($"output with {text}", () => File.Exists(Path.Combine(Folder, "output.bin")) && Output.Contains(text, StringComparison.Ordinal), () => Output);

    /// <summary>Waits until the keeper has gone, and returns what it has left in final.json.</summary>
    public JsonObject? End()
    {
        Eventually.True("the keeper's end", _process.TryReap);
        return Final;
    }

    public void KillKeeper()
    {
        using System.Diagnostics.Process keeper = System.Diagnostics.Process.GetProcessById(_process.Pid);
        keeper.Kill();
        Eventually.True("the keeper's end", _process.TryReap);
    }

    public void Dispose()
    {
        if (LiveProcesses.IsAlive(_process.Pid))
        {
            new LiveProcess(_process.Pid, "keeper").Kill();
            Eventually.True("the keeper's end", _process.TryReap);
        }

        if (Meta?["pid"] is { } pid && LiveProcesses.IsAlive((int)pid))
        {
            new LiveProcess((int)pid, "command").Kill();
        }
    }

    private KeeperProcess Start(string id, byte[] spec) =>
        KeeperProcess.Start(Sup.Program, _workspace.State, id, spec, Eventually.Deadline);

    private JsonObject? Read(string name)
    {
        string path = Path.Combine(Folder, name);
        return File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : null;
    }
}
