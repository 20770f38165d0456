using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Control;

/// <summary>Asks the person before something is changed, where the client can (elicitation); elsewhere the client's own permissions have to do.</summary>
internal static class Confirmation
{
    private const int MaxText = 500;

    /// <param name="server">The connection; null: nobody can be asked.</param>
    /// <param name="what">What is to be done. Made visible as it is shown.</param>
    /// <param name="cancellation">The client gave the call up.</param>
    /// <exception cref="SupException">The person does not want it.</exception>
    public static async Task Ask(McpServer? server, string what, CancellationToken cancellation)
    {
        if (server?.ClientCapabilities?.Elicitation?.Form is null)
        {
            return;
        }

        string shown = Printable.Line(what);
        ElicitResult answer = await server.ElicitAsync(
            new ElicitRequestParams
            {
                Message = $"sup: {(shown.Length > MaxText ? shown[..MaxText] + "…" : shown)}?",
                RequestedSchema = new ElicitRequestParams.RequestSchema(),
            },
            cancellation).ConfigureAwait(false);
        if (!answer.IsAccepted)
        {
            throw new SupException(ErrorCode.NotAllowed, ExitCode.Failure, "the person at the client did not agree", "ask the person what to do instead");
        }
    }
}
