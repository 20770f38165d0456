using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>Many runs, at once and one after the other: each complete, none mixed up.</summary>
public sealed class ManyRunsTests : Workspace
{
    [Fact]
    public void Two_hundred_at_once_are_distinct_and_complete()
    {
        const int Count = 200;
        Outcome outcome = Bash(string.Create(CultureInfo.InvariantCulture, $$"""
            for i in $(seq 1 {{Count}}); do
                (sup run --label i=$i -- sh -c 'seq $1 $(($1 + 500)); exit $(($1 % 200))' sh $i >out.$i 2>err.$i; echo "$i $?" >>statuses) &
            done; wait; wc -l <statuses
            """));
        Assert.Equal($"{Count}\n", outcome.Text);
        Dictionary<int, int> statuses = File.ReadAllLines(Path.Combine(Work, "statuses")).Select(l => l.Split(' '))
            .ToDictionary(p => Number(p[0]), p => Number(p[1]));
        Assert.Equal("", string.Concat(Enumerable.Range(1, Count).Select(i => File.ReadAllText(Path.Combine(Work, string.Create(CultureInfo.InvariantCulture, $"err.{i}"))))));
        Assert.Equal(Count, Sessions.Count);
        foreach (string session in Sessions)
        {
            JsonNode meta = JsonNode.Parse(File.ReadAllText(Path.Combine(session, "meta.json")))!;
            JsonNode final = JsonNode.Parse(File.ReadAllText(Path.Combine(session, "final.json")))!;
            int i = Number((string)meta["labels"]!["i"]!);
            string expected = string.Concat(Enumerable.Range(i, 501).Select(n => n.ToString(CultureInfo.InvariantCulture) + "\n"));
            Assert.Equal(expected, File.ReadAllText(Path.Combine(session, "output.bin")));
            Assert.Equal(expected, File.ReadAllText(Path.Combine(Work, $"out.{i}")));
            Assert.Equal("", File.ReadAllText(Path.Combine(Work, $"err.{i}")));
            Assert.Equal(i % 200, (int)final["exit_code"]!);
            Assert.Equal(i % 200, statuses[i]);
        }
    }

    /// <summary>A thousand; SUP_TEST_RUNS sets another number for a quick look.</summary>
    [Fact]
    public void A_short_command_keeps_its_output_and_its_exit_code_every_time()
    {
        int count = Environment.GetEnvironmentVariable("SUP_TEST_RUNS") is { Length: > 0 } text ? Number(text) : 1000;
        Outcome outcome = Bash(
            $"seq 1 {count} | xargs -P 8 -I N sh -c 'x=$(sup run --session-id rN sh -c \"echo x; exit 1\" 2>&1); echo \"$? $x\"' | sort | uniq -c | tr -s ' '",
            deadline: TimeSpan.FromMinutes(10));
        Assert.Equal($" {count} 1 x\n", outcome.Text);
        Assert.Equal(count, Sessions.Count);
        foreach (string session in Sessions)
        {
            Assert.Equal("x\n"u8.ToArray(), File.ReadAllBytes(Path.Combine(session, "output.bin")));
            Assert.Contains("\"exit_code\":1,", File.ReadAllText(Path.Combine(session, "final.json")), StringComparison.Ordinal);
        }

        Assert.Equal(count, Json("ls", "--all")["sessions"]!.AsArray().Count);
    }

    /// <summary>The first bytes and the last are the ones that get lost.</summary>
    [Fact]
    public void A_short_command_in_a_pty_keeps_its_output_every_time()
    {
        Outcome outcome = Bash(
            "seq 1 100 | xargs -P 4 -I N sh -c 'x=$(sup run --pty always --session-id pN sh -c \"echo x; exit 1\" </dev/null); echo \"$? $x\"' | tr -d '\\r' | sort | uniq -c | tr -s ' '");
        Assert.Equal(" 100 1 x\n", outcome.Text);
        Assert.All(Sessions, s => Assert.Equal("x\r\n"u8.ToArray(), File.ReadAllBytes(Path.Combine(s, "output.bin"))));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
