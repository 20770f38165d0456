using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Reading;

public sealed class TranscriptReaderTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Without_a_transcript_there_is_nothing_yet()
    {
        using StoredSession session = new(_state);
        File.Delete(session.PathOf(Artifact.Output));
        TranscriptPage page = session.Reader.Read(0, 100);
        Assert.Equal((0, 0, 0, 0), (page.StartCursor, page.NextCursor, page.EndCursor, page.Floor));
        Assert.Empty(page.Chunks);
        Assert.Empty(page.Gaps);
        session.Abandon();
    }

    [Fact]
    public void A_page_ends_where_it_is_full_and_the_next_goes_on()
    {
        using StoredSession session = new(_state);
        session.Write("hello");
        session.After(TimeSpan.FromSeconds(1));
        session.Write("world");
        session.Flush();
        TranscriptPage first = session.Reader.Read(0, 7);
        Assert.Equal((0, 7, 10), (first.StartCursor, first.NextCursor, first.EndCursor));
        Assert.Equal("hellowo", Text(first));
        TranscriptPage rest = session.Reader.Read(first.NextCursor, 7);
        Assert.Equal((7, 10, 10), (rest.StartCursor, rest.NextCursor, rest.EndCursor));
        Assert.Equal("rld", Text(rest));
        session.End();
    }

    [Fact]
    public void Neighbours_of_one_channel_are_one_chunk_dated_by_its_first_byte()
    {
        using StoredSession session = new(_state);
        session.Write("one");
        session.After(TimeSpan.FromSeconds(1));
        session.Write("two");
        session.Write("err", Channel.Stderr);
        session.Write("three");
        session.Flush();
        TranscriptPage page = session.Reader.Read(0, 100);
        Assert.Equal(
            [(Channel.Stdout, 0, 6, "onetwo"), (Channel.Stderr, 6, 9, "err"), (Channel.Stdout, 9, 14, "three")],
            page.Chunks.Select(c => (c.Channel, c.StartCursor, c.EndCursor, Encoding.UTF8.GetString(c.Bytes.Span))));
        Assert.Equal(StoredSession.Begin, page.Chunks[0].Timestamp);
        Assert.Equal(StoredSession.Begin.AddSeconds(1), page.Chunks[1].Timestamp);
        Assert.Equal(DateTimeKind.Utc, page.Chunks[0].Timestamp.Kind);
        session.End();
    }

    [Fact]
    public void What_the_index_does_not_have_yet_is_there_but_of_no_known_channel()
    {
        using StoredSession session = new(_state);
        session.Write("known");
        session.After(TimeSpan.FromSeconds(1));
        session.Write("not yet", Channel.Stderr);
        Assert.Equal([(Channel.Stdout, "known"), (Channel.Mixed, "not yet")], Pieces(session.Reader.Read(0, 100)));
        session.Flush();
        Assert.Equal([(Channel.Stdout, "known"), (Channel.Stderr, "not yet")], Pieces(session.Reader.Read(0, 100)));
        session.End();
    }

    [Fact]
    public void One_channel_waits_for_the_index_while_the_session_lives()
    {
        using StoredSession session = new(_state);
        session.Write("out");
        session.Write("err", Channel.Stderr);
        session.After(TimeSpan.FromSeconds(1));
        session.Write("more");
        session.Write("ERR", Channel.Stderr);
        TranscriptPage page = session.Reader.Read(0, 100, Channel.Stderr);
        Assert.Equal("err", Text(page));
        Assert.Equal((6, 13), (page.NextCursor, page.EndCursor));
        session.Flush();
        page = session.Reader.Read(page.NextCursor, 100, Channel.Stderr);
        Assert.Equal("ERR", Text(page));
        Assert.Equal((13, 13), (page.NextCursor, page.EndCursor));
        session.After(TimeSpan.FromSeconds(1));
        session.Write("lost", Channel.Stderr);
        session.Abandon();
        page = session.Reader.Read(page.NextCursor, 100, Channel.Stderr);
        Assert.Equal("", Text(page));
        Assert.Equal((17, 4), (page.NextCursor, page.UntoldBytes));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(6)]
    [InlineData(long.MaxValue)]
    public void A_cursor_that_is_not_in_the_transcript_is_an_error(long cursor)
    {
        using StoredSession session = new(_state);
        session.Write("hello");
        SupException e = Assert.Throws<SupException>(() => session.Reader.Read(cursor, 10));
        Assert.Equal((ErrorCode.InvalidArgument, ExitCode.Usage), (e.Code, e.ExitCode));
        Assert.Equal(5, session.Reader.Read(5, 10).NextCursor);
        session.End();
    }

    [Fact]
    public void Below_the_floor_it_begins_at_the_floor_and_says_so()
    {
        using StoredSession session = new(_state, maxOutput: 8192);
        session.Write(new byte[20_000].Select((_, i) => (byte)('a' + (i % 26))).ToArray());
        session.Flush();
        Assert.True(session.Free() > 0);
        long floor = session.Reader.Floor;
        Assert.InRange(floor, 4096, 16_384);
        TranscriptPage page = session.Reader.Read(100, 10);
        Assert.Equal((floor, floor), (page.StartCursor, page.Floor));
        Assert.Equal([new TranscriptGap(100, floor - 100, TranscriptGap.Freed)], page.Gaps);
        Assert.Equal(session.All.Skip((int)floor).Take(10), page.Chunks[0].Bytes.ToArray());
        Assert.Empty(session.Reader.Read(floor, 10).Gaps);
        session.End();
    }

    [Fact]
    public void A_gap_is_told_where_it_is_and_one_at_the_end_too()
    {
        using StoredSession session = new(_state);
        session.Gap(3, "at the start");
        session.Write("hello");
        session.Gap(7, "No space left on device");
        session.Write("world");
        session.Flush();
        session.Gap(9, "at the end");
        TranscriptGap start = new(0, 3, "at the start");
        TranscriptGap middle = new(5, 7, "No space left on device");
        TranscriptGap end = new(10, 9, "at the end");
        Assert.Equal([start, middle, end], session.Reader.Read(0, 100).Gaps);
        Assert.Equal([start], session.Reader.Read(0, 5).Gaps);
        Assert.Equal([middle], session.Reader.Read(5, 3).Gaps);
        Assert.Equal([end], session.Reader.Read(6, 10).Gaps);
        Assert.Equal([end], session.Reader.Read(10, 10).Gaps);
        session.Write("!");
        session.Gap(1, "later");
        Assert.Equal([end, new TranscriptGap(11, 1, "later")], session.Reader.Read(10, 10).Gaps);
        session.End();
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json\n")]
    [InlineData("{\"offset\":0,\"length\":5,\"chan")]
    [InlineData("{\"offset\":0}\n[1,2]\n\n{\"offset\":-1,\"length\":5,\"channel\":\"stdout\",\"timestamp\":\"2026-03-01T12:00:00Z\"}\n")]
    [InlineData("{\"offset\":0,\"length\":9223372036854775807,\"channel\":7,\"timestamp\":\"yesterday\"}\n")]
    public void A_missing_or_broken_index_costs_channels_and_times_only(string index)
    {
        using StoredSession session = new(_state);
        session.Write("hello");
        session.End();
        File.WriteAllText(session.PathOf(Artifact.Index), index);
        Assert.Equal([(Channel.Mixed, "hello")], Pieces(session.Reader.Read(0, 100)));
        File.Delete(session.PathOf(Artifact.Index));
        Assert.Equal([(Channel.Mixed, "hello")], Pieces(session.Reader.Read(0, 100)));
    }

    [Fact]
    public void Broken_events_hide_no_others()
    {
        using StoredSession session = new(_state);
        session.Write("hello");
        session.Gap(1, "first");
        session.End();
        File.AppendAllText(
            session.PathOf(Artifact.Events),
            "\"gap\"\n{\"type\":\"gap\",\"off\n\0\0\n{\"type\":\"gap\",\"offset\":5,\"timestamp\":\"2026-03-01T12:00:00Z\",\"bytes\":2,\"reason\":\"second\",\"new\":[1]}\n{\"type\":\"gap\",");
        Assert.Equal(["first", "second"], session.Reader.Read(0, 100).Gaps.Select(g => g.Reason));
    }

    [Fact]
    public void A_floor_that_is_no_number_or_beyond_the_end_leads_nowhere()
    {
        using StoredSession session = new(_state);
        session.Write("hello");
        session.End();
        File.WriteAllText(session.PathOf(Artifact.Floor), "nonsense");
        Assert.Equal("hello", Text(session.Reader.Read(0, 100)));
        File.WriteAllText(session.PathOf(Artifact.Floor), "999999999999");
        TranscriptPage page = session.Reader.Read(0, 100);
        Assert.Equal((5, 5, 5), (page.StartCursor, page.NextCursor, page.Floor));
        Assert.Empty(page.Chunks);
    }

    [Fact]
    public void A_deleted_session_that_was_open_is_read_to_its_end()
    {
        using StoredSession session = new(_state);
        session.Write("hello world");
        session.End();
        Assert.Equal("hello", Text(session.Reader.Read(0, 5)));
        Directory.Delete(session.Folder.Path, recursive: true);
        Assert.Equal(" world", Text(session.Reader.Read(5, 100)));
    }

    [Fact]
    public void Page_by_page_from_anywhere_every_byte_and_its_channel_is_as_it_was_stored()
    {
        Gen<(Channel Channel, int Length, int Pause)> pieces =
            from channel in Gen.Elements(Channel.Stdout, Channel.Stderr, Channel.Pty)
            from length in Gen.Frequency((8, Gen.Choose(1, 40)), (1, Gen.Choose(1, 70_000)))
            from pause in Gen.Elements(0, 0, 20, 60)
            select (channel, length, pause);
        Gen<(int Start, int Size, Channel? Only)> reads =
            from start in Gen.Choose(0, 100)
            from size in Gen.OneOf(Gen.Choose(1, 100), Gen.Choose(1000, 100_000))
            from only in Gen.Elements<Channel?>(null, Channel.Stderr, Channel.Pty)
            select (start, size, only);
        int run = 0;
        Prop.ForAll(pieces.ListOf().ToArbitrary(), reads.ToArbitrary(), (list, read) =>
        {
            using StoredSession session = new(_state, "s" + ++run);
            foreach ((Channel channel, int length, int pause) in list)
            {
                session.Write([.. Enumerable.Range(0, length).Select(i => (byte)(session.All.Count + i))], channel);
                session.Now += TimeSpan.FromMilliseconds(pause);
            }

            session.End();
            long cursor = session.All.Count * (long)read.Start / 100;
            int from = (int)cursor;
            List<byte> got = [];
            while (cursor < session.Reader.End)
            {
                TranscriptPage page = session.Reader.Read(cursor, read.Size, read.Only);
                Assert.Equal(cursor, page.StartCursor);
                Assert.True(page.NextCursor > cursor, "a page leads on");
                Assert.InRange(page.Chunks.Sum(c => c.Bytes.Length), read.Only is null ? 1 : 0, read.Size);
                foreach (TranscriptChunk chunk in page.Chunks)
                {
                    Assert.Equal(chunk.EndCursor - chunk.StartCursor, chunk.Bytes.Length);
                    Assert.All(session.Channels[(int)chunk.StartCursor..(int)chunk.EndCursor], c => Assert.Equal(c, chunk.Channel));
                }

                Assert.All(page.Chunks.Zip(page.Chunks.Skip(1)), pair => Assert.True(
                    pair.First.Channel != pair.Second.Channel || pair.First.EndCursor < pair.Second.StartCursor));
                got.AddRange(page.Chunks.SelectMany(c => c.Bytes.ToArray()));
                cursor = page.NextCursor;
            }

            Assert.Equal(
                session.All.Zip(session.Channels).Skip(from).Where(p => read.Only is null || p.Second == read.Only).Select(p => p.First), got);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void While_the_oldest_is_freed_a_reader_never_sees_a_zero()
    {
        using StoredSession session = new(_state, maxOutput: 256 * 1024);
        byte[] block = new byte[16 * 1024];
        bool writing = true;
        Eventually.Together(
            () =>
            {
                for (int i = 0; i < 3000; i++)
                {
                    Array.Fill(block, (byte)('a' + (i % 26)));
                    session.Write(block);
                    session.Free();
                }

                Volatile.Write(ref writing, false);
            },
            () =>
            {
                using SessionFiles files = _state.Open("a");
                using TranscriptReader reader = new(files);
                long cursor = 0;
                while (Volatile.Read(ref writing) || cursor < reader.End)
                {
                    TranscriptPage page = reader.Read(cursor, 50_000);
                    foreach (TranscriptChunk chunk in page.Chunks)
                    {
                        for (int i = 0; i < chunk.Bytes.Length; i += 1000)
                        {
                            Assert.Equal((byte)('a' + ((chunk.StartCursor + i) / block.Length % 26)), chunk.Bytes.Span[i]);
                        }
                    }

                    long told = page.Gaps.Sum(g => g.Bytes);
                    Assert.Equal(page.NextCursor - cursor, told + page.Chunks.Sum(c => c.Bytes.Length));
                    cursor = page.NextCursor;
                }

                // Far behind, too.
                Assert.Equal(TranscriptGap.Freed, Assert.Single(reader.Read(1, 10).Gaps).Reason);
            });
        session.End();
    }

    [Fact]
    public void The_last_lines_of_one_channel_are_counted_in_its_bytes_alone()
    {
        Gen<(Channel Channel, string Text)> pieces =
            from channel in Gen.Elements(Channel.Stdout, Channel.Stderr)
            from text in Gen.Elements("x", "\n", "ab\ncd", "one\ntwo\n", "\n\n", new string('y', 70_000) + "\n")
            select (channel, text);
        int run = 0;
        Prop.ForAll(pieces.ListOf().ToArbitrary(), Gen.Choose(0, 6).ToArbitrary(), (list, lines) =>
        {
            using StoredSession session = new(_state, "s" + ++run);
            foreach ((Channel channel, string text) in list)
            {
                session.Write(text, channel);
                session.Now += TimeSpan.FromMilliseconds(30);
            }

            session.End();
            List<long> starts = [];
            bool begins = true;
            for (int i = 0; i < session.All.Count; i++)
            {
                if (session.Channels[i] == Channel.Stderr)
                {
                    if (begins)
                    {
                        starts.Add(i);
                    }

                    begins = session.All[i] == (byte)'\n';
                }
            }

            long expected = lines == 0 || starts.Count == 0 ? session.All.Count : starts[Math.Max(0, starts.Count - lines)];
            Assert.Equal(expected, session.Reader.LastLines(lines, Channel.Stderr));
        }).QuickCheckThrowOnFailure();
    }

    private static string Text(TranscriptPage page) => string.Concat(page.Chunks.Select(c => Encoding.UTF8.GetString(c.Bytes.Span)));

    private static IEnumerable<(Channel Channel, string Text)> Pieces(TranscriptPage page) =>
        page.Chunks.Select(c => (c.Channel, Encoding.UTF8.GetString(c.Bytes.Span)));
}
