using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Output;

/// <summary>A page of a transcript, ready to be shown.</summary>
internal sealed record OutputPage
{
    /// <summary>Each is an object around its text: where a command changes channels with every line, that is more than the lines.</summary>
    public const int MaxChunks = 100;

    /// <summary>Where it begins: the cursor asked for, or the floor.</summary>
    public required long StartCursor { get; init; }

    /// <summary>Where the next one begins.</summary>
    public required long NextCursor { get; init; }

    /// <summary>The transcript's end when it was read.</summary>
    public required long EndCursor { get; init; }

    public required long Floor { get; init; }

    /// <summary>Whether there is nothing more now.</summary>
    public required bool Eof { get; init; }

    /// <summary>Whether the chunks are base64.</summary>
    public bool IsRaw { get; init; }

    public required IReadOnlyList<TranscriptGap> Gaps { get; init; }

    public required IReadOnlyList<OutputChunk> Chunks { get; init; }

    public IReadOnlyList<CutLine> Cuts { get; init; } = [];
}
