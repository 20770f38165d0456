using System.Globalization;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Scripts;

/// <summary>What was run, as one number: two runs with the same hash ran the same script.</summary>
/// <param name="Path">The script file whose bytes are hashed; null when the command line is.</param>
/// <param name="Hash"><c>sha256:</c> and 64 lower-case hex digits.</param>
public sealed record ScriptIdentity(string? Path, string Hash)
{
    private const string Prefix = "sha256:";
    private const int ShortLength = 8;

    /// <summary>The first 8 hex digits, for people.</summary>
    public static string Short(string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        return hash.StartsWith(Prefix, StringComparison.Ordinal) && hash.Length >= Prefix.Length + ShortLength
            ? hash.Substring(Prefix.Length, ShortLength)
            : hash;
    }

    /// <summary>
    /// Begins <see cref="Of"/> on a thread of its own: a script may be long, or lie on a slow disk, and the command need not
    /// wait for it. The result does.
    /// </summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="workingDirectory">Where it runs; null is here.</param>
    /// <param name="searchPath">PATH as the command has it.</param>
    public static Func<ScriptIdentity> Start(IReadOnlyList<byte[]> command, string? workingDirectory, byte[] searchPath)
    {
        ScriptIdentity? identity = null;
        Exception? failure = null;
        Thread? thread = SmallThread.TryStart("hash", Work);
        return () =>
        {
            if (thread is null)
            {
                Work();
            }

            thread?.Join();
            return identity ?? throw new InvalidOperationException("the command could not be hashed", failure);
        };

        void Work()
        {
            try
            {
                identity = Of(command, workingDirectory, searchPath);
            }
            catch (Exception e)
            {
                // Thrown again where the result is asked for: here it would end the process.
                failure = e;
            }
        }
    }

    /// <summary>Hashes the script that <paramref name="command"/> runs, or else its words.</summary>
    public static ScriptIdentity Of(IReadOnlyList<byte[]> command, string? workingDirectory, byte[] searchPath)
    {
        string? path = ScriptFinder.Find(Texts(command), workingDirectory, searchPath);
        using FileStream? file = path is null ? null : RegularFile.Open(path);
        if (file is not null && HashOf(file) is { } hash)
        {
            return new ScriptIdentity(path, Text(hash));
        }

        // Also for a script that may be run but not read (mode 0111).
        Sha256 line = new();
        for (int i = 0; i < command.Count; i++)
        {
            // NUL cannot be part of an argument, so different lines never hash alike.
            line.Add(command[i]);
            line.Add([0]);
        }

        return new ScriptIdentity(null, Text(line.Finish()));
    }

    /// <summary>Null when it cannot be read to its end.</summary>
    private static byte[]? HashOf(FileStream file)
    {
        Sha256 hash = new();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int n;
            while ((n = file.Read(buffer)) > 0)
            {
                hash.Add(buffer.AsSpan(0, n));
            }
        }
        catch (IOException)
        {
            return null;
        }

        return hash.Finish();
    }

    private static List<string> Texts(IReadOnlyList<byte[]> words)
    {
        List<string> texts = [];
        for (int i = 0; i < words.Count; i++)
        {
            texts.Add(Encoding.UTF8.GetString(words[i]));
        }

        return texts;
    }

    private static string Text(byte[] hash)
    {
        StringBuilder text = new(Prefix, Prefix.Length + (2 * hash.Length));
        foreach (byte b in hash)
        {
            text.Append(b.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
