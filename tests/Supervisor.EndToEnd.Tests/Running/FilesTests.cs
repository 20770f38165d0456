using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Running;

/// <summary>What a run leaves in its session's folder.</summary>
public sealed class FilesTests : Workspace
{
    private static readonly string[] MetaFields =
    [
        "schema_version", "id", "name", "command", "working_directory", "script_path", "script_hash", "started_at", "retention_seconds",
        "silence_after_seconds", "transport_mode", "tty_attached", "terminal", "streaming", "restart", "success_codes", "allow_input",
        "max_output_bytes", "attempt", "pid", "pid_start_time", "boot_id", "owner_pid", "owner_start_time", "socket", "labels", "host",
    ];

    private static readonly string[] FinalFields =
    [
        "schema_version", "id", "attempt", "state", "end_reason", "ended_at", "exit_code", "signal", "duration_seconds", "output_bytes",
        "error", "survivors",
    ];

    private static readonly string[] AttemptFields =
    [
        "attempt", "claimed_at", "pid", "pid_start_time", "boot_id", "started_at", "start_cursor", "ended_at", "exit_code", "signal",
        "end_cursor", "error",
    ];

    [Fact]
    public void Meta_final_and_attempt_say_what_happened()
    {
        DateTime before = DateTime.UtcNow;
        Outcome outcome = RunSup(
            "run", "--session-id", "one", "--name", "web", "--label", "team=blue", "--retention", "2h", "--max-output", "10M",
            "sh", "-c", "echo $$; echo err >&2; exit 3");
        int length = outcome.Out.Length + outcome.Error.Length;
        JsonObject meta = FileOf("meta.json");
        AssertFields(MetaFields, meta);
        Assert.Equal("v1alpha1", (string?)meta["schema_version"]);
        Assert.Equal("one", (string?)meta["id"]);
        Assert.Equal("web", (string?)meta["name"]);
        Assert.Equal(["sh", "-c", "echo $$; echo err >&2; exit 3"], meta["command"]!.AsArray().Select(w => (string)w!));
        Assert.Equal(Work, (string?)meta["working_directory"]);
        Assert.Equal(7200, (long?)meta["retention_seconds"]);
        Assert.Equal(10 * 1024 * 1024, (long?)meta["max_output_bytes"]);
        Assert.Equal("pipe", (string?)meta["transport_mode"]);
        Assert.False((bool)meta["tty_attached"]!);
        Assert.Equal("external", (string?)meta["terminal"]);
        Assert.False((bool)meta["streaming"]!);
        Assert.Equal("no", (string?)meta["restart"]);
        Assert.Equal(1, (int?)meta["attempt"]);
        Assert.Equal(outcome.Lines[0], meta["pid"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture));
        Assert.Equal("blue", (string?)meta["labels"]!["team"]);
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), (string?)meta["boot_id"]);
        Assert.Equal(Environment.MachineName, (string?)meta["host"]);
        AssertTime(meta["started_at"], before);

        JsonObject final = FileOf("final.json");
        AssertFields(FinalFields, final);
        Assert.Equal("one", (string?)final["id"]);
        Assert.Equal(3, (int?)final["exit_code"]);
        Assert.Equal(length, (long?)final["output_bytes"]);
        Assert.True((double)final["duration_seconds"]! > 0);
        Assert.Empty(final["survivors"]!.AsArray());
        AssertTime(final["ended_at"], before);

        JsonObject attempt = FileOf("attempts/1.json");
        AssertFields(AttemptFields, attempt);
        Assert.Equal(1, (int?)attempt["attempt"]);
        Assert.Equal((int?)meta["pid"], (int?)attempt["pid"]);
        Assert.Equal("0", (string?)attempt["start_cursor"]);
        Assert.Equal(length.ToString(CultureInfo.InvariantCulture), (string?)attempt["end_cursor"]);
        Assert.Equal(3, (int?)attempt["exit_code"]);
    }

    [Fact]
    public void Events_and_index_tell_what_happened_at_which_offset()
    {
        RunSup("run", "sh", "-c", "echo out; sleep 0.15; echo error >&2; exit 2");
        IReadOnlyList<JsonObject> events = LinesOf("events.jsonl");
        Assert.Equal(["started", "exited"], events.Select(e => (string)e["type"]!));
        Assert.Equal(0, (long)events[0]["offset"]!);
        Assert.Equal(10, (long)events[1]["offset"]!);
        Assert.Equal(2, (int)events[1]["exit_code"]!);
        Assert.Null(events[1]["signal"]);

        // How the bytes fall into windows is a matter of timing; what they add up to is not.
        IReadOnlyList<JsonObject> index = LinesOf("index.jsonl");
        Assert.Equal(0, (long)index[0]["offset"]!);
        Assert.Equal(10, index.Sum(r => (long)r["length"]!));
        Dictionary<string, long> channels = index.SelectMany(Runs).GroupBy(r => r.Channel, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(r => r.Length), StringComparer.Ordinal);
        Assert.Equal(4, channels["stdout"]);
        Assert.Equal(6, channels["stderr"]);
        List<DateTime> times = [.. index.Select(r => Time(r["timestamp"]))];
        Assert.Equal(times.Order(), times);
        Assert.Equal("out\nerror\n", Encoding.UTF8.GetString(Transcript));
    }

    [Fact]
    public void In_a_pty_there_is_one_channel()
    {
        Bash("sup run --pty always sh -c 'echo out; echo error >&2' </dev/null");
        Assert.All(LinesOf("index.jsonl"), r => Assert.Equal("pty", (string?)r["channel"]));
        Assert.Equal("posix-pty", (string?)FileOf("meta.json")["transport_mode"]);
        Assert.True((bool)FileOf("meta.json")["tty_attached"]!);
    }

    [Fact]
    public void Everything_is_for_the_user_alone()
    {
        Bash("umask 000; sup run --name web true");
        Assert.Equal("700\n", Bash("find \"$SUP_STATE_DIR\" -type d -printf '%m\\n' | sort -u").Text);
        Assert.Equal("600\n", Bash("find \"$SUP_STATE_DIR\" ! -type d -printf '%m\\n' | sort -u").Text);
    }

    [Fact]
    public void The_state_root_follows_the_environment()
    {
        Bash("unset SUP_STATE_DIR; XDG_STATE_HOME=$PWD/xdg sup run true; sup run true; SUP_STATE_DIR=$PWD/own XDG_STATE_HOME=$PWD/xdg2 sup run true");
        Assert.Single(Directory.GetDirectories(Path.Combine(Work, "xdg/sup/sessions")));
        Assert.Single(Directory.GetDirectories(Path.Combine(Home, ".local/state/sup/sessions")));
        Assert.Single(Directory.GetDirectories(Path.Combine(Work, "own/sessions")));
        Assert.False(Directory.Exists(Path.Combine(Work, "xdg2")));
    }

    [Theory]
    [InlineData("./script.sh a b")]
    [InlineData("sh script.sh")]
    [InlineData("bash -x ./script.sh a")]
    [InlineData("env A=1 sh script.sh")]
    [InlineData("nice -n 1 sh ./script.sh")]
    public void The_hash_covers_the_scripts_bytes(string command)
    {
        string script = Write("script.sh", "#!/bin/sh\necho hi\n", executable: true);
        Bash("sup run " + command);
        string expected = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(script)));
        Assert.Equal(expected, (string?)FileOf("meta.json")["script_hash"]);
        Assert.Equal(script, (string?)FileOf("meta.json")["script_path"]);
        Assert.Contains(expected["sha256:".Length..][..8], RunSup("show", Path.GetFileName(Session)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_script_the_hash_covers_the_command_line()
    {
        RunSup("run", "--session-id", "a", "echo", "one");
        RunSup("run", "--session-id", "b", "echo", "one");
        RunSup("run", "--session-id", "c", "echo", "two");
        string Hash(string id) => (string)Json("show", id)["session"]!["script_hash"]!;
        Assert.Matches("^sha256:[0-9a-f]{64}$", Hash("a"));
        Assert.Equal(Hash("a"), Hash("b"));
        Assert.NotEqual(Hash("a"), Hash("c"));
        Assert.Null(Json("show", "a")["session"]!["script_path"]);
    }

    private static IEnumerable<(string Channel, long Length)> Runs(JsonObject record) => record["runs"] is JsonArray runs
        ? runs.Select(r => ((string)r![0]!, (long)r[1]!))
        : [((string)record["channel"]!, (long)record["length"]!)];

    private static void AssertFields(string[] expected, JsonObject json) =>
        Assert.Empty(expected.Except(json.Select(p => p.Key), StringComparer.Ordinal));

    private static void AssertTime(JsonNode? time, DateTime before)
    {
        Assert.EndsWith("Z", (string?)time, StringComparison.Ordinal);
        Assert.InRange(Time(time), before.AddSeconds(-1), DateTime.UtcNow.AddSeconds(1));
    }

    private static DateTime Time(JsonNode? time) => DateTime.Parse(
        (string)time!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
}
