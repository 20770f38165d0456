using System.Collections.Immutable;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>How a journal in a file is opened.</summary>
/// <param name="Path">The file, made with mode 0600 when it is not there; its folder must exist.</param>
public sealed record SqliteJournalOptions(string Path)
{
    /// <summary>
    /// The projections, each a table <c>sup_NAME(id, json)</c>. Lower-case letters and underscores; <c>meta</c> is taken.
    /// </summary>
    public ImmutableArray<string> Projections { get; init; } = ["sessions", "observed"];

    /// <summary>How long a write waits for another process that holds the file.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Stamps what is written.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The most writes in one transaction.</summary>
    public int BatchLimit { get; init; } = 256;

    /// <summary>Pages that the file may have: a full disk, in tests.</summary>
    internal int? MaxPages { get; init; }
}
