using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Supervisor.EndToEnd.Tests.Harness;

/// <summary>A program to start, with all it gets.</summary>
internal sealed record Launch(string Program, IReadOnlyList<string> Arguments)
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(120);

    /// <summary>Null: this process's.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    public string? Folder { get; init; }

    /// <summary>Empty: the end of input at once.</summary>
    public byte[] Input { get; init; } = [];

    public TimeSpan Deadline { get; init; } = DefaultDeadline;
}

/// <summary>How a program ended, and every byte it printed.</summary>
internal sealed record Outcome(int Status, byte[] Out, byte[] Error)
{
    public string Text => Encoding.UTF8.GetString(Out);

    public string ErrorText => Encoding.UTF8.GetString(Error);

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public override string ToString() => $"status {Status}\nstdout: {Shorten(Text)}\nstderr: {Shorten(ErrorText)}";

    private static string Shorten(string text) => text.Length <= 4000 ? text : text[..4000] + "…";
}

/// <summary>A started program with pipes for its three streams.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly Task<byte[]> _out;
    private readonly Task<byte[]> _error;
    private readonly string _what;

    private Child(Launch launch)
    {
        _what = launch.Program + " " + string.Join(' ', launch.Arguments);
        ProcessStartInfo info = new(launch.Program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = launch.Folder ?? "",
        };
        foreach (string argument in launch.Arguments)
        {
            info.ArgumentList.Add(argument);
        }

        if (launch.Environment is { } environment)
        {
            info.Environment.Clear();
            foreach ((string name, string value) in environment)
            {
                info.Environment[name] = value;
            }
        }

        _process = Process.Start(info)!;
        _out = Drain(_process.StandardOutput.BaseStream);
        _error = Drain(_process.StandardError.BaseStream);
    }

    public int Pid => _process.Id;

    public static Child Start(Launch launch)
    {
        Child child = new(launch);
        child.Feed(launch.Input);
        return child;
    }

    public static Outcome Run(Launch launch)
    {
        using Child child = Start(launch);
        return child.Wait(launch.Deadline);
    }

    public Outcome Wait(TimeSpan? deadline = null)
    {
        if (!_process.WaitForExit(deadline ?? Launch.DefaultDeadline) || !Task.WaitAll([_out, _error], Eventually.Deadline))
        {
            _process.Kill(entireProcessTree: true);
            Task.WaitAll([_out, _error], Eventually.Deadline);
            throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture,
                $"did not end: {_what}\nstdout: {Partial(_out)}\nstderr: {Partial(_error)}"));
        }

        return new Outcome(_process.ExitCode, _out.Result, _error.Result);
    }

    public void Dispose() => _process.Dispose();

    private static string Partial(Task<byte[]> stream) =>
        stream.IsCompletedSuccessfully ? Encoding.UTF8.GetString(stream.Result) : "(held open)";

    private static Task<byte[]> Drain(Stream stream) => Task.Factory.StartNew(
        () =>
        {
            using MemoryStream all = new();
            stream.CopyTo(all);
            return all.ToArray();
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private void Feed(byte[] input)
    {
        Stream stdin = _process.StandardInput.BaseStream;
        try
        {
            stdin.Write(input);
            stdin.Close();
        }
        catch (IOException)
        {
            // It did not want all of it.
        }
    }
}
