using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Looking;

/// <summary><c>sup doctor</c></summary>
public sealed class DoctorTests : Workspace
{
    private (int Status, JsonObject Json) Doctor()
    {
        Outcome outcome = RunSup("doctor", "--json");
        Assert.Empty(outcome.Error);
        return (outcome.Status, JsonNode.Parse(outcome.Text)!.AsObject());
    }

    private static JsonObject Check(JsonObject answer, string name) =>
        answer["checks"]!.AsArray().Single(c => string.Equals((string?)c!["name"], name, StringComparison.Ordinal))!.AsObject();

    private static string Status(JsonObject answer, string name) => (string)Check(answer, name)["status"]!;

    [Fact]
    public void Where_all_is_well_it_says_so_and_changes_nothing()
    {
        (int status, JsonObject answer) = Doctor();
        Assert.Equal(0, status);
        Assert.Equal("v1alpha1", (string?)answer["schema_version"]);
        Assert.Equal(0, (int?)answer["problems"]);
        foreach (string name in new[] { "program", "launcher", "path", "state", "writable", "holes", "sockets", "descriptors", "terminal", "kernel", "pty", "logout" })
        {
            Assert.True(string.Equals("ok", Status(answer, name), StringComparison.Ordinal), answer.ToJsonString());
        }

        Assert.Equal("(none)", StateListing());
        RunSup("run", "--session-id", "one", "true");
        string before = StateListing();
        (status, answer) = Doctor();
        Assert.Equal(0, status);
        foreach (string name in new[] { "state", "sessions", "lost", "damaged", "trash" })
        {
            Assert.Equal("ok", Status(answer, name));
        }

        Outcome text = RunSup("doctor");
        Assert.Equal(0, text.Status);
        Assert.Matches("(?m)^ok +state +/", text.Text);
        Assert.DoesNotContain("\u001b", text.Text, StringComparison.Ordinal);
        Assert.Equal(before, StateListing());
    }

    [Theory]
    [InlineData("chmod 770 \"$SUP_STATE_DIR\"", "problem", "chmod 700")]
    [InlineData("chmod 755 \"$SUP_STATE_DIR\"", "warning", "chmod 700")]
    [InlineData("chmod 702 \"$SUP_STATE_DIR/sessions\"", "problem", "chmod 700")]
    [InlineData("mv \"$SUP_STATE_DIR/sessions\" there; ln -s \"$PWD/there\" \"$SUP_STATE_DIR/sessions\"", "problem", "move it away")]
    [InlineData("rm -r \"$SUP_STATE_DIR\"; echo >\"$SUP_STATE_DIR\"", "problem", "move it away")]
    [InlineData("rm -r \"$SUP_STATE_DIR\"; ln -s /nonexistent \"$SUP_STATE_DIR\"", "problem", "move it away")]
    public void A_state_folder_that_is_not_safe_is_told_and_left_as_it_is(string damage, string status, string hint)
    {
        RunSup("run", "true");
        Bash(damage);
        string before = Bash("stat -c '%A %N' \"$SUP_STATE_DIR\" \"$SUP_STATE_DIR\"/*").Text;
        (int exit, JsonObject answer) = Doctor();
        Assert.Equal(status is "problem" ? 1 : 0, exit);
        Assert.Equal(status, Status(answer, "state"));
        Assert.Contains(hint, (string)Check(answer, "state")["hint"]!, StringComparison.Ordinal);
        Assert.Equal(before, Bash("stat -c '%A %N' \"$SUP_STATE_DIR\" \"$SUP_STATE_DIR\"/*").Text);
        Outcome text = RunSup("doctor");
        Assert.Equal(exit, text.Status);
        Assert.Matches($"(?m)^{status} +state +.*; .*{hint}", text.Text);
    }

    [Fact]
    public void Where_no_file_can_be_made_it_says_so()
    {
        Outcome outcome = Bash("SUP_STATE_DIR=/proc/nope sup doctor");
        Assert.Equal(1, outcome.Status);
        Assert.Matches("(?m)^problem +writable +/proc is of type proc, which holds no files; choose another folder", outcome.Text);
        Assert.DoesNotContain("made by the first run", outcome.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_home_there_is_nowhere_to_store()
    {
        Outcome outcome = Bash("env -u HOME -u SUP_STATE_DIR -u XDG_STATE_HOME sup doctor");
        Assert.Equal(1, outcome.Status);
        Assert.Contains("set SUP_STATE_DIR", outcome.Text, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void Sessions_that_need_a_look_are_named()
    {
        using Child run = StartBash("exec sup run --session-id gone sh -c 'echo $$ >pid; exec sleep 300'");
        string pidFile = Path.Combine(Work, "pid");
        Eventually.True("it runs", () => (File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n')) && (int?)Json("show", "gone")["session"]!["pid"] is not null);
        new LiveProcess(run.Pid, "sup").Kill();
        run.Wait();
        new LiveProcess(int.Parse(File.ReadAllText(pidFile), System.Globalization.CultureInfo.InvariantCulture), "").Kill();
        RunSup("run", "--session-id", "torn", "true");
        File.WriteAllText(Path.Combine(State, "sessions", "torn", "meta.json"), "{");
        File.Delete(Path.Combine(State, "sessions", "torn", "final.json"));

        // A young one might only be in the making.
        Directory.SetLastWriteTimeUtc(Path.Combine(State, "sessions", "torn"), DateTime.UtcNow.AddHours(-1));
        File.WriteAllText(Path.Combine(State, "sessions", "evil\u001b[31m"), "");
        (int status, JsonObject answer) = Doctor();
        Assert.Equal(0, status);
        Assert.Equal(("warning", "warning"), (Status(answer, "lost"), Status(answer, "damaged")));
        Assert.Contains("gone", (string)Check(answer, "lost")["message"]!, StringComparison.Ordinal);
        Assert.Contains("torn", (string)Check(answer, "damaged")["message"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", RunSup("doctor").Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("size=64k", "space")]
    [InlineData("ro", "writable")]
    public void A_disk_that_cannot_be_used_is_a_problem(string options, string name)
    {
        Needs.Root();
        Outcome outcome = Bash($"""
            mkdir disk
            SUP_STATE_DIR=$PWD/disk unshare -m sh -c 'mount -t tmpfs -o mode=700,{options} none disk && exec sup doctor --json'
            """);
        Assert.Equal(1, outcome.Status);
        Assert.Equal("problem", Status(JsonNode.Parse(outcome.Text)!.AsObject(), name));
    }

    [Fact]
    public void On_a_terminal_it_looks_at_the_terminal()
    {
        using RealTerminal terminal = new(this, columns: 150);
        Screen screen = terminal.Command("TERM=dumb sup doctor | cat; TERM=dumb sup doctor; echo status $?");
        Assert.True(screen.HasLine("status 0"));
        Assert.Contains("TERM=dumb, 150x30; set TERM", screen.Text, StringComparison.Ordinal);
        Assert.Contains("\u001b[32mok", terminal.Command("clear; sup doctor").Cells, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[3", terminal.Command("clear; NO_COLOR=1 sup doctor").Cells, StringComparison.Ordinal);
    }
}
