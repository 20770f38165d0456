using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Values;
using Xunit;

namespace Supervisor.Protocol.Tests;

public sealed class GlobTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("web", "web")]
    [InlineData("*", "")]
    [InlineData("*", "web")]
    [InlineData("**", "web")]
    [InlineData("w*", "web")]
    [InlineData("*b", "web")]
    [InlineData("*e*", "web")]
    [InlineData("w?b", "web")]
    [InlineData("web-[0-9]", "web-7")]
    [InlineData("web-[!0-9]", "web-x")]
    [InlineData("web-[^0-9]", "web-x")]
    [InlineData("web-[a-c7]", "web-7")]
    [InlineData("web-[-7]", "web--")]
    [InlineData("web-[7-]", "web--")]
    [InlineData("[]]", "]")]
    [InlineData("[!]]", "x")]
    [InlineData("[", "[")]
    [InlineData("[]", "[]")]
    [InlineData("a[b", "a[b")]
    [InlineData("[!]", "[!]")]
    [InlineData("a*b*c", "a-b-b-c")]
    [InlineData("*.test", "api.test")]
    [InlineData("\\*", "\\x")]
    public void A_pattern_matches(string pattern, string text) => Assert.True(Glob.IsMatch(pattern, text));

    [Theory]
    [InlineData("", "web")]
    [InlineData("web", "Web")]
    [InlineData("web", "web1")]
    [InlineData("eb", "web")]
    [InlineData("?", "")]
    [InlineData("w?b", "wb")]
    [InlineData("w*x", "web")]
    [InlineData("web-[0-9]", "web-x")]
    [InlineData("web-[!0-9]", "web-7")]
    [InlineData("web-[!0-9]", "web-")]
    [InlineData("web-[z-a]", "web-b")]
    [InlineData("[]]", "[]]")]
    [InlineData("a*b*c", "a-b-b")]
    public void Or_it_does_not(string pattern, string text) => Assert.False(Glob.IsMatch(pattern, text));

    [Fact]
    public void It_agrees_with_the_same_pattern_as_a_regular_expression()
    {
        Gen<string> patterns = Gen.Elements("a", "b", "-", "*", "?", "[ab]", "[!a]", "[a-c]").ArrayOf().Select(string.Concat);
        Gen<string> texts = Gen.Elements([.. "abc-"]).ArrayOf().Select(c => new string(c));
        Gen<(string Pattern, string Text)> cases = from p in patterns from t in texts select (p, t);
        Prop.ForAll(cases.ToArbitrary(), c => Glob.IsMatch(c.Pattern, c.Text) == Regex.IsMatch(
            c.Text, AsRegex(c.Pattern), RegexOptions.NonBacktracking, TimeSpan.FromSeconds(10))).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Many_stars_take_no_longer()
    {
        string pattern = string.Concat(Enumerable.Repeat("*a", 1000)) + "b";
        long started = Stopwatch.GetTimestamp();
        Assert.False(Glob.IsMatch(pattern, new string('a', 10_000)));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 5);
    }

    private static string AsRegex(string pattern)
    {
        StringBuilder regex = new("\\A");
        foreach (Match part in Regex.Matches(pattern, @"\[[^]]*\]|.", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(10)))
        {
            regex.Append(part.Value switch
            {
                "*" => ".*",
                "?" => ".",
                ['[', '!', ..] => "[^" + part.Value[2..],
                ['[', ..] => part.Value,
                _ => Regex.Escape(part.Value),
            });
        }

        return regex.Append("\\z").ToString();
    }
}
