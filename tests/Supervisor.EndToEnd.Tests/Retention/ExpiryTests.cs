using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Retention;

/// <summary>What becomes of sessions whose time is over, and what can still be asked of them.</summary>
public sealed class ExpiryTests : Workspace
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(2);

    [Fact]
    public void A_later_run_removes_what_has_expired_and_its_line_stays()
    {
        RunSup("run", "--session-id", "old", "--name", "web", "--retention", "1h", "sh", "-c", "echo hello; exit 3");
        RunSup("run", "--session-id", "kept", "--retention", "9h", "true");
        Age("old", Long);
        Age("kept", Long);
        Sweep();
        Assert.Equal(["kept"], Ids());
        JsonNode run = Json("history", "--name", "web")["sessions"]!.AsArray().Single()!;
        Assert.Equal(("old", "expired", "exited", 3), ((string?)run["id"], (string?)run["state"], (string?)run["result"], (int?)run["exit_code"]));
        Assert.StartsWith("sha256:", (string?)run["script_hash"], StringComparison.Ordinal);
        Assert.Equal(6, (long?)run["output_bytes"]);
        Assert.Null(run["path"]);
        Assert.Contains("exited 3, expired", RunSup("history").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_session_is_shown_and_its_output_is_said_to_be_gone()
    {
        RunSup("run", "--session-id", "oldone", "--name", "web", "--retention", "1h", "sh", "-c", "echo hello; kill -TERM $$");
        Age("oldone", Long);
        Sweep();
        foreach (string id in new[] { "oldone", "web", "oldo" })
        {
            Outcome show = RunSup("show", id);
            Assert.Equal(0, show.Status);
            Assert.Contains("expired", show.Text, StringComparison.Ordinal);
            Assert.Contains("SIGTERM", show.Text, StringComparison.Ordinal);
            Assert.Equal("expired", (string?)Json("show", id)["session"]!["state"]);
            foreach (string command in new[] { "logs", "logs -f", "logs -n 5" })
            {
                Outcome logs = Bash($"sup {command} {id}");
                Assert.Equal(125, logs.Status);
                Assert.Empty(logs.Out);
                Assert.Contains("its output is gone", logs.ErrorText, StringComparison.Ordinal);
                Assert.Single(logs.ErrorText.TrimEnd('\n').Split('\n'));
            }
        }

        Assert.Equal(3, RunSup("show", "nosuch").Status);
    }

    [Fact]
    public void A_live_session_is_never_swept_however_old()
    {
        using Child child = StartBash("sup run --session-id live --retention 1s sh -c 'touch up; until [ -e stop ]; do sleep .02; done'");
        Eventually.True("it runs", () => File.Exists(Path.Combine(Work, "up")));
        string meta = Path.Combine(State, "sessions", "live", "meta.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(meta))!.AsObject();
        json["started_at"] = "2020-01-01T00:00:00Z";
        File.WriteAllText(meta, json.ToJsonString());
        Sweep();
        Assert.Contains("live", Ids());
        Write("stop", "");
        child.Wait();
    }

    [Fact]
    public void A_run_sweeps_without_a_word_and_leaves_the_trash_as_it_is()
    {
        for (int i = 0; i < 5; i++)
        {
            RunSup("run", "--session-id", $"old{i}", "--retention", "1h", "true");
            Age($"old{i}", Long);
        }

        Outcome run = new(0, [], []);
        Eventually.True("all are swept", () =>
        {
            run = RunSup("run", "echo", "hello");
            return Directory.GetDirectories(Path.Combine(State, "sessions"), "old*").Length == 0;
        });
        Assert.Equal("hello\n", run.Text);
        Assert.Empty(run.ErrorText);
        Assert.Equal(5, Directory.GetDirectories(Path.Combine(State, "trash")).Length);

        // On a busy machine a run may end before its sweep has written the last line: whoever empties the trash does.
        Assert.Equal(5, Told().Count(id => id.StartsWith("old", StringComparison.Ordinal)));
        Assert.Equal(0, RunSup("clean", "--name", "nosuch").Status);
        Assert.Equal(5, File.ReadAllLines(Path.Combine(State, "history.jsonl")).Length);
    }

    [Fact]
    public void A_state_folder_that_takes_no_sweep_does_not_concern_the_command()
    {
        RunSup("run", "--session-id", "old", "--retention", "1h", "true");
        Age("old", Long);
        Directory.CreateSymbolicLink(Path.Combine(State, "trash"), Work);
        Outcome run = RunSup("run", "echo", "hello");
        Assert.Equal((0, "hello\n", ""), (run.Status, run.Text, run.ErrorText));
        Assert.Contains("old", Ids());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Work));
    }

    [Fact]
    public void Killed_at_any_moment_a_clean_loses_and_doubles_nothing()
    {
        RunSup("run", "--session-id", "model", "sh", "-c", "exit 3");
        string model = Path.Combine(Work, "model");
        Directory.Move(Session, model);
        Random random = new(7);
        List<string> all = [];
        for (int round = 0; round < 15; round++)
        {
            for (int i = 0; i < 20; i++)
            {
                all.Add(Copy(model, $"r{round}i{i}"));
            }

            using Child clean = Child.Start(new Launch(Path.Combine(Bin, "sup"), ["clean", "--yes"]) { Environment = Variables, Folder = Work });

            // At any moment of it: there is nothing to wait for.
            Thread.Sleep(random.Next(30, 200));
            new LiveProcess(clean.Pid, "").Kill();
            clean.Wait();
            Assert.Equal(all.Order(StringComparer.Ordinal), Told());
        }

        Assert.Equal(0, RunSup("clean", "--yes").Status);
        Assert.Empty(Sessions);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(State, "trash")));
        Assert.Equal(all.Order(StringComparer.Ordinal), Told());
        Assert.Equal(all.Count, File.ReadAllLines(Path.Combine(State, "history.jsonl")).Length);
    }

    private IEnumerable<string> Told() =>
        Json("history")["sessions"]!.AsArray().Select(s => (string)s!["id"]!).Order(StringComparer.Ordinal);

    /// <summary>Those with an id of ours; the runs that sweep have generated ones.</summary>
    private IEnumerable<string> Ids() => Sessions.Select(p => Path.GetFileName(p)).Where(id => id.Length < 8).Order(StringComparer.Ordinal);

    /// <summary>A session with the files of another.</summary>
    private string Copy(string source, string to)
    {
        string target = Path.Combine(State, "sessions", to);
        Directory.CreateDirectory(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string file in Directory.EnumerateFiles(source).Where(f => !f.EndsWith(".sock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        Rename(Path.Combine(target, "meta.json"), to);
        Rename(Path.Combine(target, "final.json"), to);
        return to;
    }

    private static void Rename(string path, string id)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json["id"] = id;
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>Makes a session end earlier than it did.</summary>
    private void Age(string id, TimeSpan by)
    {
        string path = Path.Combine(State, "sessions", id, "final.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json["ended_at"] = DateTime.UtcNow - by;
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>Runs until nothing more happens: each run looks at a few sessions.</summary>
    private void Sweep()
    {
        // Each looks for 5 ms at most, and goes on where the last one stopped: on a busy machine that may be a few folders.
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(0, RunSup("run", "--retention", "9h", "true").Status);
        }
    }
}
