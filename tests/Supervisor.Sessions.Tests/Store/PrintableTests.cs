using FsCheck;
using FsCheck.Fluent;
using Supervisor.Sessions.Store;
using Xunit;

namespace Supervisor.Sessions.Tests.Store;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("é 漢 😀 e\u0301")]
    [InlineData("☺\ufe0f☺\ufe0e")]
    public void Text_stays_as_it_is(string text) => Assert.Same(text, Printable.Line(text));

    [Theory]
    [InlineData("a\u001b[31mb", "a\uFFFD[31mb")]
    [InlineData("a\nb\r\tc", "a\uFFFDb\uFFFD\uFFFDc")]
    [InlineData("a\0b\u007fc\u009bd", "a\uFFFDb\uFFFDc\uFFFDd")]
    [InlineData("a\u202eb\u2066c", "a\uFFFDb\uFFFDc")]
    [InlineData("a\U000E0041b", "a\uFFFDb")]
    [InlineData("a\u2028b\u2029c\u200bd", "a\uFFFDb\uFFFDc\uFFFDd")]
    [InlineData("😀\n😀", "😀\uFFFD😀")]
    [InlineData("a\U000E0100b\U000E01EFc", "a\uFFFDb\uFFFDc")]
    [InlineData("a\u034fb\u115fc\u1160d\u3164e\uffa0f", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf")]
    public void What_acts_hides_or_turns_around_becomes_visible(string text, string expected) => Assert.Equal(expected, Printable.Line(text));

    [Fact]
    public void Of_a_long_word_the_beginning_is_shown_and_no_half_character()
    {
        Assert.Equal("short\uFFFD", Printable.Word("short\n"));
        Assert.Equal(new string('x', 100), Printable.Word(new string('x', 100)));
        Assert.Equal(new string('x', 100) + "…", Printable.Word(new string('x', 101)));
        Assert.Equal(new string('x', 99) + "…", Printable.Word(new string('x', 99) + "😀"));
    }

    [Fact]
    public void Any_text_becomes_one_line_without_controls_and_stays_so()
    {
        Gen<string> texts = Gen.OneOf(
            Gen.Choose(0, 0xffff).ArrayOf().Select(c => new string([.. c.Select(u => (char)u)])),
            Gen.Elements("\u001b", "\n", "a", "\ud83d", "\ude00", "\u202e", "😀", "\0").ListOf().Select(string.Concat));
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            string line = Printable.Line(text);
            Assert.DoesNotContain(line, char.IsControl);
            Assert.Equal(line, Printable.Line(line));
        }).QuickCheckThrowOnFailure();
    }
}
