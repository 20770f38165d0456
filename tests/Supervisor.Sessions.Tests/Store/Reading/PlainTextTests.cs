using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store.Reading;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Reading;

/// <summary>Not beside other tests: one of these measures the memory of the process.</summary>
[Collection("alone")]
public sealed class PlainTextTests
{
    /// <summary>Pieces of terminal output of every kind, whole and broken.</summary>
    private static readonly string[] Pieces =
    [
        "text ", "\n", "\t", "\r", "\b", "\u001b[K", "\u001b[1K", "\u001b[2K", "e\u0301", "\a", "\0", "é", "漢", "😀", "\u202e", "\u2066", "\u200b", "\u200d", "\u0085", "\u009b31m", "\U000E0041", "\u2028",
        "\u001b[31m", "\u001b[1;38;5;200m", "\u001b[38:2::1:2:3m", "\u001b[0m", "\u001b[m", "\u001b[2J", "\u001b[10;20H", "\u001b[?1049h", "\u001b[>4;1m",
        "\u001b[?25l", "\u001b[6n", "\u001b[c", "\u001b[31", "\u001b[", "\u001b", "\u001b\u001b", "\u001b]0;title\a", "\u001b]0;title\u001b\\",
        "\u001b]52;c;ZWNobyBoaQ==\a", "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "\u001bP1$r0m\u001b\\", "\u001b_apc\u001b\\", "\u001b^pm\u001b\\",
        "\u001bXsos\u001b\\", "\u001b(B", "\u001b)0", "\u001b#8", "\u001b%G", "\u001bc", "\u001b7", "\u001b8", "\u001b=", "\u001bM", "\u001b ~",
    ];

    private static readonly Gen<byte[]> Streams = Gen.OneOf(
            Gen.Elements(Pieces).Select(Encoding.UTF8.GetBytes),
            Gen.Elements<byte[]>([0x80], [0x9b], [0xc3], [0xe2, 0x80], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80], [0xf0, 0x9f, 0x98]))
        .ListOf().Select(parts => parts.SelectMany(p => p).ToArray());

    [Theory]
    [InlineData("plain\ntext\t.", "plain\ntext\t.")]
    [InlineData("a\u000e\u000fb", "ab")]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b[2J\u001b[10;20Hx\u001b[?1049hy\u001b[6nz\u001b[>c", "xyz")]
    [InlineData("\u001b]0;title\ax\u001b]2;title\u001b\\y", "xy")]
    [InlineData("\u001b]52;c;ZWNobyBoaQ==\ax", "x")]
    [InlineData("\u001b]8;;http://evil\u001b\\shown\u001b]8;;\u001b\\", "shown")]
    [InlineData("\u001bP1$r0m\u001b\\a\u001b_x\u001b\\b\u001b^x\u001b\\c\u001bXx\u001b\\d", "abcd")]
    [InlineData("\u001b(Ba\u001b#8b\u001b%Gc\u001bcd\u001b7e\u001b=f\u001bMg", "abcdefg")]
    [InlineData("\u001b\u001b[31mx", "x")]
    [InlineData("\u001b[3\u001b[31mx", "x")]
    [InlineData("☺\ufe0f ☺\ufe0e", "☺\ufe0f ☺\ufe0e")]
    [InlineData("e\u0301 é 漢 😀 👩\u200d💻 \u06a9\u200c", "e\u0301 é 漢 😀 👩\u200d💻 \u06a9\u200c")]
    public void Text_stays_and_what_acts_on_a_terminal_goes(string input, string expected) => Assert.Equal(expected, Text(input));

    [Theory]
    [InlineData("line\r\nnext\r\n", "line\nnext\n")]
    [InlineData("line\r\r\n", "line\n")]
    [InlineData(" 10%\r 50%\r100%\n", "100%\n")]
    [InlineData("long line\rshort", "shortline")]
    [InlineData("long line\r\u001b[Kshort", "short")]
    [InlineData("long line\u001b[2K\rshort\n", "short\n")]
    [InlineData("long line\rlo\u001b[K\n", "lo\n")]
    [InlineData("abcdef\b\b\b\u001b[1K\n", "    ef\n")]
    [InlineData("abc\u001b[2Kd", "   d")]
    [InlineData("abc\b\bX", "aXc")]
    [InlineData("abc\b \b", "ab ")]
    [InlineData("\b\bab\b\b\b\bX", "Xb")]
    [InlineData("_\bu_\bn bb\bbo\bo", "un bbo")]
    [InlineData("abc\r", "abc")]
    [InlineData("abc\r\b\bX", "Xbc")]
    [InlineData("a\tb\rX\n", "X\tb\n")]
    [InlineData("漢字é\rab", "abé")]
    [InlineData("e\u0301x\rA", "Ax")]
    [InlineData("abc\re\u0301", "e\u0301bc")]
    [InlineData("a\r\nb\rc\n", "a\nc\n")]
    [InlineData("a\u001b[3\r1mX", "X")]
    public void What_is_written_over_is_gone(string input, string expected) => Assert.Equal(expected, Text(input));

    [Theory]
    [InlineData("\u001b[31mred\u001b[0m\rX", "\u001b[0mX\u001b[0m\u001b[31med\u001b[0m\u001b[0m")]
    [InlineData("plain\r\u001b[1mP\u001b[m\n", "\u001b[1mP\u001b[0mlain\u001b[0m\n")]
    public void A_line_that_is_written_over_keeps_each_character_s_colour(string input, string expected) =>
        Assert.Equal(expected, Text(input, keepColours: true));

    [Theory]
    [InlineData("a\0b", "a\u2400b")]
    [InlineData("a\ab", "a\u2407b")]
    [InlineData("a\fb", "a\u240cb")]
    [InlineData("a\u001fb\u007f", "a\u241fb\u2421")]
    public void A_control_is_shown_as_its_picture(string input, string expected) => Assert.Equal(expected, Text(input));

    [Fact]
    public void A_line_longer_than_the_bound_comes_in_pieces_that_make_it_up()
    {
        PlainText plain = new(keepColours: false, maxLine: 100);
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(i => (i % 7) == 0 ? "é" : "x")) + "\nshort\n");
        List<(string Text, bool Whole)> lines = [];
        ReadOnlySpan<byte> rest = text;
        while (!rest.IsEmpty)
        {
            rest = rest[plain.Take(rest, out bool complete)..];
            if (complete)
            {
                lines.Add((Encoding.UTF8.GetString(plain.Line), plain.IsWhole));
            }
        }

        Assert.Equal(Encoding.UTF8.GetString(text), string.Concat(lines.Select(l => l.Text + (l.Whole ? "\n" : ""))));
        Assert.All(lines, l => Assert.InRange(Encoding.UTF8.GetByteCount(l.Text), 0, 103));
        Assert.Equal(("short", true), lines[^1]);
        Assert.Equal(2, lines.Count(l => l.Whole));
    }

    [Fact]
    public void A_line_written_over_without_end_stays_small()
    {
        PlainText plain = new(keepColours: true, maxLine: 10_000);
        byte[] progress = Encoding.UTF8.GetBytes("\r\u001b[32m100% \u001b[0m" + new string('#', 500) + "\b\b" + "e\u0301");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Empty(plain.Convert(progress));
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 2_000_000);
        Assert.True(plain.End());
        Assert.InRange(plain.Line.Length, 500, 1000);
    }

    [Theory]
    [InlineData("a\u202eb")]
    [InlineData("a\u2066b")]
    [InlineData("a\u200eb")]
    [InlineData("a\u200bb")]
    [InlineData("a\ufeffb")]
    [InlineData("a\U000E0041b")]
    [InlineData("a\u0085b")]
    [InlineData("a\u009bb")]
    [InlineData("a\u2028b")]
    [InlineData("a\u2029b")]
    [InlineData("a\U000E0100b")]
    [InlineData("a\U000E01EFb")]
    [InlineData("a\u034fb")]
    [InlineData("a\u115fb")]
    [InlineData("a\u1160b")]
    [InlineData("a\u3164b")]
    [InlineData("a\uffa0b")]
    [InlineData("a\u00adb")]
    public void What_hides_or_turns_text_around_becomes_visible(string input) => Assert.Equal("a\uFFFDb", Text(input));

    [Fact]
    public void A_control_sequence_of_eight_bit_controls_does_not_act() => Assert.Equal("\uFFFD31mred", Text("\u009b31mred"));

    [Fact]
    public void Bytes_that_are_no_UTF_8_become_visible_and_hide_nothing()
    {
        Assert.Equal("a\uFFFDb", Text([(byte)'a', 0xff, (byte)'b']));
        Assert.Equal("a\uFFFDb", Text([(byte)'a', 0xc3, (byte)'b']));
        Assert.Equal("a\uFFFD\n", Text([(byte)'a', 0xe2, 0x80, (byte)'\n']));
        Assert.StartsWith("a\uFFFD", Text([(byte)'a', 0xc0, 0xaf, (byte)'b']), StringComparison.Ordinal);
        Assert.EndsWith("b", Text([(byte)'a', 0xc0, 0xaf, (byte)'b']), StringComparison.Ordinal);
        Assert.Equal("a\uFFFDé", Text([(byte)'a', 0xe2, 0xc3, 0xa9]));
    }

    [Fact]
    public void Colours_may_stay_and_only_they()
    {
        string input = "\u001b[1;31mred\u001b[0m\u001b[2J\u001b[?25l\u001b[>4;1m\u001b]0;t\a\u001b[38:2::1:2:3mx\u001b[m";
        Assert.Equal("\u001b[1;31mred\u001b[0m\u001b[38:2::1:2:3mx\u001b[m", Text(input, keepColours: true));
    }

    [Fact]
    public void An_endless_sequence_is_not_collected()
    {
        foreach (string start in new[] { "\u001b]0;", "\u001bP", "\u001b_", "\u001b[" })
        {
            PlainText plain = new(keepColours: true);
            byte[] more = new byte[1024 * 1024];
            Array.Fill(more, (byte)'1');
            Assert.Empty(plain.Convert(Encoding.ASCII.GetBytes(start)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                Assert.Empty(plain.Convert(more));
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
    }

    [Fact]
    public void Cut_anywhere_the_text_is_the_same()
    {
        Gen<(byte[] Stream, int[] Cuts, bool Colours, int Max)> cases =
            from stream in Streams
            from cuts in Gen.Choose(1, 7).ArrayOf()
            from colours in Gen.Elements(true, false)
            from max in Gen.Elements(1, 5, 20, PlainText.DefaultMaxLine)
            select (stream, cuts, colours, max);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            string whole = Text(c.Stream, c.Colours, c.Max);
            PlainText plain = new(c.Colours, c.Max);
            List<byte> text = [];
            int at = 0;
            foreach (int length in c.Cuts.Concat(Enumerable.Repeat(1, c.Stream.Length)))
            {
                int end = Math.Min(at + length, c.Stream.Length);
                text.AddRange(plain.Convert(c.Stream.AsSpan(at..end)));
                at = end;
            }

            text.AddRange(plain.End() ? plain.Line : default);
            Assert.Equal(whole, Encoding.UTF8.GetString([.. text]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Whatever_comes_in_what_goes_out_is_text_without_controls()
    {
        Gen<byte[]> any = Gen.OneOf(Streams, ArbMap.Default.GeneratorFor<byte[]>());
        Prop.ForAll(any.ToArbitrary(), Gen.Elements(3, PlainText.DefaultMaxLine).ToArbitrary(), (stream, max) =>
        {
            Assert.DoesNotContain(Text(stream, maxLine: max), c => char.IsControl(c) && c is not ('\n' or '\t'));
            string coloured = Text(stream, keepColours: true, max);
            Assert.Equal(Text(stream, maxLine: PlainText.DefaultMaxLine), Colours.Replace(Text(stream, keepColours: true), ""));
            Assert.DoesNotContain(Colours.Replace(coloured, ""), c => char.IsControl(c) && c is not ('\n' or '\t'));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    private static readonly System.Text.RegularExpressions.Regex Colours =
        new("\u001b\\[[0-;]*m", System.Text.RegularExpressions.RegexOptions.NonBacktracking);

    [Theory]
    [InlineData("\u001b]0;lost\u0018after\n", "after\n")]
    [InlineData("\u001b]0;lost\u001aafter\n", "after\n")]
    [InlineData("\u001b]0;lost\u001b[31mafter\n", "after\n")]
    [InlineData("\u001bPlost\u001b[0mafter\n", "after\n")]
    [InlineData("\u001b[3\u0018after\n", "after\n")]
    public void A_sequence_that_was_broken_off_takes_nothing_of_what_follows(string input, string expected) =>
        Assert.Equal(expected, Text(input));

    [Theory]
    [InlineData("\u001b[3\n1mx", "\nx")]
    [InlineData("\u001b(\nBx", "\nx")]
    public void A_newline_inside_a_sequence_still_ends_the_line(string input, string expected) => Assert.Equal(expected, Text(input));

    private static string Text(string input, bool keepColours = false) => Text(Encoding.UTF8.GetBytes(input), keepColours);

    private static string Text(byte[] input, bool keepColours = false, int maxLine = PlainText.DefaultMaxLine)
    {
        PlainText plain = new(keepColours, maxLine);
        byte[] lines = plain.Convert(input);

        // It throws for what is no UTF-8.
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. lines, .. plain.End() ? plain.Line : default]);
    }

    [Theory]
    [InlineData("\u001b]0;title", "line")]
    [InlineData("\u001b_graphics", "line")]
    [InlineData("\u001b^private", "line")]
    [InlineData("\u001bXstring", "line")]
    public void A_string_that_is_never_closed_ends_with_its_line(string start, string next) =>
        Assert.Equal("\n" + next + "\n", PlainText.Of(System.Text.Encoding.UTF8.GetBytes(start + "\n" + next + "\n")));

    [Fact]
    public void A_picture_may_have_lines_but_not_without_end()
    {
        Assert.Equal("after\n", PlainText.Of("\u001bPq#0\n~~\n\u001b\\after\n"u8));
        string endless = "\u001bPq" + string.Concat(Enumerable.Repeat(new string('~', 999) + "\n", 300)) + "shown\n";
        Assert.EndsWith("shown\n", PlainText.Of(System.Text.Encoding.UTF8.GetBytes(endless)), StringComparison.Ordinal);
    }
}
