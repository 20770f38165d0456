using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Reading;

/// <summary>Looking a cursor or a time up in <c>index.jsonl</c>.</summary>
public sealed class IndexSearchTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_time_leads_to_the_first_byte_that_came_then_or_later()
    {
        using StoredSession session = new(_state);
        for (int i = 0; i < 10_000; i++)
        {
            session.Write("0123456789");
            session.After(TimeSpan.FromSeconds(1));
        }

        session.End();
        Assert.Equal(0, session.Reader.AtTime(DateTime.MinValue));
        Assert.Equal(0, session.Reader.AtTime(StoredSession.Begin));
        foreach (int second in new[] { 1, 2, 17, 4999, 5000, 9998, 9999 })
        {
            Assert.Equal(10 * second, session.Reader.AtTime(StoredSession.Begin.AddSeconds(second)));
            Assert.Equal(10 * second, session.Reader.AtTime(StoredSession.Begin.AddSeconds(second - 0.5)));
            Assert.Equal(10 * second, session.Reader.AtTime(StoredSession.Begin.AddSeconds(second).ToLocalTime()));
        }

        Assert.Equal(100_000, session.Reader.AtTime(StoredSession.Begin.AddSeconds(9999.5)));
        Assert.Equal(100_000, session.Reader.AtTime(DateTime.MaxValue));
    }

    [Fact]
    public void What_is_not_in_the_index_yet_came_when_the_file_last_changed()
    {
        using StoredSession session = new(_state);
        session.Write("old");
        session.After(TimeSpan.FromSeconds(1));
        session.Write("new");
        File.SetLastWriteTimeUtc(session.PathOf(Artifact.Output), StoredSession.Begin.AddSeconds(5));
        Assert.Equal(3, session.Reader.AtTime(StoredSession.Begin.AddSeconds(2)));
        Assert.Equal(6, session.Reader.AtTime(StoredSession.Begin.AddSeconds(6)));
        session.Abandon();
    }

    [Fact]
    public void Any_cursor_and_time_is_found_among_any_lines()
    {
        // Between ours there may be torn lines, foreign ones, and long ones; times may stand still.
        Gen<(int Length, int Pause, int Kind)> lines =
            from length in Gen.Choose(1, 1000)
            from pause in Gen.Elements(0, 1, 1000)
            from kind in Gen.Frequency((20, Gen.Constant(0)), (2, Gen.Constant(1)), (1, Gen.Constant(2)), (1, Gen.Constant(3)), (1, Gen.Constant(4)))
            select (length, pause, kind);
        int run = 0;
        Prop.ForAll(lines.ListOf(400).ToArbitrary(), Gen.Choose(0, 1000).ToArbitrary(), Gen.Elements(0, -1, 1).ToArbitrary(), (list, permille, beside) =>
        {
            string path = Path.Combine(_state.Folder, "index" + ++run);
            List<(long Offset, long Length, DateTime Time)> records = [];
            StringBuilder text = new();
            long offset = 0;
            DateTime time = StoredSession.Begin;
            foreach ((int length, int pause, int kind) in list)
            {
                text.Append(kind switch
                {
                    1 => "{\"offset\":1,\"len\n",
                    2 => "\n",
                    3 => new string('x', 9000) + "\n",
                    4 => "{\"more\":{\"offset\":7},\"offset\":3}\n",
                    _ => "",
                });
                text.Append(CultureInfo.InvariantCulture, $"{{\"later\":[1,{{}}],\"offset\":{offset},\"length\":{length},\"channel\":\"stdout\",\"timestamp\":\"{time:O}\"}}\n");
                records.Add((offset, length, time));
                offset += length;
                time = time.AddMilliseconds(pause);
            }

            text.Append("{\"offset\":");
            File.WriteAllText(path, text.ToString());
            (long Offset, long Length, DateTime Time) target = records[(records.Count - 1) * permille / 1000];
            using IndexFile index = new(File.OpenHandle(path));
            long cursor = Math.Max(0, target.Offset + beside);
            index.SeekOffset(cursor);
            Assert.True(index.Next(out IndexLine line));
            Assert.Equal(records.Last(r => r.Offset <= cursor).Offset, line.Offset);

            DateTime wanted = target.Time.AddTicks(beside);
            index.SeekTime(wanted);
            long? found = null;
            while (found is null && index.Next(out line))
            {
                found = line.Timestamp >= wanted ? line.Offset : null;
            }

            long? expected = records.Where(r => r.Time >= wanted).Select(r => (long?)r.Offset).FirstOrDefault();
            Assert.Equal(expected, found);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Where_halving_meets_the_beginning_of_a_line_that_line_counts()
    {
        string path = Path.Combine(_state.Folder, "index");
        const int Lines = 1024;
        File.WriteAllText(path, string.Concat(Enumerable.Range(0, Lines).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"offset\":{i * 10},\"length\":10,\"channel\":\"stdout\",\"timestamp\":\"{StoredSession.Begin.AddSeconds(i):O}\"").PadRight(126) + "}\n")));
        Assert.Equal(128 * Lines, new FileInfo(path).Length);
        using IndexFile index = new(File.OpenHandle(path));
        for (int i = 0; i < Lines; i++)
        {
            index.SeekOffset((i * 10) + 5);
            Assert.True(index.Next(out IndexLine line));
            Assert.Equal(i * 10, line.Offset);
            index.SeekTime(StoredSession.Begin.AddSeconds(i + 0.5));
            Assert.True(index.Next(out line));
            Assert.Equal(i * 10, line.Offset);
        }
    }

    [Fact]
    public void A_lookup_reads_little_of_a_long_index()
    {
        string path = Path.Combine(_state.Folder, "index");
        using (StreamWriter writer = new(path))
        {
            for (long i = 0; i < 170_000; i++)
            {
                writer.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"offset\":{i * 65536},\"length\":65536,\"channel\":\"stdout\",\"timestamp\":\"{StoredSession.Begin.AddMilliseconds(i):O}\"}}\n"));
            }
        }

        using IndexFile index = new(File.OpenHandle(path));
        Random random = new(1);
        index.SeekOffset(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        const int Lookups = 1000;
        int right = 0;
        for (int i = 0; i < Lookups; i++)
        {
            long record = random.NextInt64(170_000);
            index.SeekOffset((record * 65536) + random.NextInt64(65536));
            right += index.Next(out IndexLine line) && line.Offset == record * 65536 ? 1 : 0;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds / Lookups, 0, 1);
        Assert.Equal(Lookups, right);
    }

    [Fact]
    public void An_index_replaced_by_a_shorter_one_while_it_is_read_stays_right()
    {
        using StoredSession session = new(_state, maxIndex: 30_000);
        bool writing = true;
        Eventually.Together(
            () =>
            {
                for (int i = 0; i < 20_000; i++)
                {
                    session.Write("out\n");
                    session.Write("err\n", Channel.Stderr);
                    session.After(TimeSpan.FromMilliseconds(50));
                }

                Volatile.Write(ref writing, false);
            },
            () =>
            {
                using SessionFiles files = _state.Open("a");
                using TranscriptReader reader = new(files);
                Random random = new(2);
                while (Volatile.Read(ref writing))
                {
                    long end = reader.End;
                    TranscriptPage page = reader.Read(random.NextInt64(end + 1), 1000);
                    foreach (TranscriptChunk chunk in page.Chunks.Where(c => c.Channel != Channel.Mixed))
                    {
                        Assert.Equal(chunk.StartCursor / 4 % 2 == 0 ? Channel.Stdout : Channel.Stderr, chunk.Channel);
                    }
                }
            });
        session.End();
        Assert.True(new FileInfo(session.PathOf(Artifact.Index)).Length < 60_000);
        Assert.Equal(80_000 * 2, session.Reader.AtTime(DateTime.MaxValue));
    }
}
