using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Searching;

namespace Supervisor.Cli.Commands.Logs;

/// <summary>What was asked of <c>sup logs</c>, checked as far as that needs no session.</summary>
internal sealed record LogsRequest
{
    /// <summary>Ids, names or the starts of ids.</summary>
    public required IReadOnlyList<string> Sessions { get; init; }

    public required LogsForm Form { get; init; }

    public bool Follow { get; init; }

    /// <summary>Only the last lines: of each session, or with a pattern of all that match.</summary>
    public int? Lines { get; init; }

    public DateTime? Since { get; init; }

    public DateTime? Until { get; init; }

    public long? Cursor { get; init; }

    public LinePattern? Pattern { get; init; }

    public Channel? Only { get; init; }

    public bool Timestamps { get; init; }

    public bool Json { get; init; }
}

/// <summary>How output is shown.</summary>
internal enum LogsForm
{
    /// <summary>Every byte as it is.</summary>
    Raw,

    /// <summary>Plain text.</summary>
    Text,

    /// <summary>Plain text and its colours, for a terminal.</summary>
    Coloured,
}
