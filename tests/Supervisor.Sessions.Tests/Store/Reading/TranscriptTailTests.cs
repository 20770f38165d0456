using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Reading;

public sealed class TranscriptTailTests : IDisposable
{
    private readonly TestState _state = new();

    public void Dispose() => _state.Dispose();

    [Theory]
    [InlineData("", 0, 5, 0)]
    [InlineData("a", 0, 1, 0)]
    [InlineData("a\n", 0, 1, 0)]
    [InlineData("a\nb", 0, 1, 2)]
    [InlineData("a\nb\n", 0, 1, 2)]
    [InlineData("a\nb\n", 0, 2, 0)]
    [InlineData("a\nb\n", 0, 0, 4)]
    [InlineData("\n\n\n", 0, 1, 2)]
    [InlineData("\n\n\n", 0, 3, 0)]
    [InlineData("a\nb\nc\n", 1, 9, 1)]
    [InlineData("a\nb\nc\n", 2, 1, 4)]
    public void The_last_lines_begin_where_they_begin(string text, long floor, int lines, long expected) =>
        Assert.Equal(expected, LastLines(Encoding.UTF8.GetBytes(text), floor, lines));

    [Fact]
    public void The_last_lines_of_anything_are_those_that_counting_from_the_start_gives()
    {
        // Blocks of 64 KiB are read from the end: lines longer and newlines beside their borders matter.
        Gen<byte[]> texts = Gen.Frequency((6, Gen.Choose(0, 30)), (1, Gen.Choose(30_000, 70_000)), (1, Gen.Choose(65_530, 65_540)))
            .ListOf().Select(lengths => Encoding.ASCII.GetBytes(string.Join('\n', lengths.Select(l => new string('x', l)))));
        Prop.ForAll(texts.ToArbitrary(), Gen.Choose(0, 100).ToArbitrary(), Gen.Choose(0, 12).ToArbitrary(), (text, percent, lines) =>
        {
            long floor = text.Length * (long)percent / 100;
            Assert.Equal(Naive(text, floor, lines), LastLines(text, floor, lines));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void The_last_bytes_are_those_above_the_floor_up_to_the_limit()
    {
        Gen<(int Length, int Floor, int Limit)> cases =
            from length in Gen.Choose(0, 1000) from floor in Gen.Choose(0, length) from limit in Gen.Choose(0, 1200) select (length, floor, limit);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            byte[] all = [.. Enumerable.Range(0, c.Length).Select(i => (byte)i)];
            using FileStream file = Write(all);
            Assert.Equal(all[Math.Max(c.Floor, c.Length - c.Limit)..], TranscriptTail.Read(file, c.Floor, c.Limit));
        }).QuickCheckThrowOnFailure();
    }

    private static long Naive(byte[] text, long floor, int lines)
    {
        List<long> starts = [];
        for (long at = floor; at < text.Length; at++)
        {
            if (at == floor || text[at - 1] == (byte)'\n')
            {
                starts.Add(at);
            }
        }

        return lines == 0 ? text.Length : starts.Count <= lines ? floor : starts[^lines];
    }

    private long LastLines(byte[] text, long floor, int lines)
    {
        using FileStream file = Write(text);
        return TranscriptTail.LastLines(file.SafeFileHandle, floor, file.Length, lines);
    }

    private FileStream Write(byte[] bytes)
    {
        string path = Path.Combine(_state.Folder, "output");
        File.WriteAllBytes(path, bytes);
        return File.OpenRead(path);
    }
}
