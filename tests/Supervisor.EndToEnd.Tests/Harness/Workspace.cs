using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>
/// A folder of a test's own, with a state root, a home and sup on PATH. At the end no process of the test may be left, and
/// the folder goes.
/// </summary>
public class Workspace : IDisposable
{
    /// <summary>In scripts: what is written before a command that runs once plainly and once under sup.</summary>
    public const string Run = "RUN ";

    public Workspace()
    {
        Folder = Directory.CreateTempSubdirectory("sup-e2e-").FullName;
        State = Path.Combine(Folder, "state");
        Work = Directory.CreateDirectory(Path.Combine(Folder, "work")).FullName;
        Home = Directory.CreateDirectory(Path.Combine(Folder, "home")).FullName;
        Bin = Directory.CreateDirectory(Path.Combine(Folder, "bin")).FullName;
        File.CreateSymbolicLink(Path.Combine(Bin, "sup"), Sup.Program);
        Variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Bin + ":" + Environment.GetEnvironmentVariable("PATH"),
            ["HOME"] = Home,
            ["LANG"] = "C.UTF-8",
            ["TERM"] = "xterm",
            ["SUP_STATE_DIR"] = State,
        };
    }

    public string Folder { get; }

    /// <summary>The state root. Not there until a session is.</summary>
    public string State { get; }

    /// <summary>The current folder of what the test starts.</summary>
    public string Work { get; }

    public string Home { get; }

    public string Bin { get; }

    /// <summary>The whole environment of what the test starts.</summary>
    internal Dictionary<string, string> Variables { get; }

    /// <summary>What all commands are started through; see <see cref="OwnDisk"/>.</summary>
    internal IReadOnlyList<string> Through { get; set; } = [];

    /// <summary>The folders of all sessions.</summary>
    public IReadOnlyList<string> Sessions =>
        Directory.Exists(Path.Combine(State, "sessions")) ? Directory.GetDirectories(Path.Combine(State, "sessions")) : [];

    /// <summary>The folder of the only session.</summary>
    public string Session => Assert.Single(Sessions);

    public byte[] Transcript => File.ReadAllBytes(Path.Combine(Session, "output.bin"));

    /// <summary>Runs a bash script.</summary>
    internal Outcome Bash(string script, byte[]? input = null, TimeSpan? deadline = null) =>
        Child.Run(BashLaunch(script, input) with { Deadline = deadline ?? Launch.DefaultDeadline });

    internal Child StartBash(string script) => Child.Start(BashLaunch(script, input: null));

    /// <summary>Runs sup itself.</summary>
    internal Outcome RunSup(params string[] arguments) => Child.Run(NewLaunch([Path.Combine(Bin, "sup"), .. arguments], input: null));

    /// <summary>What sup prints as JSON.</summary>
    internal JsonObject Json(params string[] arguments)
    {
        Outcome outcome = RunSup([.. arguments, "--json"]);
        Assert.True(outcome.Status == 0, outcome.ToString());
        return JsonNode.Parse(outcome.Text)!.AsObject();
    }

    internal JsonObject FileOf(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Session, name)))!.AsObject();

    internal IReadOnlyList<JsonObject> LinesOf(string name) =>
        [.. File.ReadAllLines(Path.Combine(Session, name)).Select(line => JsonNode.Parse(line)!.AsObject())];

    /// <summary>Runs the script as it is without sup, and then with <c>sup run --</c> wherever it says RUN.</summary>
    internal (Outcome Plain, Outcome Supervised) Both(string script, byte[]? input = null)
    {
        Assert.Contains(Run, script, StringComparison.Ordinal);
        Outcome plain = Bash(script.Replace(Run, "", StringComparison.Ordinal), input);
        Outcome supervised = Bash(script.Replace(Run, "sup run -- ", StringComparison.Ordinal), input);
        return (plain, supervised);
    }

    /// <summary>Nobody can tell the two apart. Returns what both did.</summary>
    internal Outcome Same(string script, byte[]? input = null)
    {
        (Outcome plain, Outcome supervised) = Both(script, input);
        AssertSame(plain, supervised);
        return supervised;
    }

    internal static void AssertSame(Outcome plain, Outcome supervised)
    {
        Assert.True(
            plain.Status == supervised.Status
                && plain.Out.AsSpan().SequenceEqual(supervised.Out)
                && plain.Error.AsSpan().SequenceEqual(supervised.Error),
            $"without sup: {plain}\nwith sup: {supervised}");
    }

    internal string Write(string name, string content, bool executable = false)
    {
        string path = Path.Combine(Work, name);
        File.WriteAllText(path, content);
        if (executable)
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Every file under the state root with its size and time: equal before and after means nothing was touched.</summary>
    internal string StateListing()
    {
        if (!Directory.Exists(State))
        {
            return "(none)";
        }

        StringBuilder listing = new();
        foreach (FileSystemInfo entry in new DirectoryInfo(State)
            .EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(e => e.FullName, StringComparer.Ordinal))
        {
            long length = entry is FileInfo file ? file.Length : 0;
            listing.Append(CultureInfo.InvariantCulture, $"{entry.FullName} {length} {entry.LastWriteTimeUtc.Ticks}\n");
        }

        return listing.ToString();
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        try
        {
            Eventually.True(
                "the test's processes are gone",
                () => LiveProcesses.Of(Folder).Count == 0,
                () => string.Join('\n', LiveProcesses.Of(Folder).Select(p => p.ToString())));
        }
        finally
        {
            foreach (LiveProcess left in LiveProcesses.Of(Folder))
            {
                left.Kill();
            }

            Remove();
        }
    }

    private void Remove()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // Something was still being written when its writer was killed.
            Eventually.True("the folder can be deleted", TryRemove);
        }
    }

    private bool TryRemove()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return !Directory.Exists(Folder);
        }
    }

    private Launch BashLaunch(string script, byte[]? input) => NewLaunch(["bash", "--norc", "--noprofile", "-c", script], input);

    // .NET ignores SIGPIPE, and what it starts would too.
    private Launch NewLaunch(string[] command, byte[]? input)
    {
        string[] all = [.. Through, "env", "--default-signal=PIPE,INT,QUIT", .. command];
        return new Launch(all[0], all[1..])
        {
            Environment = Variables,
            Folder = Work,
            Input = input ?? [],
        };
    }
}
