using System.Text.Json.Nodes;

namespace Supervisor.Mcp.Tests.Support;

/// <summary>A workspace of a test's own with a server to ask.</summary>
public abstract class McpTest : Workspace
{
    private StdioServer? _server;

    /// <summary>Started when it is first asked.</summary>
    private protected StdioServer Server => _server ??= StdioServer.Ready(this);

    /// <summary>An id that no other test uses.</summary>
    private protected string NewId { get; } = "t" + Guid.NewGuid().ToString("N")[..12];

    /// <summary>Runs a shell script to its end as a session; returns its id.</summary>
    private protected string Ran(string script, params string[] options)
    {
        string id = "t" + Guid.NewGuid().ToString("N")[..12];
        RunSup(["run", "--session-id", id, .. options, "--", "sh", "-c", script]);
        return id;
    }

    /// <summary>
    /// Starts a session that prints what is written into its pipe, line by line, and ends with it: the test decides what happens when.
    /// </summary>
    private protected LiveSession Live(params string[] options) => new(this, NewId, options);

    private protected JsonObject Page(string id, string cursor = "0", int maxBytes = 16384) =>
        Server.Data("sup_read_output", new JsonObject { ["session_id"] = id, ["cursor"] = cursor, ["max_bytes"] = maxBytes });

    protected override void Dispose(bool disposing)
    {
        _server?.Dispose();
        base.Dispose(disposing);
    }
}
