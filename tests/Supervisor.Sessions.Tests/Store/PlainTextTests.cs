using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class PlainTextTests
{
    /// <summary>Pieces of terminal output of every kind, whole and broken.</summary>
    private static readonly string[] Pieces =
    [
        "text ", "\n", "\t", "\r", "\b", "\a", "\0", "é", "漢", "😀", "\u202e", "\u2066", "\u200b", "\u200d", "\u0085", "\u009b31m", "\U000E0041", "\u2028",
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
    [InlineData("a\rb\bc\ad\0e\u007ff", "abcdef")]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b[2J\u001b[10;20Hx\u001b[?1049hy\u001b[6nz\u001b[>c", "xyz")]
    [InlineData("\u001b]0;title\ax\u001b]2;title\u001b\\y", "xy")]
    [InlineData("\u001b]52;c;ZWNobyBoaQ==\ax", "x")]
    [InlineData("\u001b]8;;http://evil\u001b\\shown\u001b]8;;\u001b\\", "shown")]
    [InlineData("\u001bP1$r0m\u001b\\a\u001b_x\u001b\\b\u001b^x\u001b\\c\u001bXx\u001b\\d", "abcd")]
    [InlineData("\u001b(Ba\u001b#8b\u001b%Gc\u001bcd\u001b7e\u001b=f\u001bMg", "abcdefg")]
    [InlineData("\u001b\u001b[31mx", "x")]
    [InlineData("\u001b[3\u001b[31mx", "x")]
    [InlineData("e\u0301 é 漢 😀 👩\u200d💻 \u06a9\u200c", "e\u0301 é 漢 😀 👩\u200d💻 \u06a9\u200c")]
    public void Text_stays_and_what_acts_on_a_terminal_goes(string input, string expected) => Assert.Equal(expected, Text(input));

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
    public void Cut_at_any_byte_the_text_is_the_same()
    {
        Prop.ForAll(Streams.ToArbitrary(), Gen.Elements(true, false).ToArbitrary(), (stream, colours) =>
        {
            byte[] whole = new PlainText(colours).Convert(stream);
            for (int cut = 0; cut <= stream.Length; cut++)
            {
                PlainText plain = new(colours);
                byte[] pieces = [.. plain.Convert(stream.AsSpan(..cut)), .. plain.Convert(stream.AsSpan(cut..))];
                Assert.True(whole.AsSpan().SequenceEqual(pieces), $"cut at {cut}");
            }

            PlainText bytewise = new(colours);
            Assert.True(whole.AsSpan().SequenceEqual(stream.SelectMany(b => bytewise.Convert([b])).ToArray()));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whatever_comes_in_what_goes_out_is_text_without_controls()
    {
        Gen<byte[]> any = Gen.OneOf(Streams, ArbMap.Default.GeneratorFor<byte[]>());
        Prop.ForAll(any.ToArbitrary(), stream =>
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(new PlainText(keepColours: false).Convert(stream));
            Assert.DoesNotContain(text, c => char.IsControl(c) && c is not ('\n' or '\t'));
        }).QuickCheckThrowOnFailure();
    }

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

    private static string Text(byte[] input, bool keepColours = false) => Encoding.UTF8.GetString(new PlainText(keepColours).Convert(input));
}
