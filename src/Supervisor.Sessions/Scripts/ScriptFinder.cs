using System.Text;
using Supervisor.Sessions.Processes;

namespace Supervisor.Sessions.Scripts;

/// <summary>
/// Finds the script file that a command line runs: run directly, or as the first file argument of an interpreter,
/// behind wrappers: <c>bash x.sh</c>, <c>python3 -u x.py</c>, <c>env A=1 node x.js</c>, <c>uv run x.py</c>.
/// </summary>
internal static class ScriptFinder
{
    /// <summary>Interpreters, with their options that take a separate value.</summary>
    private static readonly Dictionary<string, string[]> Interpreters = new(StringComparer.Ordinal)
    {
        ["sh"] = ["-o"],
        ["bash"] = ["-o", "-O", "--rcfile", "--init-file"],
        ["dash"] = ["-o"],
        ["zsh"] = ["-o"],
        ["ksh"] = ["-o"],
        ["fish"] = ["-C", "--init-command", "-d", "-D"],
        ["python"] = ["-W", "-X"],
        ["node"] = ["-r", "--require", "--import", "--loader", "-C"],
        ["deno"] = [],
        ["bun"] = [],
        ["ruby"] = ["-I", "-r", "-C"],
        ["perl"] = ["-I"],
        ["php"] = ["-c", "-d"],
        ["lua"] = ["-l"],
        ["Rscript"] = [],
        ["pwsh"] = [],
        ["tsx"] = [],
        ["ts-node"] = [],
        ["awk"] = [],
    };

    /// <summary>Options that make an interpreter run something other than a file; <c>-c</c> of the shells is looked for apart.</summary>
    private static readonly Dictionary<string, string[]> NoFile = new(StringComparer.Ordinal)
    {
        ["python"] = ["-c", "-m"],
        ["node"] = ["-e", "-p", "--eval", "--print"],
        ["bun"] = ["-e", "-p"],
        ["deno"] = ["eval"],
        ["ruby"] = ["-e"],
        ["perl"] = ["-e", "-E"],
        ["php"] = ["-r"],
        ["lua"] = ["-e"],
        ["Rscript"] = ["-e"],
        ["pwsh"] = ["-c", "-command", "-Command"],
    };

    /// <summary>Programs that run another one given after their own options and assignments.</summary>
    private static readonly Dictionary<string, string[]> Wrappers = new(StringComparer.Ordinal)
    {
        ["env"] = ["-u", "--unset", "-C", "--chdir"],
        ["nice"] = ["-n"],
        ["nohup"] = [],
        ["time"] = [],
        ["stdbuf"] = ["-i", "-o", "-e"],
        ["timeout"] = ["-k", "-s"],
        ["sudo"] = ["-u", "-g"],
        ["setsid"] = [],
        ["ionice"] = ["-c", "-n"],
        ["exec"] = [],
        ["uv run"] = ["--with", "--python", "-p"],
        ["poetry run"] = [],
        ["pipenv run"] = [],
        ["bundle exec"] = [],
        ["pdm run"] = [],
        ["deno run"] = [],
        ["bun run"] = [],
    };

    private const int MaxWrappers = 8;

    /// <returns>The script's absolute path, or null when the command runs no script file.</returns>
    public static string? Find(IReadOnlyList<string> command, string? workingDirectory, byte[] searchPath)
    {
        List<string> words = new(command);
        bool interpreterNamed = false;
        for (int depth = 0; depth < MaxWrappers && words.Count > 0; depth++)
        {
            string program = Path.GetFileName(words[0]);
            string[]? valued = null;
            if (words.Count > 1 && Wrappers.TryGetValue($"{program} {words[1]}", out valued))
            {
                words = AfterOptions(words[2..], valued, skipFirstWord: false);
                interpreterNamed = true;
            }
            else if (Wrappers.TryGetValue(program, out valued))
            {
                words = AfterOptions(words[1..], valued, skipFirstWord: string.Equals(program, "timeout", StringComparison.Ordinal));
            }
            else if (Interpreters.TryGetValue(NameWithoutVersion(program), out valued))
            {
                return FirstFile(words[1..], valued, workingDirectory, NameWithoutVersion(program));
            }
            else
            {
                break;
            }
        }

        return words.Count == 0 ? null
            : interpreterNamed && Existing(words[0], workingDirectory) is { } argument ? argument
            : IsScript(Resolve(words[0], workingDirectory, searchPath));
    }

    /// <summary><c>python3.12</c> is python.</summary>
    private static string NameWithoutVersion(string program)
    {
        string trimmed = program.TrimEnd("0123456789.".ToCharArray());
        return trimmed.Length > 0 ? trimmed : program;
    }

    private static List<string> AfterOptions(List<string> words, string[] valued, bool skipFirstWord)
    {
        int at = 0;
        while (at < words.Count)
        {
            string word = words[at];
            if (string.Equals(word, "--", StringComparison.Ordinal))
            {
                at++;
                break;
            }

            if (valued.Contains(word, StringComparer.Ordinal))
            {
                at += 2;
            }
            else if (word.StartsWith('-') || word.Contains('=', StringComparison.Ordinal))
            {
                at++;
            }
            else if (skipFirstWord)
            {
                skipFirstWord = false;
                at++;
            }
            else
            {
                break;
            }
        }

        return words[Math.Min(at, words.Count)..];
    }

    /// <summary>Flags in one word that have a <c>c</c> among them: <c>bash -lc CMD</c>.</summary>
    private static bool IsCommandFlag(string word) =>
        word.Length > 1 && word[0] == '-' && word[1] != '-' && word.Contains('c', StringComparison.Ordinal);

    private static string? FirstFile(List<string> words, string[] valued, string? workingDirectory, string interpreter)
    {
        bool isShell = interpreter.EndsWith("sh", StringComparison.Ordinal) && interpreter is not "pwsh";
        string[] noFile = NoFile.GetValueOrDefault(interpreter, []);
        for (int at = 0; at < words.Count; at++)
        {
            string word = words[at];
            if (word is "-" || noFile.Contains(word, StringComparer.Ordinal) || (isShell && IsCommandFlag(word)))
            {
                return null;
            }

            if (valued.Contains(word, StringComparer.Ordinal))
            {
                at++;
            }
            else if (!word.StartsWith('-') && !word.StartsWith('+'))
            {
                return Existing(word, workingDirectory);
            }
        }

        return null;
    }

    private static string? Existing(string word, string? workingDirectory)
    {
        string path = Absolute(word, workingDirectory);
        return RegularFile.Is(path) ? path : null;
    }

    private static string? Resolve(string program, string? workingDirectory, byte[] searchPath)
    {
        foreach (byte[] candidate in SearchPath.Find(Encoding.UTF8.GetBytes(program), searchPath, workingDirectory))
        {
            if (Existing(Encoding.UTF8.GetString(candidate), workingDirectory) is { } path)
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>A file is a script when it says which interpreter reads it; a binary is not hashed on each run.</summary>
    private static string? IsScript(string? path)
    {
        if (path is null)
        {
            return null;
        }

        using FileStream? file = RegularFile.Open(path);
        if (file is null)
        {
            return null;
        }

        Span<byte> start = stackalloc byte[4];
        int length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return length == 4 && start.SequenceEqual("\u007fELF"u8) ? null : path;
    }

    /// <summary>The working directory may have been deleted; then nothing relative is found.</summary>
    private static string Absolute(string path, string? workingDirectory) =>
        Path.GetFullPath(Path.Combine(WorkingFolder.Absolute(workingDirectory) ?? "/", path));
}
