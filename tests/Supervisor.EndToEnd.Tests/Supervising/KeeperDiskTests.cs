using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>A disk that is full, slow or read-only, under a keeper.</summary>
public sealed class KeeperDiskTests : SupervisedWorkspace
{
    private OwnDisk? _disk;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _disk?.Dispose();
    }

    [Fact]
    public void A_disk_that_fills_up_costs_output_alone_and_the_gap_is_recorded_when_there_is_room_again()
    {
        OnOwnDisk("mount -t tmpfs -o mode=700,size=5m none \"$0\"; head -c 2000000 /dev/zero >\"$0/filler\"");
        Bash("mkfifo go");
        string id = Start("--name", "web", "--pty", "never", "--", "sh", "-c", "seq 1 600000; touch printed; read line <go; echo the end; exit 3");
        Eventually.True("the command was not held", () => File.Exists(Path.Combine(Work, "printed")));
        Eventually.True("it is said", () => RunSup("show", "web", "--json").Text.Contains("\"lost_bytes\":", StringComparison.Ordinal), () => RunSup("show", "web", "--json").Text);
        Assert.Contains("output lost", RunSup("ls").Text, StringComparison.Ordinal);
        File.Delete(_disk!.Seen(Path.Combine(State, "filler")));
        string folder = _disk.Seen(Path.Combine(State, "sessions", id));
        Eventually.True("the gap is recorded", () => File.ReadAllText(Path.Combine(folder, "events.jsonl")).Contains("\"gap\"", StringComparison.Ordinal));
        Bash("echo >go");
        WaitForState("web", "exited");
        Assert.Equal(3, (int?)Show("web")["exit_code"]);
        JsonNode gap = File.ReadAllLines(Path.Combine(folder, "events.jsonl")).Select(l => JsonNode.Parse(l)!).Single(e => (string?)e["type"] is "gap");
        byte[] stored = File.ReadAllBytes(Path.Combine(folder, "output.bin"));
        Assert.EndsWith("the end\n", System.Text.Encoding.UTF8.GetString(stored), StringComparison.Ordinal);
        Assert.Equal(Bash("seq 1 600000; echo the end").Out.Length, stored.Length + (long)gap["bytes"]!);
    }

    [Fact]
    public void A_slow_disk_paces_the_command_for_as_long_as_it_takes_and_no_byte_is_lost()
    {
        Bash("mkfifo go");
        string id = Start("--name", "web", "--pty", "never", "--", "sh", "-c", "read line <go; seq 1 3000000; touch printed; exit 3");
        string folder = Path.Combine(State, "sessions", id);
        using (new FaultyCalls((int)Show("web")["owner_pid"]!, "write,pwrite64,writev,pwritev", "delay_enter=6000000:when=1", Path.Combine(folder, "output.bin")))
        {
            Bash("echo >go");
            Assert.False(File.Exists(Path.Combine(Work, "printed")));
            WaitForState("web", "exited");
        }

        Assert.Equal(3, (int?)Show("web")["exit_code"]);
        Assert.DoesNotContain("\"gap\"", File.ReadAllText(Path.Combine(folder, "events.jsonl")), StringComparison.Ordinal);
        Assert.Equal(Bash("seq 1 3000000 | sha256sum").Text, Bash($"sha256sum <{folder}/output.bin").Text);
    }

    [Theory]
    [InlineData("mount -t tmpfs -o mode=700,size=64k none \"$0\"; dd if=/dev/zero of=\"$0/filler\" bs=4k 2>/dev/null || true", "No space left")]
    [InlineData("mount -t tmpfs -o mode=700,size=1m none \"$0\"; mount -o remount,ro \"$0\"", "ead-only")]
    public void On_a_disk_that_takes_nothing_a_start_is_refused_and_nothing_runs(string mounts, string reason)
    {
        OnOwnDisk(mounts);
        Outcome refused = RunSup("start", "--", "touch", "ran");
        Assert.Equal(125, refused.Status);
        Assert.StartsWith("sup: ", refused.ErrorText, StringComparison.Ordinal);
        Assert.Single(refused.ErrorText.TrimEnd('\n').Split('\n'));
        Assert.True(refused.ErrorText.Contains(reason, StringComparison.Ordinal) || refused.ErrorText.Contains("disk is full", StringComparison.Ordinal), refused.ErrorText);
        Assert.False(File.Exists(Path.Combine(Work, "ran")));
    }

    private void OnOwnDisk(string mounts)
    {
        _disk = new OwnDisk(State, Work, mounts);
        Through = _disk.Through;
    }
}
