using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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
    /// Begins <see cref="Of"/> on a thread of its own: the hash function is OpenSSL's, and loading that takes as long as the
    /// rest of what comes before a command starts. The result waits for it.
    /// </summary>
    public static Func<ScriptIdentity> Start(IReadOnlyList<byte[]> command, string? workingDirectory, string? searchPath)
    {
        ScriptIdentity? identity = null;
        Exception? failure = null;
        Thread thread = new(Work, 256 * 1024) { IsBackground = true, Name = "hash" };
        thread.Start();
        return () =>
        {
            thread.Join();
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
    public static ScriptIdentity Of(IReadOnlyList<byte[]> command, string? workingDirectory, string? searchPath)
    {
        string? path = ScriptFinder.Find(Texts(command), workingDirectory, searchPath);
        using FileStream? file = path is null ? null : RegularFile.Open(path);
        if (file is not null)
        {
            return new ScriptIdentity(path, Text(SHA256.HashData(file)));
        }

        // Also for a script that may be run but not read (mode 0111).
        using MemoryStream line = new();
        foreach (byte[] word in command)
        {
            // NUL cannot be part of an argument, so different lines never hash alike.
            line.Write(word);
            line.WriteByte(0);
        }

        return new ScriptIdentity(null, Text(SHA256.HashData(line.ToArray())));
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
