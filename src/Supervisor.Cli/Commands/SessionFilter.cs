using Supervisor.Cli.Output;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Values;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary>Which sessions a person asked for. All that is given has to be true of one; of several states, any.</summary>
internal sealed class SessionFilter
{
    private string? _folder;
    private string? _name;
    private readonly List<StateFilter> _states = [];
    private Dictionary<string, string> _labels = new(StringComparer.Ordinal);

    private SessionFilter()
    {
    }

    /// <summary>Whether it lets every session through.</summary>
    public bool IsAny => _folder is null && _name is null && _states.Count == 0 && _labels.Count == 0;

    /// <summary>Whether it names a state that only ended sessions are in.</summary>
    public bool CoversEnded => _states.Exists(static s => s.CoversEnded);

    /// <summary>Whether it asks for those of which only the line in the history is left.</summary>
    public bool AsksForExpired => _states.Exists(static s => s.ToString() is "expired");

    /// <exception cref="SupException">A value is invalid.</exception>
    public static SessionFilter Of(bool here, string[] states, string? name, string[] labels)
    {
        SessionFilter filter = new() { _folder = here ? CurrentFolder() : null, _name = name };
        foreach (string word in states)
        {
            filter._states.Add(StateFilter.TryParse(word, out StateFilter? state)
                ? state
                : throw SupException.Usage($"--state {Printable.Word(word)} is not valid", $"give {StateFilter.Words}"));
        }

        filter._labels = Labels(labels);
        return filter;
    }

    /// <summary>What <c>--label</c> asks for.</summary>
    /// <exception cref="SupException">One is not <c>KEY=VALUE</c>.</exception>
    public static Dictionary<string, string> Labels(string[] labels)
    {
        Dictionary<string, string> wanted = new(StringComparer.Ordinal);
        foreach (string label in labels)
        {
            int equals = label.IndexOf('=', StringComparison.Ordinal);
            wanted[equals > 0 ? label[..equals] : throw SupException.Usage($"--label {Printable.Word(label)} is not valid", "give KEY=VALUE")] =
                label[(equals + 1)..];
        }

        return wanted;
    }

    public bool Matches(SessionStatus session)
    {
        if (_states.Count > 0 && !_states.Exists(s => s.Matches(session.State)))
        {
            return false;
        }

        if (_name is not null && (session.Meta?.Name is not { } name || !Glob.IsMatch(_name, name)))
        {
            return false;
        }

        foreach ((string key, string value) in _labels)
        {
            if (session.Meta is null || !session.Meta.Labels.TryGetValue(key, out string? has) || !string.Equals(has, value, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return _folder is null || (session.Meta?.WorkingDirectory is { } folder && (IsBelow(folder) || (Io.RealPath(folder) is { } real && IsBelow(real))));
    }

    private bool IsBelow(string path) =>
        path.StartsWith(_folder!, StringComparison.Ordinal)
        && (path.Length == _folder!.Length || _folder is "/" || path[_folder.Length] == '/');

    private static string CurrentFolder() => Io.RealPath(".")
        ?? throw new SupException(ErrorCode.Internal, ExitCode.Failure, "cannot tell which folder this is: it is gone", "change to another one");
}
