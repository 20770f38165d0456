using System.Globalization;
using System.Text.RegularExpressions;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>A follower that is stopped while a command prints as fast as it can: the command does not care, and the follower loses nothing that is still stored.</summary>
public sealed partial class StoppedFollowerTests : Workspace
{
    private const int Lines = 1_500_000;
    private const int Half = Lines / 2;
    private const long StoppedAt = 1024 * 1024;

    // Two floods, so that the follower is in the middle of one when it is stopped, and another comes while it is.
    private static readonly string Flood = string.Create(
        CultureInfo.InvariantCulture, $"seq 1 {Half}; until [ -e go ]; do sleep .02; done; seq {Half + 1} {Lines}; until [ -e end ]; do sleep .02; done");

    [Fact]
    public void It_loses_nothing_and_the_command_ends_meanwhile()
    {
        Write("end", "");
        using Child run = Start();
        using Child follow = StartBash("exec sup logs -f one >followed");
        using Child text = StartBash("exec sup logs -f one --text >text");
        LiveProcess[] followers = [Stop(follow, "followed"), Stop(text, "text")];
        Write("go", "");
        Assert.Equal(0, run.Wait().Status);
        Assert.All(followers, f => Assert.Equal('T', f.State));
        byte[] all = Transcript;
        Assert.Equal(Numbers(), all);
        Assert.InRange(Length("followed"), 1, all.Length - 1);
        Continue(follow);
        Continue(text);
        Assert.Equal((0, ""), Ended(follow));
        Assert.Equal((0, ""), Ended(text));
        Assert.Equal(all, File.ReadAllBytes(Path.Combine(Work, "followed")));
        Assert.Equal(all, File.ReadAllBytes(Path.Combine(Work, "text")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_freed_meanwhile_is_said_and_every_other_byte_is_right(bool goesOnInTheFlood)
    {
        using Child run = Start("--max-output", "512K");
        using Child follow = StartBash("exec sup logs -f one >followed");
        Stop(follow, "followed");
        Write("go", "");
        if (goesOnInTheFlood)
        {
            // From far below the floor, which moves on while it reads.
            Eventually.True("more was printed", () => Length(OutputPath) > 4 * StoppedAt);
            Continue(follow);
            Write("end", "");
            Assert.Equal(0, run.Wait().Status);
        }
        else
        {
            Write("end", "");
            Assert.Equal(0, run.Wait().Status);
            Continue(follow);
        }

        Outcome outcome = follow.Wait();
        Assert.Equal(0, outcome.Status);
        byte[] printed = File.ReadAllBytes(Path.Combine(Work, "followed"));
        byte[] all = Numbers();
        List<byte> expected = [];
        int at = 0;
        foreach ((int offset, int bytes) in Gaps(outcome.ErrorText))
        {
            Assert.InRange(offset, at, all.Length);
            expected.AddRange(all.AsSpan(at, offset - at));
            at = offset + bytes;
        }

        Assert.InRange(at, 1, all.Length);
        expected.AddRange(all.AsSpan(at));
        Assert.True(printed.AsSpan().SequenceEqual([.. expected]), $"{printed.Length} bytes were printed, not {expected.Count}\n{outcome.ErrorText}");
    }

    private Child Start(params string[] options)
    {
        Child run = StartBash($"exec sup run --session-id one {string.Join(' ', options)} sh -c '{Flood}' >/dev/null");
        Eventually.True("it prints", () => Sessions.Count == 1 && Length(OutputPath) > 0);
        return run;
    }

    private string OutputPath => Path.Combine(State, "sessions", "one", "output.bin");

    private long Length(string name) => new FileInfo(Path.Combine(Work, name)) is { Exists: true } file ? file.Length : 0;

    private static byte[] Numbers() =>
        System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, Lines).Select(i => i.ToString(CultureInfo.InvariantCulture) + "\n")));

    /// <summary>Stops it once it has printed something and the command has printed much.</summary>
    private LiveProcess Stop(Child follower, string printed)
    {
        Eventually.True("it follows", () => Length(printed) > 0 && Length(OutputPath) > StoppedAt);
        LiveProcess process = new(follower.Pid, "sup logs");
        Bash(string.Create(CultureInfo.InvariantCulture, $"kill -STOP {process.Pid}"));
        Eventually.True("it is stopped", () => process.State == 'T');
        return process;
    }

    private void Continue(Child follower) => Bash(string.Create(CultureInfo.InvariantCulture, $"kill -CONT {follower.Pid}"));

    private static (int Status, string Error) Ended(Child follower) => follower.Wait() is var outcome ? (outcome.Status, outcome.ErrorText) : default;

    private static IEnumerable<(int Offset, int Bytes)> Gaps(string said) => said.TrimEnd('\n').Split('\n').Select(line =>
    {
        Match match = Freed().Match(line);
        Assert.True(match.Success, line);
        return (match.Groups["offset"] is { Success: true } offset ? Number(offset) : 0, Number(match.Groups["bytes"]));
    });

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^sup: (the first (?<bytes>\d+) bytes were freed \(--max-output\); this begins behind them|(?<bytes>\d+) bytes from cursor (?<offset>\d+) on were freed \(--max-output\))$",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Freed();
}
