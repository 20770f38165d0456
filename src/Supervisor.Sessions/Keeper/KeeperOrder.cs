using Supervisor.Protocol.Live;
using Supervisor.Sessions.Live;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Keeper;

/// <summary>What passes between a keeper and whoever started it, over the keeper's descriptor 0.</summary>
public static class KeeperOrder
{
    /// <summary>The word that makes <c>sup</c> a keeper. Then the id of an ended session to take up again, or an empty word for a new one.</summary>
    public const string Verb = "keeper-of-a-session";

    private const int MaxSpec = 16 * 1024 * 1024;

    /// <summary>All that comes, up to the end of input or 16 MiB.</summary>
    public static byte[] Receive()
    {
        byte[] bytes = new byte[64 * 1024];
        int length = 0;
        nint n;
        while ((n = Io.Read(0, bytes.AsSpan(length))) > 0)
        {
            length += (int)n;
            if (length == bytes.Length && length < MaxSpec)
            {
                Array.Resize(ref bytes, length * 2);
            }
        }

        return bytes[..length];
    }

    /// <summary>Says how it went, and lets go of descriptor 0.</summary>
    /// <returns>False when nobody is there to hear it.</returns>
    public static bool Answer(LiveMessage answer)
    {
        bool heard = Io.WriteAll(0, FrameBuffer.Frame(answer)) == 0;
        Descriptors.LetGo(0);
        return heard;
    }
}
