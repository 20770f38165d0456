using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary>What the options of <c>sup logs</c> choose, and what it refuses.</summary>
public sealed class LogsOptionTests : Workspace
{
    private const string Script = "seq 1 3; sleep .2; echo problem >&2; sleep .2; printf '\\033[31mred\\033[0m\\r\\n10%%\\r20%%\\n'";

    [Fact]
    public void Into_a_pipe_every_byte_passes_and_text_is_plain()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", Script);
        Assert.Equal("1\n2\n3\nproblem\n\u001b[31mred\u001b[0m\r\n10%\r20%\n", RunSup("logs", "one").Text);
        Assert.Equal("1\n2\n3\nproblem\nred\n20%\n", RunSup("logs", "--text", "one").Text);
        Assert.Equal("red\n20%\n", RunSup("logs", "one", "--text", "-n", "2").Text);
    }

    [Fact]
    public void A_channel_and_its_last_lines()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", Script);
        Assert.Equal("problem\n", RunSup("logs", "one", "--channel", "stderr").Text);
        Assert.Equal("10%\r20%\n", RunSup("logs", "one", "--channel", "stdout", "-n", "1").Text);
        Assert.Equal("", RunSup("logs", "one", "--channel", "pty").Text);
        Refused("--channel", "mixed");
        Refused("--channel", "nonsense");
    }

    [Fact]
    public void A_cursor_begins_there()
    {
        RunSup("run", "--session-id", "one", "printf", "hello world");
        Assert.Equal("world", RunSup("logs", "one", "--cursor", "6").Text);
        Assert.Equal("", RunSup("logs", "one", "--cursor", "11").Text);
        foreach (string cursor in new[] { "12", "-1", "x", "1.5", "", "99999999999999999999", "0x1", "+1", " 1" })
        {
            Refused("--cursor", cursor);
        }
    }

    [Fact]
    public void Since_and_until_cut_at_their_times()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", "echo early; sleep .5; date -u +%s.%N >at; sleep .5; echo late");
        string at = "@" + File.ReadAllText(Path.Combine(Work, "at")).Trim();
        Assert.Equal("late\n", RunSup("logs", "one", "--since", at).Text);
        Assert.Equal("early\n", RunSup("logs", "one", "--until", at).Text);
        Assert.Equal("early\nlate\n", RunSup("logs", "one", "--since", "1h").Text);
        Assert.Equal("", RunSup("logs", "one", "--until", "1h").Text);
        Assert.Equal("", RunSup("logs", "one", "--since", "2126-01-01").Text);
        foreach (string time in new[] { "nonsense", "", "2026-13-01", "-5m", "@x", "yesterday" })
        {
            Refused("--since", time);
            Refused("--until", time);
        }
    }

    [Fact]
    public void Grep_prints_the_lines_that_match_as_plain_text()
    {
        RunSup("run", "--session-id", "one", "sh", "-c", "seq 1 20; printf 'an \\033[1mer\\033[0mror\\n'; echo other; printf 'last error'");
        Assert.Equal("an \u001b[1mer\u001b[0mror\nlast error\n", RunSup("logs", "one", "--grep", "error").Text);
        Assert.Equal("an error\nlast error\n", RunSup("logs", "one", "--grep", "error", "--text").Text);
        Assert.Equal("other\n", RunSup("logs", "one", "--grep", "^o|zzz").Text);
        Assert.Equal(["18", "19"], RunSup("logs", "one", "--grep", @"^1\d$", "-n", "2").Lines);
        Outcome none = RunSup("logs", "one", "--grep", "nowhere");
        Assert.Equal((0, ""), (none.Status, none.Text));
        Assert.Equal("an error", Records("one", "--grep", "an e.*r")[0]["text"]!.GetValue<string>());
        Refused("--grep", "(");
        Refused("--grep", @"(x)\1");
        Refused("--grep", "(?=x)");
    }

    [Fact]
    public void Json_is_one_object_a_line_with_cursors_that_lead_on()
    {
        RunSup("run", "--session-id", "one", "--name", "web", "sh", "-c", Script);
        List<JsonObject> records = Records("one");
        Assert.Equal(["1", "2", "3", "problem", "red", "20%"], records.Select(r => r["text"]!.GetValue<string>()));
        Assert.Equal(["stdout", "stdout", "stdout", "stderr", "stdout", "stdout"], records.Select(r => r["channel"]!.GetValue<string>()));
        Assert.All(records, r =>
        {
            Assert.Equal(("v1alpha1", "output", "one", "web"), (Word(r, "schema_version"), Word(r, "type"), Word(r, "session_id"), Word(r, "name")));
            Assert.Equal(DateTime.UtcNow, DateTime.Parse(Word(r, "timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal), TimeSpan.FromMinutes(5));
        });
        Assert.Equal("0", Word(records[0], "start_cursor"));
        Assert.All(records.Zip(records.Skip(1)), p => Assert.Equal(Word(p.First, "end_cursor"), Word(p.Second, "start_cursor")));
        Assert.Equal(Word(records[3], "text"), Records("one", "--cursor", Word(records[3], "start_cursor"))[0]["text"]!.GetValue<string>());
        byte[] raw = [.. Records("one", "--raw").SelectMany(r => Convert.FromBase64String(Word(r, "data_base64")))];
        Assert.Equal(Transcript, raw);
    }

    [Fact]
    public void Several_sessions_are_merged_by_time_with_their_names()
    {
        using Child web = StartBash("exec sup run --name web sh -c 'echo w1; touch a; until [ -e b ]; do sleep .02; done; echo w2; touch c'");
        using Child db = StartBash("exec sup run --session-id db1 sh -c 'until [ -e a ]; do sleep .02; done; sleep .2; echo d1; sleep .2; touch b; until [ -e c ]; do sleep .02; done; sleep .2; printf d2'");
        Assert.Equal(0, web.Wait().Status);
        Assert.Equal(0, db.Wait().Status);
        const string Merged = "web | w1\ndb1 | d1\nweb | w2\ndb1 | d2\n";
        Assert.Equal(Merged, RunSup("logs", "web", "db1").Text);
        Assert.Equal(Merged, RunSup("logs", "db1", "web", "db1").Text);
        Assert.Equal("web | w2\ndb1 | d2\n", RunSup("logs", "-n", "1", "web", "db1").Text);
        Assert.Equal(["w1", "d1", "w2", "d2"], Records("web", "db1").Select(r => Word(r, "text")));
        Outcome times = RunSup("logs", "--timestamps", "web", "db1");
        Assert.All(times.Lines, l => Assert.Matches(@"^(web|db1) \| \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [wd]\d$", l));
    }

    [Fact]
    public void What_is_given_wrong_is_refused_and_says_how()
    {
        RunSup("run", "--session-id", "abc1", "true");
        RunSup("run", "--session-id", "abc2", "true");
        Refused("-n", "-1");
        Refused("-n", "x");
        Refused("--raw", "--text");
        Refused("-f", "--until", "1h");
        Assert.Equal(2, RunSup("logs").Status);
        Assert.Equal(2, RunSup("logs", "abc1", "abc2", "--cursor", "0").Status);
        Outcome ambiguous = RunSup("logs", "abc");
        Assert.Equal(2, ambiguous.Status);
        Assert.Contains("abc1", ambiguous.ErrorText, StringComparison.Ordinal);
        Assert.Contains("abc2", ambiguous.ErrorText, StringComparison.Ordinal);
        foreach (string hostile in new[] { "nosuch", ".", "..", "../sessions/abc1", "/etc", "a\nb", "abc1/", "abc1/../abc2", "\u001b[2J", "*", "" })
        {
            Outcome outcome = RunSup("logs", hostile);
            Assert.True(outcome.Status == 3, $"{hostile}: {outcome}");
            Assert.DoesNotContain('\u001b', outcome.ErrorText);
            Assert.Equal("session_not_found", JsonNode.Parse(RunSup("logs", hostile, "--json").ErrorText)!["error"]!["code"]!.GetValue<string>());
        }
    }

    private void Refused(params string[] options)
    {
        string session = Path.GetFileName(Sessions[0]);
        Outcome outcome = RunSup(["logs", session, .. options]);
        Assert.True(outcome.Status == 2 && outcome.Text.Length == 0, string.Join(' ', options) + ": " + outcome);
        Assert.StartsWith("sup: ", outcome.ErrorText, StringComparison.Ordinal);
        Assert.Single(outcome.ErrorText.TrimEnd('\n').Split('\n'));
    }

    private List<JsonObject> Records(params string[] arguments)
    {
        Outcome outcome = RunSup(["logs", .. arguments, "--json"]);
        Assert.True(outcome.Status == 0, outcome.ToString());
        return [.. outcome.Lines.Select(l => JsonNode.Parse(l)!.AsObject())];
    }

    private static string Word(JsonObject record, string name) => record[name]!.GetValue<string>();
}
