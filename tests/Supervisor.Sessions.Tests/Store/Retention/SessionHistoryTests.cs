using System.Text;
using System.Text.Json;
using Supervisor.Protocol.Errors;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store.Retention;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Retention;

/// <summary>The lines that swept sessions leave.</summary>
public sealed class SessionHistoryTests : RetentionFixture
{
    private SessionHistory Lines => new(State.Root, Clock);

    [Fact]
    public void A_line_tells_what_the_files_told()
    {
        AddEnded("a", TimeSpan.FromHours(2), TimeSpan.FromHours(1), exitCode: 3, change: m => m with
        {
            Name = "web",
            Command = ["sh", "-c", "echo \"\\ \u00e9 \ud83d\ude00\"; \u001b[31m\n\0"],
            WorkingDirectory = "/somewhere",
            ScriptPath = "/somewhere/x.sh",
            ScriptHash = "sha256:" + new string('a', 64),
            SuccessCodes = [0, 130],
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["a:b"] = "c,\"d\"", ["e"] = "{}" },
            Attempt = 1,
        });
        SessionMeta meta;
        using (Supervisor.Sessions.Store.SessionFiles files = State.Open("a"))
        {
            meta = files.ReadMeta()!;
        }

        Sweep();
        HistoryEntry entry = Assert.Single(History());
        Assert.Equal(("v1alpha1", "a", "web", "expired", "exited"), (entry.SchemaVersion, entry.Id, entry.Name, entry.State, entry.Result));
        Assert.Equal(meta.Command, entry.Command);
        Assert.Equal((meta.WorkingDirectory, meta.ScriptPath, meta.ScriptHash), (entry.WorkingDirectory, entry.ScriptPath, entry.ScriptHash));
        Assert.Equal(meta.Labels, entry.Labels);
        Assert.Equal(meta.SuccessCodes, entry.SuccessCodes);
        Assert.Equal((3, "exit", 1.0, 0L), (entry.ExitCode, entry.EndReason, entry.DurationSeconds, entry.OutputBytes));
        Assert.Equal((meta.StartedAt, Now - TimeSpan.FromHours(2), Now), (entry.StartedAt, entry.EndedAt, entry.ExpiredAt));
        Assert.Equal((3600, "pipe", "external", "host", 1), (entry.RetentionSeconds, entry.TransportMode, entry.Terminal, entry.Host, entry.Attempt));
    }

    [Fact]
    public void A_line_is_never_long()
    {
        AddEnded("a", TimeSpan.FromHours(2), TimeSpan.FromHours(1), m => m with
        {
            Command = ["first", .. Enumerable.Range(0, 20_000).Select(_ => new string('x', 50))],
            WorkingDirectory = new string('/', 10_000),
            Labels = Enumerable.Range(0, 5_000).ToDictionary(i => $"k{i}", i => "v", StringComparer.Ordinal),
        });
        Sweep();
        Assert.InRange(new FileInfo(HistoryPath).Length, 1, 64 * 1024);
        HistoryEntry entry = Assert.Single(History());
        Assert.Equal("first", entry.Command![0]);
        Assert.Equal("\u2026", entry.Command[^1]);
        Assert.Null(entry.WorkingDirectory);
        Assert.Empty(entry.Labels!);
    }

    [Theory]
    [InlineData("\"command\":5")]
    [InlineData("\"command\":[1,null,\"x\",[\"y\"]]")]
    [InlineData("\"name\":{\"a\":1}")]
    [InlineData("\"labels\":{\"a\":1}")]
    [InlineData("\"labels\":[]")]
    [InlineData("\"success_codes\":[\"x\",1.5,99999999999]")]
    [InlineData("\"tty_attached\":\"yes\"")]
    [InlineData("\"started_at\":\"yesterday\"")]
    [InlineData("\"attempt\":1,\"pid\":1e99")]
    public void What_the_files_say_wrongly_does_not_spoil_the_line(string wrong)
    {
        Directory.CreateDirectory(State.Session("a"));
        File.WriteAllText(Path.Combine(State.Session("a"), "meta.json"), "{\"retention_seconds\":1," + wrong + "}");
        File.WriteAllText(
            Path.Combine(State.Session("a"), "final.json"),
            "{\"attempt\":1,\"ended_at\":\"2026-01-01T00:00:00Z\",\"state\":7,\"exit_code\":99999999999,\"duration_seconds\":\"x\"}");
        Assert.Equal(1, Sweep().Removed);
        Assert.Equal("a", Assert.Single(History()).Id);
    }

    [Fact]
    public void Torn_and_foreign_lines_are_left_out_and_nothing_is_added_to_them()
    {
        Sweep("a");
        File.AppendAllText(HistoryPath, "garbage\n\n{\"id\":\"../x\",\"expired_at\":\"2026-06-01T00:00:00Z\"}\n[]\nnull\n" + new string('x', 3_000_000) + "\n{\"id\":\"torn\",\"expi");
        Assert.Equal(["a"], History().Select(e => e.Id));
        Sweep("b");
        Assert.Equal(["b", "a"], History().Select(e => e.Id));
        Lines.Trim();
        Assert.Equal(2, File.ReadAllLines(HistoryPath).Length);
        Assert.Equal(["b", "a"], History().Select(e => e.Id));
    }

    [Fact]
    public void The_last_10000_lines_of_30_days_are_kept()
    {
        Directory.CreateDirectory(State.Root.Path);
        using (StreamWriter file = new(HistoryPath))
        {
            for (int i = 0; i < 500; i++)
            {
                file.Write(Line($"old{i}", Now.AddDays(-31)));
            }

            for (int i = 0; i < 11_000; i++)
            {
                file.Write(Line($"s{i}", Now.AddDays(-29).AddSeconds(i)));
            }
        }

        Assert.Equal(10_000, History().Count);
        Assert.Equal("s10999", History()[0].Id);
        Lines.Trim();
        string[] lines = File.ReadAllLines(HistoryPath);
        Assert.Equal(10_000, lines.Length);
        Assert.Contains("\"s1000\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"s10999\"", lines[^1], StringComparison.Ordinal);
        DateTime before = File.GetLastWriteTimeUtc(HistoryPath);
        Lines.Trim();
        Assert.Equal(before, File.GetLastWriteTimeUtc(HistoryPath));
        Clock.Now = Now.AddDays(60);
        Assert.Empty(History());
        Lines.Trim();
        Assert.Equal(0, new FileInfo(HistoryPath).Length);
    }

    [Fact]
    public void Many_write_at_once_while_one_trims()
    {
        Directory.CreateDirectory(State.Root.Path);
        File.WriteAllText(HistoryPath, Line("old", Now.AddDays(-40)));
        int root = State.Root.OpenRoot(create: true);
        Eventually.Together(Enumerable.Range(0, 20).Select(writer => (Action)(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                using HistoryFile file = HistoryFile.Lock(root, Eventually.Deadline, out _)!;
                Assert.Equal(0, file.Append(Encoding.UTF8.GetBytes(Line($"w{writer}.{i}", Now))));
            }
        })).Append(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                File.AppendAllText(HistoryPath, "");
                Lines.Trim();
            }
        }));
        Libc.close(root);
        Assert.Equal(1000, History().Select(e => e.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_full_disk_leaves_no_torn_line()
    {
        using SmallDisk disk = SmallDisk.Mount(256 * 1024);
        int root = Io.Open(disk.Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using (HistoryFile file = HistoryFile.Lock(root, Eventually.Deadline, out _)!)
        {
            Assert.Equal(0, file.Append(Encoding.UTF8.GetBytes(Line("a", Now))));
            disk.Fill();
            Assert.Equal(Errno.ENOSPC, file.Append(Encoding.UTF8.GetBytes(Line(new string('b', 64), Now) + new string(' ', 8192) + "\n")));
            disk.Free();
            Assert.Equal(0, file.Append(Encoding.UTF8.GetBytes(Line("c", Now))));
        }

        Libc.close(root);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(disk.Path, "history.jsonl")).Length);
    }

    [Fact]
    public void It_is_found_by_id_by_name_and_by_a_unique_beginning()
    {
        Sweep("abc1", "web");
        Clock.Now += TimeSpan.FromMinutes(1);
        Sweep("abd2", "web");
        Sweep("web", "other");
        Assert.Equal("web", Lines.Find("web")?.Id);
        Assert.Equal("abc1", Lines.Find("abc")?.Id);
        Assert.Equal("web", Lines.Find("other")?.Id);
        Assert.Null(Lines.Find("nosuch"));
        Assert.Null(Lines.Find(""));
        Assert.Equal(ErrorCode.SessionAmbiguous, Assert.Throws<SupException>(() => Lines.Find("ab")).Code);
        Lines.Forget(TestState.Id("web"));
        Assert.Equal("abd2", Lines.Find("web")?.Id);
    }

    [Fact]
    public void The_last_of_one_id_is_meant_and_all_are_forgotten()
    {
        Sweep("a", "first");
        Clock.Now += TimeSpan.FromMinutes(1);
        Sweep("a", "second");
        Directory.CreateDirectory(Trash);
        AddExpired("a");
        Directory.Move(State.Session("a"), Path.Combine(Trash, "a~token001"));
        Assert.Equal(3, History().Count);
        Lines.Forget(TestState.Id("a"));
        Assert.Empty(History());
        new Trash(State.Root, Clock).Empty();
        Assert.Empty(History());
    }

    private void Sweep(string id, string? name = null)
    {
        AddEnded(id, TimeSpan.FromHours(2), TimeSpan.FromHours(1), m => m with { Name = name });
        Assert.Equal(1, Sweep().Removed);
    }

    private static string Line(string id, DateTime expired) =>
        JsonSerializer.Serialize(new HistoryEntry { Id = id, ExpiredAt = expired, Removal = id }, FileJson.Default.HistoryEntry) + "\n";
}
