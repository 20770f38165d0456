using System.Text.Json.Nodes;
using Supervisor.EndToEnd.Tests.Harness;

namespace Supervisor.EndToEnd.Tests.Supervising;

/// <summary>What a client asks for twice under one id is done once and answered twice, also by two daemons; one that leaves undoes nothing.</summary>
public sealed class RepeatedRequestTests : SupervisedWorkspace
{
    [Fact]
    public void The_same_request_is_done_once_and_answered_alike_also_by_the_next_daemon()
    {
        string[] asked = [$"sessions?request_id=a --data-binary @{SpecOf("one")}", "sessions/one/restart?request_id=b", "sessions/one/stop?request_id=c"];
        for (int i = 0; i < asked.Length; i++)
        {
            string first = Post(asked[i]);
            Assert.DoesNotContain("error", first, StringComparison.Ordinal);
            Assert.Equal(first, Post(asked[i]));
            KillDaemon();
            Assert.Equal(0, RunSup("daemon", "start").Status);
            Assert.Equal(first, Post(asked[i]));
        }

        Assert.Equal("run 1\nrun 2\n", File.ReadAllText(Path.Combine(Work, "runs")));
        Assert.Equal("user-stop", (string?)Show("one")["end_reason"]);
    }

    [Fact]
    public void A_client_that_leaves_while_it_waits_undoes_nothing()
    {
        string spec = SpecOf("one");
        using (new FaultyCalls(DaemonPid!.Value, "fsync,fdatasync", "delay_enter=3000000:when=1", Path.Combine(State, "journal.db-wal")))
        {
            // 28: it has waited for as long as it was told to.
            Assert.Equal(28, Bash($"curl -s -m 1 --unix-socket '{State}/daemon.sock' -X POST --data-binary @{spec} 'http://sup/v1/sessions?request_id=a'").Status);
            Assert.False(File.Exists(Path.Combine(Work, "runs")));
            Eventually.True("the run", () => File.Exists(Path.Combine(Work, "runs")));
            WaitForState("one", "running");
        }

        Assert.Contains("\"attempt\":1", Post($"sessions?request_id=a --data-binary @{spec}"), StringComparison.Ordinal);
        Assert.Equal("run 1\n", File.ReadAllText(Path.Combine(Work, "runs")));
        Assert.Equal(0, RunSup("stop", "one").Status);
    }

    /// <summary>What a client sends to start this session: as another one's, which the CLI has started.</summary>
    private string SpecOf(string id)
    {
        Needs.Programs("curl");
        string model = Start("--", "true");
        WaitForState(model, "exited");
        JsonObject spec = JsonNode.Parse(File.ReadAllText(Path.Combine(State, "sessions", model, "spec.json")))!.AsObject();
        spec["id"] = id;
        spec["command"] = Convert.ToBase64String("sh\0-c\0echo run $SUP_ATTEMPT >>runs; exec sleep 300\0"u8);
        return Write("spec.json", spec.ToJsonString());
    }

    private string Post(string what)
    {
        string[] words = what.Split(' ', 2);
        Outcome outcome = Bash($"curl -sS --unix-socket '{State}/daemon.sock' -X POST {(words.Length > 1 ? words[1] : "")} 'http://sup/v1/{words[0]}'");
        Assert.True(outcome.Status == 0, outcome.ToString());
        return outcome.Text;
    }
}
