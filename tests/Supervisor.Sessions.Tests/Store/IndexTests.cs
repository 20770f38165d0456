using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class IndexTests : IDisposable
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TestState _state = new();
    private int _sessions;

    public void Dispose() => _state.Dispose();

    [Fact]
    public void A_record_is_read_back_as_it_was_written()
    {
        Gen<IndexRecord> records =
            from offset in Gen.OneOf(Gen.Choose(0, int.MaxValue).Select(v => (long)v), Gen.Elements(0L, 9, 10, long.MaxValue / 2))
            from ticks in Gen.OneOf(Gen.Choose(0, int.MaxValue), Gen.Elements(0, 1, 9_999_999, 10_000_000))
            from runs in RunsOf(1, 20)
            select Record(offset, Start.AddTicks(ticks), runs);
        Prop.ForAll(records.ToArbitrary(), written =>
        {
            byte[] line = Line(written);
            Assert.Equal((byte)'\n', line[^1]);
            IndexRecord read = IndexRecord.Parse(line.AsSpan(..^1))!;
            Assert.Equal((written.Offset, written.Length, written.Timestamp), (read.Offset, read.Length, read.Timestamp));
            Assert.Equal(written.Runs.Select(r => (r.Channel, r.Length)), read.Runs.Select(r => (r.Channel, r.Length)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Records_are_as_the_contract_has_them()
    {
        IndexRecord one = Record(7, Start, [(Channel.Stderr, 5)]);
        Assert.Equal(
            "{\"offset\":7,\"length\":5,\"channel\":\"stderr\",\"timestamp\":\"2026-01-01T00:00:00.0000000Z\"}\n",
            Encoding.UTF8.GetString(Line(one)));
        IndexRecord several = Record(12, Start, [(Channel.Stdout, 1), (Channel.Pty, 2)]);
        Assert.Equal(
            "{\"offset\":12,\"length\":3,\"runs\":[[\"stdout\",1],[\"pty\",2]],\"timestamp\":\"2026-01-01T00:00:00.0000000Z\"}\n",
            Encoding.UTF8.GetString(Line(several)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    [InlineData("{\"offset\":1,\"length\":2}")]
    [InlineData("{\"offset\":\"1\",\"length\":2,\"channel\":\"pty\",\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1.5,\"length\":2,\"channel\":\"pty\",\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"channel\":\"pty\",\"timestamp\":7}")]
    [InlineData("{\"offset\":1,\"length\":2,\"channel\":\"pty\",\"timestamp\":\"soon\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"channel\":7,\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"runs\":7,\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"runs\":[7],\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"runs\":[[]],\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"runs\":[[\"pty\"]],\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("{\"offset\":1,\"length\":2,\"runs\":[[\"pty\",\"x\"]],\"timestamp\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("\0\0\0\0")]
    public void A_line_that_is_no_record_is_told_apart(string line) => Assert.Null(IndexRecord.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Every_torn_end_of_a_record_is_told_apart()
    {
        byte[] line = Line(Record(7, Start, [(Channel.Stdout, 1), (Channel.Stderr, 2)]));
        for (int length = 0; length < line.Length - 1; length++)
        {
            Assert.Null(IndexRecord.Parse(line.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Fields_and_channels_of_a_later_version_are_read_as_far_as_known()
    {
        IndexRecord record = IndexRecord.Parse(
            "{\"new\":{\"a\":[1]},\"offset\":1,\"length\":2,\"channel\":\"tmux\",\"timestamp\":\"2026-01-01T00:00:00Z\"}"u8)!;
        Assert.Equal((1, 2, Channel.Mixed), (record.Offset, record.Length, Assert.Single(record.Runs).Channel));
    }

    [Fact]
    public void A_long_index_stays_bounded_and_keeps_covering_what_can_be_read()
    {
        Gen<(int Length, Channel Channel, int Step)[]> pieces =
            (from length in Gen.Choose(1, 70_000)
             from channel in Gen.Elements(Channel.Stdout, Channel.Stderr)
             from step in Gen.Choose(0, 100)
             select (length, channel, step)).ArrayOf(400);
        Prop.ForAll(pieces.ToArbitrary(), Gen.Choose(0, 100).ToArbitrary(), (all, keptPercent) =>
        {
            const long max = 4096;
            using OwnedFolder folder = _state.Create($"s{_sessions++}");
            long end = 0;
            long floor = 0;
            using IndexWriter writer = new(folder, () => floor, max);
            DateTime time = Start;
            foreach ((int length, Channel channel, int step) in all)
            {
                time = time.AddMilliseconds(step);
                writer.Add(end, channel, length, time);
                end += length;
                floor = Math.Max(floor, end * (100 - keptPercent) / 100);
            }

            writer.Flush();
            List<IndexRecord> index = Transcript.Index(folder.Path);
            Assert.InRange(index.Count == 0 ? 0 : new FileInfo(Path.Combine(folder.Path, Artifact.Index)).Length, 0, max);
            long at = index[0].Offset;
            Assert.InRange(at, 0, floor);
            DateTime last = DateTime.MinValue;
            foreach (IndexRecord record in index)
            {
                Assert.Equal(at, record.Offset);
                Assert.True(record.Timestamp >= last);
                (at, last) = (record.End, record.Timestamp);
            }

            Assert.Equal(end, at);
            AssertChannels(all, index);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Changes_of_channel_without_end_make_no_endless_record()
    {
        using OwnedFolder folder = _state.Create("a");
        using IndexWriter writer = new(folder, () => 0);
        for (int i = 0; i < 2000; i++)
        {
            writer.Add(i, i % 2 == 0 ? Channel.Stdout : Channel.Stderr, 1, Start);
        }

        writer.Flush();
        List<IndexRecord> index = Transcript.Index(folder.Path);
        Assert.Equal(2000, index.Sum(r => r.Length));
        Assert.All(index, r => Assert.InRange(r.Runs.Count, 1, 256));
    }

    [Fact]
    public void A_line_torn_by_a_crash_is_not_read()
    {
        string path = Path.Combine(_state.Folder, "lines");
        File.WriteAllText(path, "one\ntwo\nthr");
        Assert.Equal(["one", "two"], Lines(path).Select(l => l.Text));
        File.AppendAllText(path, "ee\n");
        Assert.Equal(["one", "two", "three"], Lines(path).Select(l => l.Text));
    }

    [Fact]
    public void Lines_of_any_length_and_their_positions_are_read()
    {
        string path = Path.Combine(_state.Folder, "lines");
        Gen<int[]> lengths = Gen.Frequency((8, Gen.Choose(0, 100)), (2, Gen.Choose(0, 40_000)), (1, Gen.Choose(16_380, 16_390))).ArrayOf();
        Prop.ForAll(lengths.ToArbitrary(), all =>
        {
            string[] texts = [.. all.Select((length, i) => new string((char)('a' + (i % 26)), length))];
            File.WriteAllText(path, string.Concat(texts.Select(t => t + "\n")) + "torn");
            List<(string Text, long Position)> read = Lines(path);
            Assert.Equal(texts, read.Select(r => r.Text));
            long position = 0;
            foreach ((string text, long after) in read)
            {
                position += text.Length + 1;
                Assert.Equal(position, after);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(1_500_000)]
    [InlineData(5_000_000)]
    public void A_line_longer_than_1_MiB_is_skipped_whole(int length)
    {
        string path = Path.Combine(_state.Folder, "lines");
        File.WriteAllText(path, "before\n" + new string('x', length) + "\nafter\n");
        Assert.Equal([("before", 7L), ("after", length + 14L)], Lines(path));
    }

    private static List<(string Text, long Position)> Lines(string path)
    {
        using FileStream file = File.OpenRead(path);
        LineReader reader = new(file);
        List<(string, long)> lines = [];
        while (reader.TryRead(out ReadOnlySpan<byte> line))
        {
            lines.Add((Encoding.UTF8.GetString(line), reader.Position));
        }

        return lines;
    }

    /// <summary>Every byte's channel is the one it came from, or no longer told.</summary>
    private static void AssertChannels((int Length, Channel Channel, int Step)[] pieces, List<IndexRecord> index)
    {
        List<(Channel Channel, long End)> truth = [];
        foreach ((int length, Channel channel, _) in pieces)
        {
            truth.Add((channel, (truth.Count == 0 ? 0 : truth[^1].End) + length));
        }

        int piece = 0;
        long at = index[0].Offset;
        foreach (IndexRecord.Run run in index.SelectMany(r => r.Runs))
        {
            for (long left = run.Length; left > 0;)
            {
                while (truth[piece].End <= at)
                {
                    piece++;
                }

                Assert.True(run.Channel == Channel.Mixed || run.Channel == truth[piece].Channel, $"wrong channel at {at}");
                long step = Math.Min(left, truth[piece].End - at);
                (at, left) = (at + step, left - step);
            }
        }
    }

    private static Gen<List<(Channel Channel, int Length)>> RunsOf(int min, int max) =>
        from count in Gen.Choose(min, max)
        from runs in (from channel in Gen.Elements(Enum.GetValues<Channel>()) from length in Gen.Choose(1, 1_000_000) select (channel, length)).ListOf(count)
        select runs.ToList();

    private static byte[] Line(IndexRecord record)
    {
        byte[] buffer = [];
        int length = record.WriteLine(ref buffer);
        return buffer[..length];
    }

    private static IndexRecord Record(long offset, DateTime time, List<(Channel Channel, int Length)> runs)
    {
        IndexRecord record = new() { Offset = offset, Timestamp = time };
        foreach ((Channel channel, int length) in runs)
        {
            record.Add(channel, length);
        }

        return record;
    }
}
