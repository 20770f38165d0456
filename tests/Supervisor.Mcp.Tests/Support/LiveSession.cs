using System.Diagnostics;
using System.Text;

namespace Supervisor.Mcp.Tests.Support;

/// <summary>A running <c>sup run -- cat</c>: it prints what the test writes, when the test writes it, and ends when the test says so.</summary>
internal sealed class LiveSession : IDisposable
{
    private readonly Process _process;

    public LiveSession(Workspace workspace, string id, params string[] options)
    {
        Id = id;
        ProcessStartInfo info = new(Path.Combine(workspace.Bin, "sup"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = workspace.Work,
        };
        foreach (string word in (string[])["run", "--session-id", id, .. options, "--", "cat"])
        {
            info.ArgumentList.Add(word);
        }

        info.Environment.Clear();
        foreach ((string name, string value) in workspace.Variables)
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info)!;
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        string pid = Path.Combine(workspace.State, "sessions", id, "events.jsonl");
        Eventually.True("the session runs", () => File.Exists(pid) && File.ReadAllText(pid).Contains("\"started\"", StringComparison.Ordinal));
    }

    public string Id { get; }

    public int Pid => _process.Id;

    public void Print(string text) => PrintBytes(Encoding.UTF8.GetBytes(text));

    public void PrintBytes(ReadOnlySpan<byte> bytes)
    {
        _process.StandardInput.BaseStream.Write(bytes);
        _process.StandardInput.BaseStream.Flush();
    }

    /// <summary>Lets it end, and waits for that.</summary>
    public void End()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(Eventually.Deadline), "the session did not end");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            End();
        }

        _process.Dispose();
    }
}
