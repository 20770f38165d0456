using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Completion;

/// <summary>The sessions one may name on a command line.</summary>
internal sealed class SessionWords(Func<string, string?> environment)
{
    /// <summary>What can only be done to a session that lives, or only to one that has ended.</summary>
    private static readonly HashSet<string>
        OfLive = new(["stats", "stop", "kill", "attach", "send", "signal", "detach", "rename"], StringComparer.Ordinal),
        OfEnded = new(["rm"], StringComparer.Ordinal);

    /// <summary>Newest first: each by its name if it has one that begins so, else by its id.</summary>
    /// <param name="current">What was typed of it.</param>
    /// <param name="command">The sup command it is meant for.</param>
    /// <param name="given">Those on the line already.</param>
    public IEnumerable<(string Word, string Description)> Matching(string current, string command, IReadOnlyCollection<string> given)
    {
        IReadOnlyList<SessionStatus> all;
        try
        {
            all = new SessionCatalog(StateRoot.Locate(environment), TimeProvider.System).All();
        }
        catch (Exception e) when (e is SupException or IOException)
        {
            // It will be said when the command is run.
            yield break;
        }

        HashSet<string> said = new(given, StringComparer.Ordinal);
        foreach (SessionStatus session in all)
        {
            bool live = session.State.IsLive();
            if ((live && OfEnded.Contains(command)) || (!live && OfLive.Contains(command)))
            {
                continue;
            }

            string? name = session.Meta?.Name;
            string word = name is not null && name.StartsWith(current, StringComparison.Ordinal) && SessionName.TryParse(name, out _) ? name : session.Id.Value;
            if (word.StartsWith(current, StringComparison.Ordinal) && said.Add(word))
            {
                string program = session.Meta?.Command is [var first, ..] ? Path.GetFileName(first ?? "") : "";
                yield return (word, $"{session.State.Word()} {Printable.Line(program)}".TrimEnd());
            }
        }
    }
}
