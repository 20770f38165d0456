using System.Text;
using Supervisor.Sessions.Processes;
using Supervisor.Sessions.Stats;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Stats;

/// <summary>What is made of two looks at the same session.</summary>
public sealed class MeterTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static ProcStat Process(int pid, int parent, long ticks, long reaped = 0, long start = 1) => new()
    {
        Pid = pid,
        Name = "x",
        State = 'R',
        Parent = parent,
        Session = 1,
        StartTime = start,
        Ticks = ticks,
        ReapedTicks = reaped,
        ResidentPages = 0,
    };

    private static long Between(ProcStat[] before, ProcStat[] now) => TreeMeter.TicksBetween(
        before.ToDictionary(p => new ProcessIdentity(p.Pid, p.StartTime)), now.ToDictionary(p => new ProcessIdentity(p.Pid, p.StartTime)));

    [Fact]
    public void Time_is_counted_once_whoever_came_and_went()
    {
        Assert.Equal(7, Between([Process(2, 1, 100)], [Process(2, 1, 107)]));

        // A new child, and one that began and ended in between.
        Assert.Equal(7 + 5 + 3, Between([Process(2, 1, 100)], [Process(2, 1, 107, reaped: 3), Process(3, 2, 5)]));

        // A child known before, that ended and was waited for: 40 of its 50 were used before.
        Assert.Equal(1 + 10, Between([Process(2, 1, 100), Process(3, 2, 40)], [Process(2, 1, 101, reaped: 50)]));

        // The same of a child whose parent does not wait (SIGCHLD ignored): unknown, but never negative.
        Assert.Equal(0, Between([Process(2, 1, 100), Process(3, 2, 40)], [Process(2, 1, 100)]));

        // The pid was used again.
        Assert.Equal(4, Between([Process(2, 1, 100, start: 1)], [Process(2, 1, 4, start: 9)]));
    }

    [Theory]
    [InlineData("7 (sh) S 3 7 5 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 12345 1000 99 18446744073709551615 1 1", "sh")]
    [InlineData("7 (a) (b) R 9) S 3 7 5 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 12345 1000 99 18446744073709551615 1 1", "a) (b) R 9")]
    [InlineData("7 () S 3 7 5 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 12345 1000 99 18446744073709551615 1 1", "")]
    public void A_process_is_read_whatever_it_is_called(string text, string name)
    {
        ProcStat? stat = ProcStat.Parse(7, Encoding.UTF8.GetBytes(text));
        Assert.NotNull(stat);
        Assert.Equal((name, 'S', 3, 5, 12345L), (stat.Name, stat.State, stat.Parent, stat.Session, stat.StartTime));
        Assert.Equal((30L, 70L, 99L), (stat.Ticks, stat.ReapedTicks, stat.ResidentPages));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7 (sh)")]
    [InlineData("7 (sh) S 3 7")]
    [InlineData("7 )sh( S 3 7")]
    [InlineData("7 (sh) S x 7 5 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 12345 1000 99 1")]
    public void What_is_no_process_is_none(string text) => Assert.Null(ProcStat.Parse(7, Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Only_what_was_added_is_counted()
    {
        using TestState state = new();
        using OwnedFolder folder = state.AddLive("one");
        string output = Path.Combine(folder.Path, Artifact.Output);
        using SessionFiles files = state.Open("one");
        OutputMeter meter = new();
        Assert.Equal(new OutputRate(0, 0, 0), meter.Measure(files, Second));
        File.WriteAllText(output, "one\ntwo\n");
        Assert.Equal(new OutputRate(8, 8, 2), meter.Measure(files, Second));
        Assert.Equal(new OutputRate(8, 0, 0), meter.Measure(files, Second));
        File.AppendAllText(output, "thr");
        Assert.Equal(new OutputRate(11, 6, 0), meter.Measure(files, Second / 2));
        File.AppendAllText(output, "ee\nfour\n");
        Assert.Equal(new OutputRate(19, 16, 4), meter.Measure(files, Second / 2));
        Assert.Equal(new OutputRate(19, 0, 0), new OutputMeter().Measure(files, Second));
    }

    [Fact]
    public void Very_much_output_is_estimated_by_its_end()
    {
        using TestState state = new();
        using OwnedFolder folder = state.AddLive("one");
        string output = Path.Combine(folder.Path, Artifact.Output);
        File.WriteAllText(output, "");
        using SessionFiles files = state.Open("one");
        OutputMeter meter = new();
        meter.Measure(files, Second);
        File.WriteAllText(output, new string('x', 3 * OutputMeter.MostRead) + string.Concat(Enumerable.Repeat("123456789\n", OutputMeter.MostRead / 10)));
        OutputRate rate = meter.Measure(files, Second);
        Assert.Equal(new FileInfo(output).Length, rate.Bytes);
        Assert.InRange(rate.LinesPerSecond, 0.99 * rate.Bytes / 10, 1.01 * rate.Bytes / 10);

        // What was freed in place reads as zeros: below the floor nothing is read.
        File.AppendAllText(output, new string('\n', 5000));
        File.WriteAllText(Path.Combine(folder.Path, Artifact.Floor), rate.Bytes + 4000 + "\n");
        Assert.Equal(5000, meter.Measure(files, Second).LinesPerSecond, 0.001);
    }
}
