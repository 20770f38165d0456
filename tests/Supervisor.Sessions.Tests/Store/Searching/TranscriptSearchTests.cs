using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;
using Supervisor.Sessions.Store.Searching;
using Supervisor.Sessions.Tests.Support;
using Xunit;

namespace Supervisor.Sessions.Tests.Store.Searching;

public sealed class TranscriptSearchTests : IDisposable
{
    private readonly TestState _state = new();
    private int _sessions;

    public void Dispose() => _state.Dispose();

    [Theory]
    [InlineData("error", "error", true)]
    [InlineData("error|warn", "error warn", true)]
    [InlineData(@"a\.b", "a.b", true)]
    [InlineData("one two", "one two", true)]
    [InlineData("é漢", "é漢", true)]
    [InlineData("^error$", "error", false)]
    [InlineData(@"\berror\b", "error", false)]
    [InlineData("error.*done", "error", false)]
    [InlineData(@"took \d+ms", "took ", false)]
    [InlineData("erro?r", "err", false)]
    [InlineData("error+s", "error", false)]
    [InlineData("(x|y)error", "error", false)]
    [InlineData("[xy]]error", "]error", false)]
    [InlineData("[]x]error", "error", false)]
    [InlineData(@"[\]x]error", "error", false)]
    [InlineData("er{2}or|warning", "er warning", false)]
    [InlineData("ab{0,3}cd", "cd", false)]
    [InlineData("(?:x(y[)]z))error", "error", false)]
    [InlineData("", null, false)]
    [InlineData("error|", null, false)]
    [InlineData("(error)", null, false)]
    [InlineData("(?i)error", null, false)]
    [InlineData("x(?i:y)error", null, false)]
    [InlineData("((?i)x)error", null, false)]
    [InlineData("(?<name>x)error", null, false)]
    [InlineData(@"\d+", null, false)]
    [InlineData(@"\x41bc", null, false)]
    [InlineData("a|b*", null, false)]
    [InlineData("[a-z-[x]]error", null, false)]
    public void What_a_pattern_says_literally_is_known(string pattern, string? texts, bool decide)
    {
        PatternLiterals? literals = PatternLiterals.Of(pattern);
        Assert.Equal(texts, literals is null ? null : string.Join(' ', literals.Texts.ToArray().Select(Encoding.UTF8.GetString)));
        Assert.Equal(decide, literals?.Decide ?? false);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a{2")]
    [InlineData("[z-a]")]
    [InlineData("(?=x)")]
    [InlineData(@"(x)\1")]
    [InlineData("(?>x)")]
    public void What_is_no_pattern_or_needs_backtracking_is_refused(string pattern)
    {
        if (pattern is "a{2")
        {
            // .NET takes that brace as itself.
            Assert.True(LinePattern.Parse(pattern).IsMatch("a{2"u8));
            return;
        }

        SupException e = Assert.Throws<SupException>(() => LinePattern.Parse(pattern));
        Assert.Equal((ErrorCode.InvalidArgument, ExitCode.Usage), (e.Code, e.ExitCode));
        Assert.NotNull(e.Hint);
    }

    [Theory]
    [InlineData("(", "at character 1, insufficient closing parentheses")]
    [InlineData("(?=x)", "looks ahead or behind")]
    [InlineData(@"a\\(b)\1", "refers back")]
    [InlineData("(a{1,1000}){1,1000}", "stands for too many characters")]
    [InlineData(@"[(?=\]](\(?=a{1,1000}){1,1000}", "stands for too many characters")]
    public void Why_a_pattern_cannot_be_used_is_said_in_words(string pattern, string why) =>
        Assert.Contains(why, Assert.Throws<SupException>(() => LinePattern.Parse(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_said_literally_is_in_whatever_matches()
    {
        Gen<string> atoms = Gen.Elements(
            "a", "b", "ab", "é", ".", "a?", "b*", "ab+", "a{2}", "b{0,1}", "(a|b)", "(?:ab)", "[ab]", "[^a]", @"\w", @"\.", "^", "$", "|", "|", @"\b", @"\]", "]");
        Gen<string> texts = Gen.Elements("a", "b", "é", ".", "]", " ", "ab").ListOf().Select(string.Concat);
        Prop.ForAll(atoms.ListOf().Select(string.Concat).ToArbitrary(), texts.ListOf().ToArbitrary(), (pattern, lines) =>
        {
            Regex regex;
            try
            {
                regex = new Regex(pattern, RegexOptions.NonBacktracking);
            }
            catch (ArgumentException)
            {
                return;
            }

            LinePattern tested = LinePattern.Parse(pattern);
            foreach (string line in lines)
            {
                Assert.Equal(regex.IsMatch(line), tested.IsMatch(Encoding.UTF8.GetBytes(line)));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Every_line_that_matches_as_plain_text_is_found_and_no_other()
    {
        string filler = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"line {i} of what nobody looks for\n"));
        Gen<string> pieces = Gen.Frequency(
            (10, Gen.Elements("word", "wo", "rd", " ", "x", "other", "123", "é", "漢")),
            (6, Gen.Elements("\n", "\r\n", "\n\n")),
            (4, Gen.Elements("\u001b[31m", "\u001b[0m", "wo\u001b[1mrd", "xx\rwo", "rx\bd", "\u001b]0;word\a", "\u001b]0;word\nmore", "\u001b\\", "\a", "\u202e", "\u009b", "\u001b[K")),
            (1, Gen.Constant(filler)),
            (1, Gen.Constant(new string('y', 600_000))),
            (1, Gen.Constant(new string('z', 1_100_000))));
        Gen<string> patterns = Gen.Elements("word", "word|other", "wo.d", @"\d{3}", "^word", "word$", "é", "y{3}word", "o+ther|rd", "nothing");
        Prop.ForAll(pieces.ListOf().Select(string.Concat).ToArbitrary(), patterns.ToArbitrary(), (text, pattern) =>
        {
            using StoredSession session = new(_state, "s" + ++_sessions);
            session.Write(text);
            session.End();
            Found found = new();
            if (session.Reader.End > 0)
            {
                TranscriptSearch search = new(session.Reader, LinePattern.Parse(pattern), 0, session.Reader.End, found);
                search.Run();
                search.End();
            }

            Regex regex = new(pattern, RegexOptions.NonBacktracking);
            List<(long, string)> expected = [];
            TranscriptLines lines = new(session.Reader, 0, new PlainText(keepColours: false));
            while (lines.Next() == TranscriptItem.Line || lines.End())
            {
                if (regex.IsMatch(Encoding.UTF8.GetString(lines.Text)))
                {
                    expected.Add((lines.StartCursor, Encoding.UTF8.GetString(lines.Raw)));
                }
            }

            Assert.Equal(expected, found.Lines);
            Directory.Delete(session.Folder.Path, recursive: true);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void What_is_freed_while_it_is_searched_is_said_and_never_found_as_zeros()
    {
        using StoredSession session = new(_state, maxOutput: 4 * 1024 * 1024);
        byte[] line = Encoding.ASCII.GetBytes(new string('a', 99) + "\n");
        byte[] block = [.. Enumerable.Repeat(line, 1000).SelectMany(l => l)];
        for (int i = 0; i < 100; i++)
        {
            session.Write(block);
        }

        long end = session.Reader.End;
        Found found = new() { OnFirst = () => session.Free() };
        TranscriptSearch search = new(session.Reader, LinePattern.Parse("aaa|\u2400|\uFFFD"), 0, end, found);
        Assert.Equal(end, search.Run());
        Assert.NotEmpty(found.Gaps);
        Assert.All(found.Lines, l => Assert.True(l.Text.TrimEnd('\n').All(c => c == 'a')));
        Assert.Equal(end, found.Lines.Sum(l => l.Text.Length) + found.Gaps.Sum(g => g.Bytes) + found.Lost);
        Assert.InRange(found.Lost, 0, 100 * found.Gaps.Count);
        session.End();
    }

    private sealed class Found : ISearchResult
    {
        public List<(long Start, string Text)> Lines { get; } = [];

        public List<TranscriptGap> Gaps { get; } = [];

        public Action? OnFirst { get; init; }

        /// <summary>Bytes between what was found and what was said to be missing.</summary>
        public long Lost { get; private set; }

        private long _next;

        public void Line(ReadOnlySpan<byte> line, long start)
        {
            if (Lines.Count == 0)
            {
                OnFirst?.Invoke();
            }

            Lost += start - _next;
            _next = start + line.Length;
            Lines.Add((start, Encoding.UTF8.GetString(line)));
        }

        public void Gap(TranscriptGap gap)
        {
            Lost += gap.Offset - _next;
            _next = gap.Offset + gap.Bytes;
            Gaps.Add(gap);
        }
    }
}
