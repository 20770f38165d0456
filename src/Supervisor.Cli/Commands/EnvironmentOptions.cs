using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;

namespace Supervisor.Cli.Commands;

/// <summary><c>--env K=V</c> and <c>--env-file</c>, as docker users know them.</summary>
internal static class EnvironmentOptions
{
    /// <summary>Sets one variable, replacing an earlier one of that name.</summary>
    /// <exception cref="SupException">It is not <c>NAME=value</c>. The value is not repeated: it may be a secret.</exception>
    public static void Add(List<byte[]> environment, string entry, string origin)
    {
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || entry.Contains('\0', StringComparison.Ordinal))
        {
            throw SupException.Usage($"{origin} is not valid: NAME=value is expected", "give it as NAME=value");
        }

        byte[] bytes = NativeText.Encode(entry);
        byte[] key = NativeText.Encode(entry[..(equals + 1)]);
        for (int i = 0; i < environment.Count; i++)
        {
            if (environment[i].AsSpan().StartsWith(key))
            {
                environment[i] = bytes;
                return;
            }
        }

        environment.Add(bytes);
    }

    /// <summary>Sets the variables of a file: one a line; blank lines and lines that start with # are left out.</summary>
    public static void AddFile(List<byte[]> environment, string path)
    {
        int error = OptionFile.Read(path, out byte[] content);
        if (error != 0)
        {
            throw SupException.Usage($"cannot read --env-file {Printable.Word(path)}: {Errno.Text(error)}", "name a readable file of NAME=value lines");
        }

        string[] lines = NativeText.Decode(content).TrimStart('\uFEFF').Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r').TrimStart();
            if (line.Length > 0 && line[0] != '#')
            {
                Add(environment, line, $"line {i + 1} of --env-file {Printable.Word(path)}");
            }
        }
    }
}
