using Supervisor.Cli.Output;
using Xunit;

namespace Supervisor.Cli.Tests.Output;

public sealed class TableTests
{
    private static readonly Screen File = new(Width: null, Colours: false);

    [Fact]
    public void Columns_stand_below_their_titles_and_numbers_at_the_right()
    {
        Table table = new(new Column("ID"), new Column("SIZE") { Right = true }, new Column("COMMAND"));
        table.Add("a", "1 B", "true");
        table.Add("bbbb", "17 KiB", "false");
        Assert.Equal(
            """
            ID      SIZE  COMMAND
            a        1 B  true
            bbbb  17 KiB  false
            """,
            table.Render(File));
    }

    [Fact]
    public void Nothing_is_cut_or_coloured_where_there_is_no_terminal()
    {
        string command = new('x', 5000);
        Table table = new(new Column("ID"), new Column("COMMAND") { Minimum = 5 });
        table.Add("a", new Cell(command, Tone.Bad));
        Assert.Equal("ID  COMMAND\na   " + command, table.Render(File));
    }

    [Fact]
    public void On_a_terminal_the_last_columns_that_may_be_are_cut_first()
    {
        Table table = new(new Column("ID"), new Column("NAME") { Minimum = 4 }, new Column("COMMAND") { Minimum = 8 });
        table.Add("abcdefgh", "a-long-name", "make all the things");
        string Row(int width) => table.Render(new Screen(width, Colours: false)).Split('\n')[1];
        Assert.Equal("abcdefgh  a-long-name  make all the things", Row(42));
        Assert.Equal("abcdefgh  a-long-name  make all the thin…", Row(41));
        Assert.Equal("abcdefgh  a-long-name  make al…", Row(31));
        Assert.Equal("abcdefgh  a-long-na…  make al…", Row(30));
        Assert.Equal("abcdefgh  a-l…  make al…", Row(24));
    }

    [Theory]
    [InlineData("日本語のコマンド")]
    [InlineData("🚀🚀🚀 launch 🚀🚀🚀")]
    [InlineData("e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301")]
    [InlineData("plain words that go on")]
    public void No_line_is_wider_than_the_terminal_however_narrow(string command)
    {
        Table table = new(new Column("ID"), new Column("NAME") { Minimum = 4 }, new Column("COMMAND") { Minimum = 8 });
        table.Add("abcdefgh", "web", command);
        table.Add("b", command, "x");
        for (int width = 1; width < 60; width++)
        {
            foreach (string line in table.Render(new Screen(width, Colours: false)).Split('\n'))
            {
                Assert.True(DisplayWidth.Of(line) <= width, $"{width}: {line}");
            }
        }
    }

    [Fact]
    public void Wide_characters_keep_the_columns_straight()
    {
        Table table = new(new Column("NAME"), new Column("X"));
        table.Add("日本", "1");
        table.Add("abcd", "2");
        Assert.Equal("NAME  X\n日本  1\nabcd  2", table.Render(File));
    }

    [Fact]
    public void Colours_take_no_room_and_end_with_their_cell()
    {
        Table table = new(new Column("STATE"), new Column("X"));
        table.Add(new Cell("ok", Tone.Good), "1");
        Assert.Equal("STATE  X\n\u001b[32mok\u001b[0m     1", table.Render(new Screen(20, Colours: true)));
        Assert.Equal("STATE  X\nok     1", table.Render(new Screen(20, Colours: false)));
    }

    [Fact]
    public void What_a_cell_holds_cannot_act_on_the_terminal()
    {
        Table table = new(new Column("NAME"), new Column("X"));
        table.Add("a\u001b[2J\nb\u202e\u009b", "\r");
        string text = table.Render(new Screen(80, Colours: true));
        Assert.DoesNotContain(text.Replace("\n", "", StringComparison.Ordinal), char.IsControl);
        Assert.DoesNotContain('\u202e', text);
        Assert.Equal(2, text.Split('\n').Length);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("한글", 4)]
    [InlineData("\u1112\u1161\u11ab", 2)]
    [InlineData("ＡＢ", 4)]
    [InlineData("🚀", 2)]
    [InlineData("𠀋", 2)]
    [InlineData("äöü", 3)]
    [InlineData("→", 1)]
    public void Widths_are_those_of_a_terminal(string text, int width) => Assert.Equal(width, DisplayWidth.Of(text));

    [Theory]
    [InlineData("日本語", 6, "日本語")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("日本語", 4, "日…")]
    [InlineData("abc", 1, "…")]
    [InlineData("abc", 0, "")]
    [InlineData("e\u0301x", 2, "e\u0301x")]
    [InlineData("e\u0301xy", 2, "e\u0301…")]
    public void Text_is_cut_between_characters(string text, int width, string expected) => Assert.Equal(expected, DisplayWidth.Fit(text, width));

    [Theory]
    [InlineData(-5, "now")]
    [InlineData(0.9, "now")]
    [InlineData(1, "1 s ago")]
    [InlineData(59.9, "59 s ago")]
    [InlineData(60, "1 min ago")]
    [InlineData(200, "3 min ago")]
    [InlineData(3600, "1 h ago")]
    [InlineData(2 * 86400 - 1, "47 h ago")]
    [InlineData(2 * 86400, "2 d ago")]
    public void Times_are_said_as_people_do(double seconds, string text)
    {
        DateTime now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal(text, RelativeTime.Ago(now.AddSeconds(-seconds), now));
    }
}
