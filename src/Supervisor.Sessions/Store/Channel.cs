namespace Supervisor.Sessions.Store;

/// <summary>Where bytes of a transcript came from.</summary>
public enum Channel : byte
{
    Pty,
    Stdout,
    Stderr,

    /// <summary>Several, no longer told apart: only in index records merged because the index grew too long.</summary>
    Mixed,
}

internal static class Channels
{
    public static string Word(this Channel channel) => channel switch
    {
        Channel.Pty => "pty",
        Channel.Stdout => "stdout",
        Channel.Stderr => "stderr",
        Channel.Mixed => "mixed",
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, message: null),
    };

    public static Channel? Parse(string? word) => word switch
    {
        "pty" => Channel.Pty,
        "stdout" => Channel.Stdout,
        "stderr" => Channel.Stderr,
        "mixed" => Channel.Mixed,
        _ => null,
    };
}
