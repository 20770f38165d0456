using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Text;
using Supervisor.Mcp.Tools;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Control;

/// <summary>What a tool that changed a session answers: the session as it is now.</summary>
internal sealed class ControlAnswer(VisibleSessions sessions, SessionText text)
{
    /// <param name="id">The session's id.</param>
    /// <param name="done">What was done, as a word.</param>
    public CallToolResult Of(string id, string done)
    {
        SessionStatus status = sessions.Find(id);
        using SessionFiles files = sessions.Open(status);
        return text.Fitting(status, files, static answer => answer.Length + answer.LengthAsText, answer =>
        {
            CallToolResult result = answer.Result("");
            string json = result.StructuredContent!.Value.GetRawText();
            result.Content = [new TextContentBlock
            {
                Text = $"{done}: session {status.Id}: {SessionText.Result(status)}\n{Marked.Wrap(Marked.Number(), "session", json)}",
            }];
            return result;
        });
    }
}
