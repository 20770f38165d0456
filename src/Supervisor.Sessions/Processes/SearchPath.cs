using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>Where programs are looked for by name, as execvp(3) does it.</summary>
internal static class SearchPath
{
    /// <summary>PATH as this environment sets it last, or the C library's default where it does not.</summary>
    public static byte[] Of(IReadOnlyList<byte[]> environment)
    {
        for (int i = environment.Count - 1; i >= 0; i--)
        {
            if (environment[i].AsSpan().StartsWith("PATH="u8))
            {
                return environment[i]["PATH=".Length..];
            }
        }

        return "/bin:/usr/bin"u8.ToArray();
    }

    /// <summary>
    /// The files that <paramref name="program"/> may mean, in order: itself where it names a folder, else those in the path. Of
    /// these only what is there, which saves a fork for each folder without it.
    /// </summary>
    public static List<byte[]> Find(byte[] program, byte[] path, string? workingDirectory)
    {
        List<byte[]> found = [];
        if (program.Length == 0)
        {
            return found;
        }

        if (program.AsSpan().IndexOf((byte)'/') >= 0)
        {
            found.Add(program);
            return found;
        }

        int start = 0;
        while (start <= path.Length)
        {
            int length = path.AsSpan(start).IndexOf((byte)':');
            int end = length < 0 ? path.Length : start + length;
            byte[] folder = end == start ? "."u8.ToArray() : path[start..end];
            byte[] candidate = [.. folder, (byte)'/', .. program];
            if (Io.Exists(candidate, workingDirectory))
            {
                found.Add(candidate);
            }

            start = end + 1;
        }

        return found;
    }
}
