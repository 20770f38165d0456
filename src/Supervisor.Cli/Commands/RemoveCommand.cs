using System.CommandLine;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Cli.Commands;

/// <summary><c>sup rm ID…</c></summary>
internal sealed class RemoveCommand : Command
{
    private readonly Argument<string[]> _ids = new("ID")
    {
        Description = "A session's id, its name, or the start of its id",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _json = new("--json") { Description = "One JSON object" };

    public RemoveCommand()
        : base("rm", "Remove ended sessions, output, history and all")
    {
        Arguments.Add(_ids);
        Options.Add(_json);
        SetAction(parsed => Execute(parsed.GetRequiredValue(_ids), parsed.GetValue(_json)));
    }

    private static int Execute(string[] ids, bool json)
    {
        StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
        SessionCatalog catalog = new(root, TimeProvider.System);
        SessionHistory history = new(root, TimeProvider.System);

        // All of them are found before any is removed: a typing error changes nothing.
        List<(SessionStatus? Stored, HistoryEntry? Expired)> found = [.. ids.Select(id => Find(catalog, history, id))];
        Removal removal = new(root, TimeProvider.System);
        foreach (SessionStatus stored in found.Select(f => f.Stored).OfType<SessionStatus>().DistinctBy(s => s.Id))
        {
            removal.Remove(stored, remember: false);
        }

        foreach (HistoryEntry expired in found.Select(f => f.Expired).OfType<HistoryEntry>().DistinctBy(e => e.Id, StringComparer.Ordinal))
        {
            if (SessionId.TryParse(expired.Id, out SessionId id))
            {
                history.Forget(id);
                removal.Forgotten(id);
            }
        }

        return removal.Tell(json, () => string.Join('\n', removal.Removed));
    }

    private static (SessionStatus? Stored, HistoryEntry? Expired) Find(SessionCatalog catalog, SessionHistory history, string id)
    {
        try
        {
            return (catalog.Find(id), null);
        }
        catch (SupException e) when (string.Equals(e.Code, ErrorCode.SessionExpired, StringComparison.Ordinal))
        {
            return (null, history.Find(id));
        }
    }
}
