namespace Supervisor.Protocol.Live;

/// <summary>What both sides of a live socket agree on.</summary>
public static class LiveProtocol
{
    /// <summary>The oldest version of the protocol spoken here.</summary>
    public const int Min = 1;

    /// <summary>The newest version of the protocol spoken here.</summary>
    public const int Max = 3;

    /// <summary>The first version that has <see cref="LiveMessageType.Note"/>.</summary>
    public const int WithNotes = 3;

    /// <summary>A frame is a length, big-endian in this many bytes, and so many bytes of JSON.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Longer frames end the connection.</summary>
    public const int MaxFrameBytes = 64 * 1024;

    /// <summary>The file name of the socket in a session's folder.</summary>
    public const string SocketName = "live.sock";

    /// <summary>The role that may start attempts; see <see cref="LiveMessage.Role"/>.</summary>
    public const string DaemonRole = "daemon";

    /// <summary>The newest version that both speak; null when there is none.</summary>
    public static int? Choose(int? min, int? max)
    {
        int chosen = Math.Min(max ?? 0, Max);
        return chosen >= Math.Max(min ?? int.MaxValue, Min) ? chosen : null;
    }
}
