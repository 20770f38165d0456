using System.Globalization;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup stats</c></summary>
public sealed class StatsTests : Workspace
{
    /// <summary>In scripts: starts a process that writes its pid to a file and stays.</summary>
    private const string Stay = """
        # In a shell of its own: it is replaced.
        stay() { exec "$@" /bin/sh -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 300' sh "$name"; }

        """;

    private JsonObject Stats(string id) => Assert.Single(Json("stats", id)["sessions"]!.AsArray())!.AsObject();

    private static int[] Pids(JsonObject stats) => [.. stats["pids"]!.AsArray().Select(p => (int)p!)];

    private int PidIn(string file) => int.Parse(
        Eventually.Get(file, () => File.Exists(Path.Combine(Work, file)) && File.ReadAllText(Path.Combine(Work, file)) is [.., '\n'] text ? text.Trim() : null),
        CultureInfo.InvariantCulture);

    private static void Kill(IEnumerable<int> pids)
    {
        foreach (int pid in pids)
        {
            new LiveProcess(pid, "").Kill();
        }
    }

    [Theory]
    [InlineData("never")]
    [InlineData("always")]
    public void A_session_is_its_commands_whole_tree(string pty)
    {
        Write("job.sh", Stay + """
            trap '' HUP
            echo $$ >command
            name=child; stay &
            name=bare; stay env -i &
            name=orphan; (stay setsid &)
            if [ "$1" = always ]; then name=lastresort; (stay env -i &); fi
            wait
            """);
        using Child run = StartBash($"exec sup run --pty {pty} --session-id one sh job.sh {pty}");
        List<int> expected = [PidIn("command"), PidIn("child"), PidIn("bare"), PidIn("orphan")];
        if (string.Equals(pty, "always", StringComparison.Ordinal))
        {
            expected.Add(PidIn("lastresort"));
        }

        Assert.Equal(expected.Order(), Pids(Stats("one")).Order());

        // The command goes, the others stay: with its owner killed they are what survived.
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        JsonNode session = Json("show", "one")["session"]!;
        Assert.Equal(expected.Order(), session["survivors"]!.AsArray().Select(s => (int)s!["pid"]!).Order());
        Kill(expected);
    }

    [Fact]
    public void A_command_may_not_watch_its_own_session_but_measure_it()
    {
        Outcome outcome = RunSup("run", "--", "sh", "-c", "sup stats $SUP_SESSION_ID --watch; echo $?; sup stats $SUP_SESSION_ID >/dev/null; echo $?");
        Assert.Equal(["125", "0"], outcome.Lines);
        Assert.Contains("this command runs in it", outcome.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void A_nested_session_has_its_own_processes()
    {
        Write("inner.sh", Stay + "echo $$ >$1.command; name=$1; stay & wait\n");
        Write("outer.sh", """
            echo $$ >outer.command
            sup run --session-id inner sh inner.sh inner &
            SUP_STATE_DIR=$SUP_STATE_DIR/../elsewhere sup run --pty always --session-id other sh inner.sh other &
            # Of the same name, from another state folder.
            (SUP_STATE_DIR=/elsewhere SUP_SESSION_ID=inner setsid sh inner.sh foreign &)
            wait
            """);
        using Child run = StartBash("exec sup run --session-id outer sh outer.sh");
        int[] inner = [PidIn("inner.command"), PidIn("inner")];
        int[] other = [PidIn("other.command"), PidIn("other")];
        int[] foreign = [PidIn("foreign.command"), PidIn("foreign")];
        Eventually.True("both are known", () => Json("ls")["sessions"]!.AsArray().Count == 2);
        JsonArray all = Json("stats")["sessions"]!.AsArray();
        Assert.Equal(["outer", "inner"], all.Select(s => (string)s!["id"]!));
        Assert.Equal([PidIn("outer.command")], Pids(all[0]!.AsObject()));
        Assert.Equal(inner.Order(), Pids(all[1]!.AsObject()).Order());
        Assert.Equal([PidIn("outer.command")], Pids(Stats("outer")));
        Assert.Equal(inner.Order(), Pids(Stats("inner")).Order());
        Kill([.. inner, .. other, .. foreign]);
        run.Wait();
    }

    [Fact]
    public void A_tmux_server_started_inside_is_not_part_of_it()
    {
        Needs.Programs("tmux");
        Write("job.sh", Stay + """
            echo $$ >command
            cat >pane.sh <<'END'
            echo $$ >pane; exec sleep 300
            END
            env -u TMUX tmux -S ./socket -f /dev/null new-session -d 'sh pane.sh'
            name=child; stay & wait
            """);
        using Child run = StartBash("exec sup run --session-id one sh job.sh");
        int pane = PidIn("pane");
        int[] expected = [PidIn("command"), PidIn("child")];
        Assert.Equal(expected.Order(), Pids(Stats("one")).Order());
        Kill([pane, .. expected]);
        run.Wait();
    }

    [Fact]
    public void Busy_and_idle_are_told_apart_and_output_is_counted()
    {
        using Child busy = StartBash("exec sup run --session-id busy sh -c 'echo $$ >busy; while :; do echo 123456789; seq 1 1000 >/dev/null; done' >/dev/null");
        using Child idle = StartBash("exec sup run --session-id idle sh -c 'echo $$ >idle; exec sleep 300'");
        int[] pids = [PidIn("busy"), PidIn("idle")];
        Eventually.True("it has printed", () => Stats("busy")["bytes_per_second"]!.GetValue<double>() > 0);
        JsonObject json = Json("stats");
        Assert.Equal("v1alpha1", (string?)json["schema_version"]);
        Assert.True(json["interval_seconds"]!.GetValue<double>() >= 0.45);
        JsonObject one = json["sessions"]!.AsArray().Single(s => string.Equals((string?)s!["id"], "busy", StringComparison.Ordinal))!.AsObject();
        JsonObject other = json["sessions"]!.AsArray().Single(s => string.Equals((string?)s!["id"], "idle", StringComparison.Ordinal))!.AsObject();
        double lines = one["lines_per_second"]!.GetValue<double>();
        Assert.True(lines > 0, json.ToJsonString());
        Assert.InRange(one["bytes_per_second"]!.GetValue<double>(), 9.5 * lines, 10.5 * lines);
        Assert.True(one["cpu_percent"]!.GetValue<double>() > 3, json.ToJsonString());
        Assert.True(other["cpu_percent"]!.GetValue<double>() < 3, json.ToJsonString());
        Assert.Equal(0, other["bytes_per_second"]!.GetValue<double>());
        Assert.Equal("running", (string?)other["state"]);
        long own = other["private_bytes"]!.GetValue<long>();
        Assert.InRange(own, 4096, other["resident_bytes"]!.GetValue<long>());
        string text = RunSup("stats").Text;
        Assert.Matches(@"\bidle +- +running +[0-2]\.\d% ", text);
        Assert.Equal(3, text.TrimEnd('\n').Split('\n').Length);
        Kill(pids);
        busy.Wait();
        idle.Wait();
    }

    [Fact]
    public void With_nothing_live_there_is_nothing_and_nothing_is_made()
    {
        Assert.Contains("no live sessions", RunSup("stats").Text, StringComparison.Ordinal);
        Assert.Empty(Json("stats")["sessions"]!.AsArray());
        Assert.Equal("(none)", StateListing());
    }

    [Fact]
    public void One_that_ended_is_refused_and_one_that_is_not_there_is_3()
    {
        RunSup("run", "--session-id", "one", "true");
        string before = StateListing();
        Outcome ended = RunSup("stats", "one", "--json");
        Assert.Equal(125, ended.Status);
        Assert.Empty(ended.Out);
        Assert.Equal("session_ended", (string?)JsonNode.Parse(ended.ErrorText)!["error"]!["code"]);
        foreach (string id in new[] { "nosuch", "", "../one" })
        {
            Assert.Equal(3, RunSup("stats", id).Status);
        }

        Assert.Equal(2, RunSup("stats", "--interval").Status);
        Assert.Equal(before, StateListing());
    }

    [Fact]
    public void Watching_a_session_ends_with_it()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => Json("ls")["sessions"]!.AsArray().Count == 1);
        using Child json = StartBash("exec sup stats --watch --json one >json");
        using Child text = StartBash("exec sup stats one -w >text");
        string file = Path.Combine(Work, "json");
        Eventually.True("two looks were taken", () => File.Exists(file) && File.ReadAllLines(file).Length >= 2);
        Write("stop", "");
        Assert.Equal(0, json.Wait().Status);
        Assert.Equal(0, text.Wait().Status);
        Assert.Equal(0, run.Wait().Status);
        Assert.All(File.ReadAllLines(file), line => Assert.Equal("one", (string?)JsonNode.Parse(line)!["sessions"]![0]!["id"]));
        string tables = File.ReadAllText(Path.Combine(Work, "text"));
        Assert.Contains("RESIDENT", tables, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", tables, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_terminal_the_table_is_drawn_in_place_until_Ctrl_C()
    {
        using Child run = StartBash("exec sup run --session-id one sh -c 'echo $$ >pid; exec sleep 300'");
        int pid = PidIn("pid");
        Eventually.True("it runs", () => Json("ls")["sessions"]!.AsArray().Count == 1);
        using RealTerminal terminal = new(this, columns: 120);
        terminal.Enter("sup stats --watch");
        terminal.WaitFor("RESIDENT");

        // A second session appears in the same table.
        using Child second = StartBash("exec sup run --session-id two sh -c 'echo $$ >pid2; exec sleep 300'");
        int pid2 = PidIn("pid2");
        Screen screen = terminal.WaitFor("two ");
        Assert.Single(screen.Lines, line => line.StartsWith("ID ", StringComparison.Ordinal));
        Kill([pid2]);
        second.Wait();
        terminal.WaitUntil("it is gone", s => !s.Has("two "));
        terminal.Press("C-c");
        terminal.WaitForPrompt(2);
        Assert.True(terminal.Command("echo status $?").HasLine("status 130"));
        Assert.Contains("shown 1", terminal.Look().Modes, StringComparison.Ordinal);
        Kill([pid]);
        run.Wait();
    }
}
