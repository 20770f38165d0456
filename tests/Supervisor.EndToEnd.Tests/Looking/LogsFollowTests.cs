using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup logs -f</c> while sessions live, end, vanish and lose output.</summary>
public sealed class LogsFollowTests : Workspace
{
    private const string WaitForGo = "until [ -e go ]; do sleep .02; done";

    [Fact]
    public void Before_the_first_byte_it_waits_for_it()
    {
        using Child run = StartBash($"exec sup run --session-id one sh -c '{WaitForGo}; echo now'");
        Eventually.True("it runs", () => Sessions.Count == 1 && File.Exists(Path.Combine(Session, "attempts", "1.json")));
        File.Delete(Path.Combine(Session, "output.bin"));
        using Child follow = StartBash("exec sup logs -f one");
        Eventually.True("it follows", () => LiveProcesses.Of(Folder).Any(p => p.Command.Contains("logs", StringComparison.Ordinal)));
        Write("go", "");
        Assert.Equal(0, run.Wait().Status);
        Assert.Equal(0, follow.Wait().Status);
    }

    [Fact]
    public void Json_text_and_channels_are_followed_too()
    {
        using Child run = StartBash($"exec sup run --session-id one sh -c 'echo first; echo bad >&2; {WaitForGo}; echo second; printf \"\\033[1mworse\\n\" >&2'");
        Eventually.True("it has printed", () => Sessions.Count == 1 && File.Exists(Path.Combine(Session, "output.bin")) && Transcript.Length == 10);
        Child[] follows =
        [
            StartBash("exec sup logs -f one --json >json"),
            StartBash("exec sup logs -f one --text >text"),
            StartBash("exec sup logs -f one --channel stderr >stderr"),
            StartBash("exec sup logs -f one --grep s >grep"),
        ];
        Eventually.True("what was there is followed", () => new[] { "json", "text", "stderr", "grep" }.All(
            name => File.Exists(Path.Combine(Work, name)) && new FileInfo(Path.Combine(Work, name)).Length > 0));
        Write("go", "");
        Assert.All(follows, f => Assert.Equal(0, f.Wait().Status));
        Assert.Equal(0, run.Wait().Status);
        Assert.Equal("bad\n\u001b[1mworse\n", Read("stderr"));
        Assert.Equal(["bad", "first", "second", "worse"], Read("text").TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal(["\u001b[1mworse", "first", "second"], Read("grep").TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        List<JsonObject> records = [.. Read("json").TrimEnd('\n').Split('\n').Select(l => JsonNode.Parse(l)!.AsObject())];
        Assert.Equal(
            ["stderr bad", "stderr worse", "stdout first", "stdout second"],
            records.Select(r => r["channel"]!.GetValue<string>() + " " + r["text"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        foreach (Child follow in follows)
        {
            follow.Dispose();
        }
    }

    [Fact]
    public void Several_are_followed_until_the_last_ends()
    {
        using Child a = StartBash("exec sup run --session-id aa sh -c 'echo a1; until [ -e one ]; do sleep .02; done; echo a2'");
        using Child b = StartBash("exec sup run --session-id bbb sh -c 'until [ -e one ]; do sleep .02; done; echo b1; until [ -e two ]; do sleep .02; done; echo b2'");
        Eventually.True("both run", () => Sessions.Count == 2 && Sessions.All(s => File.Exists(Path.Combine(s, "meta.json"))));
        using Child follow = StartBash("exec sup logs -f aa bbb >followed");
        Eventually.True("the first is there", () => File.Exists(Path.Combine(Work, "followed")) && Read("followed").Length > 0);
        Write("one", "");
        Assert.Equal(0, a.Wait().Status);
        Eventually.True("the other goes on", () => Read("followed").Contains("b1", StringComparison.Ordinal));
        Write("two", "");
        Assert.Equal(0, follow.Wait().Status);
        Assert.Equal(0, b.Wait().Status);
        Assert.Equal(["aa  | a1", "aa  | a2", "bbb | b1", "bbb | b2"], Read("followed").TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        Assert.StartsWith("aa  | a1\n", Read("followed"), StringComparison.Ordinal);
        Assert.EndsWith("bbb | b2\n", Read("followed"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_owner_that_is_killed_while_followed_is_lost()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'echo before; touch up; exec sleep 300'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        int pid = Json("show", "one")["session"]!["pid"]!.GetValue<int>();
        using Child follow = StartBash("exec sup logs -f one");
        using Child json = StartBash("exec sup logs -f one --json");
        using Child rest = StartBash("sup logs -f one >followed; echo $? >status");
        Eventually.True("it follows", () => File.Exists(Path.Combine(Work, "followed")) && Read("followed").Length > 0);
        new LiveProcess(run.Pid, "sup").Kill();
        Outcome outcome = follow.Wait();
        Assert.Equal((125, "before\n"), (outcome.Status, outcome.Text));
        Assert.Contains("lost", outcome.ErrorText, StringComparison.Ordinal);
        Outcome asJson = json.Wait();
        Assert.Equal(125, asJson.Status);
        Assert.Equal("session_lost", JsonNode.Parse(asJson.ErrorText)!["error"]!["code"]!.GetValue<string>());
        rest.Wait();
        Assert.Equal("125\n", Read("status"));
        new LiveProcess(pid, "sleep").Kill();
        run.Wait();
    }

    [Fact]
    public void A_session_deleted_while_it_is_followed_ends_the_following()
    {
        using Child run = StartBash($"exec sup run --session-id one sh -c 'echo before; touch up; {WaitForGo}'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        using Child follow = StartBash("exec sup logs -f one");
        using Child other = StartBash("exec sup logs -f one >followed");
        Eventually.True("it follows", () => File.Exists(Path.Combine(Work, "followed")) && Read("followed").Length > 0);
        Directory.Delete(Session, recursive: true);
        Write("go", "");
        Outcome outcome = follow.Wait();
        Assert.Equal((3, "before\n"), (outcome.Status, outcome.Text));
        Assert.Contains("deleted", outcome.ErrorText, StringComparison.Ordinal);
        other.Wait();
        run.Wait();
    }

    [Fact]
    public void A_session_deleted_while_its_owner_lives_ends_the_following_before_the_owner_ends()
    {
        using Child run = StartBash($"exec sup run --session-id one sh -c 'echo before; touch up; {WaitForGo}'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        using Child follow = StartBash("exec sup logs -f one >followed");
        using Child text = StartBash("exec sup logs -f one --text >text");
        Eventually.True("they follow", () => new[] { "followed", "text" }.All(f => File.Exists(Path.Combine(Work, f)) && Read(f).Length > 0));
        Directory.Delete(Session, recursive: true);
        foreach (Outcome outcome in new[] { follow.Wait(), text.Wait() })
        {
            Assert.Equal(3, outcome.Status);
            Assert.Contains("deleted", outcome.ErrorText, StringComparison.Ordinal);
        }

        Assert.True(LiveProcesses.IsAlive(run.Pid));
        Write("go", "");
        Assert.Equal(0, run.Wait().Status);
    }

    [Fact]
    public void Ones_own_session_is_not_followed()
    {
        Outcome outcome = RunSup("run", "--session-id", "one", Path.Combine(Bin, "sup"), "logs", "-f", "one");
        Assert.Equal(125, outcome.Status);
        Assert.Contains("runs in it", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Equal(0, RunSup("run", "--session-id", "two", Path.Combine(Bin, "sup"), "logs", "two").Status);
    }

    [Fact]
    public void Freed_output_is_said_and_never_shown_as_zeros()
    {
        RunSup("run", "--session-id", "one", "--max-output", "64K", "sh", "-c", "seq 1 100000");
        string all = string.Concat(Enumerable.Range(1, 100000).Select(i => i + "\n"));
        foreach (string[] options in new string[][] { [], ["--text"], ["--cursor", "10"], ["--grep", "."], ["--timestamps"], ["-f"] })
        {
            Outcome outcome = RunSup(["logs", "one", .. options]);
            Assert.Equal(0, outcome.Status);
            Assert.DoesNotContain('\0', outcome.Text);
            Assert.Contains("freed (--max-output)", outcome.ErrorText, StringComparison.Ordinal);
            if (!options.Contains("--timestamps"))
            {
                Assert.EndsWith(outcome.Text, all, StringComparison.Ordinal);
                Assert.InRange(outcome.Text.Length, 32 * 1024, 128 * 1024);
            }
        }

        Assert.Equal(("100000\n", ""), (RunSup("logs", "one", "-n", "1").Text, RunSup("logs", "one", "-n", "1").ErrorText));
        JsonObject gap = JsonNode.Parse(RunSup("logs", "one", "--json").Lines[0])!.AsObject();
        Assert.Equal(("gap", "0", "freed"), (gap["type"]!.GetValue<string>(), gap["offset"]!.GetValue<string>(), gap["reason"]!.GetValue<string>()));
        Assert.True(gap["bytes"]!.GetValue<long>() > 0);
    }

    [Fact]
    public void A_gap_is_said_where_bytes_are_missing()
    {
        RunSup("run", "--session-id", "one", "printf", "hello\\nworld\\n");
        File.AppendAllText(
            Path.Combine(Session, "events.jsonl"),
            "{\"type\":\"gap\",\"offset\":6,\"timestamp\":\"2026-03-01T12:00:00Z\",\"bytes\":42,\"reason\":\"No space \\u001b[31mleft\"}\n");
        foreach (string[] options in new string[][] { [], ["--text"], ["--grep", "o"] })
        {
            Outcome outcome = RunSup(["logs", "one", .. options]);
            Assert.Equal("hello\nworld\n", outcome.Text);
            Assert.Equal("sup: 42 bytes are missing at cursor 6: No space \uFFFD[31mleft\n", outcome.ErrorText);
        }

        Assert.Equal(["output", "gap", "output"], RunSup("logs", "one", "--json").Lines.Select(l => JsonNode.Parse(l)!["type"]!.GetValue<string>()));
    }

    [Fact]
    public void A_hole_of_twenty_gigabytes_is_not_read_for_the_last_lines()
    {
        RunSup("run", "--session-id", "one", "printf", "first\\n");
        using (FileStream output = new(Path.Combine(Session, "output.bin"), FileMode.Open, FileAccess.Write))
        {
            output.SetLength(20L * 1024 * 1024 * 1024);
            output.Seek(0, SeekOrigin.End);
            output.Write("a\nb\nc\n"u8);
        }

        Assert.Equal("b\nc\n", RunSup("logs", "one", "-n", "2").Text);
        System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        using Child child = StartBash("sup logs one -n 5 | head -c 100 | wc -c");
        Assert.Equal("100\n", child.Wait().Text);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 3);
    }

    [Fact]
    public void On_a_terminal_a_line_without_its_end_is_shown_and_grows()
    {
        using Child run = StartBash($"exec sup run --session-id one sh -c 'printf \"10%%\"; {WaitForGo}; printf \"\\r20%%\\n\"'");
        Eventually.True("it has printed", () => Sessions.Count == 1 && File.Exists(Path.Combine(Session, "output.bin")) && Transcript.Length == 3);
        using RealTerminal terminal = new(this);
        terminal.Enter("sup logs -f one");
        terminal.WaitForLine("10%");
        Write("go", "");
        terminal.WaitForLine("20%");
        Screen screen = terminal.WaitForPrompt(2);
        Assert.False(screen.HasLine("10%"));
        run.Wait();
    }

    private string Read(string name) => Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(Work, name)));
}
