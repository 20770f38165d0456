using System.Globalization;
using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Processes;

/// <summary>The environment a process was started with (/proc/PID/environ), as far as this user may see it.</summary>
internal readonly struct ProcEnvironment
{
    private const int MaxLength = 1024 * 1024;

    private readonly byte[]? _bytes;

    private ProcEnvironment(byte[]? bytes) => _bytes = bytes;

    public static ProcEnvironment Of(int pid) =>
        new(ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"), MaxLength));

    /// <summary>Whether sup, started with this environment, would certainly look for sessions elsewhere.</summary>
    public bool LeadsElsewhere(string stateFolder)
    {
        ProcEnvironment self = this;
        string? Value(string name) =>
            self.TryGet(Encoding.ASCII.GetBytes(name + "="), out ReadOnlySpan<byte> value) ? Encoding.UTF8.GetString(value) : null;
        if (Value("SUP_STATE_DIR") is { Length: > 0 } given && !Path.IsPathRooted(given))
        {
            // It depends on a folder that nobody knows any more.
            return false;
        }

        try
        {
            return !string.Equals(StateRoot.Locate(Value).Path, stateFolder, StringComparison.Ordinal);
        }
        catch (SupException)
        {
            return false;
        }
    }

    /// <param name="prefix">The variable's name and the equals sign.</param>
    /// <param name="value">What follows; empty where there is no such variable.</param>
    public bool TryGet(ReadOnlySpan<byte> prefix, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = _bytes;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> entry = end < 0 ? rest : rest[..end];
            if (entry.StartsWith(prefix))
            {
                value = entry[prefix.Length..];
                return true;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        value = default;
        return false;
    }
}
