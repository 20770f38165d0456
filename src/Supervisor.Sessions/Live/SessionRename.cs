using System.Text.Json;
using System.Text.Json.Nodes;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Live;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Live;

/// <summary>
/// Gives a session another name. The owner of a live one does it, which holds the name; in the folder of an ended one it is
/// only written down, and need not be unique.
/// </summary>
public static class SessionRename
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    /// <exception cref="SupException">The name is taken, the owner does not answer, or the file cannot be written.</exception>
    public static void Run(StateRoot root, SessionId id, SessionName name)
    {
        using SessionFiles files = SessionFiles.Open(root, id)
            ?? throw new SupException(ErrorCode.SessionNotFound, ExitCode.NotFound, $"no session {id}", "sup ls --all lists them");
        if (files.IsOwned() && AskOwner(files, name))
        {
            return;
        }

        // It may have ended while its owner was asked.
        try
        {
            using OwnedFolder folder = OwnedFolder.OpenEnded(root, id)
                ?? throw new SupException(
                    ErrorCode.Timeout, ExitCode.Failure, $"cannot rename session {id}: its owner does not answer", $"sup show {id} tells more");
            if (JsonNode.Parse(files.ReadBytes(Artifact.Meta)) is not JsonObject meta)
            {
                throw Unreadable(id);
            }

            // Whatever else is in it stays, known here or not.
            meta["name"] = name.Value;
            folder.WriteAtomically(Artifact.Meta, [.. System.Text.Encoding.UTF8.GetBytes(meta.ToJsonString()), (byte)'\n']);
        }
        catch (JsonException)
        {
            throw Unreadable(id);
        }
        catch (IOException e)
        {
            throw new SupException(ErrorCode.Internal, ExitCode.Failure, $"cannot rename session {id}: {e.Message}", "see that its folder can be written", e);
        }
    }

    /// <summary>False when there is no owner to ask any more.</summary>
    private static bool AskOwner(SessionFiles files, SessionName name)
    {
        using LiveConnection? owner = LiveConnection.TryOpen(files, "operator", AnswerTime);
        LiveMessage? answer = owner?.Ask(new LiveMessage { Type = LiveMessageType.Rename, Name = name.Value }, AnswerTime);
        return answer switch
        {
            { Type: LiveMessageType.Done } => true,
            { Code: ErrorCode.NameTaken } => throw new SupException(
                ErrorCode.NameTaken,
                ExitCode.Usage,
                $"cannot rename session {files.Id}: a live session has the name {name}",
                "choose another, or wait for its end"),
            { Code: { } code, Message: var message } => throw new SupException(
                code, ExitCode.Failure, $"cannot rename session {files.Id}: {Printable.Line(message ?? "")}"),
            _ => false,
        };
    }

    private static SupException Unreadable(SessionId id) =>
        new(ErrorCode.Internal, ExitCode.Failure, $"cannot rename session {id}: its meta.json cannot be read");
}
