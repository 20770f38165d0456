using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Supervisor.Protocol.Tests;

/// <summary>Session ids and names share one alphabet: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,63}</c> without <c>..</c>.</summary>
public sealed partial class IdentifierTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("Z")]
    [InlineData("web")]
    [InlineData("a.b_c-D9")]
    [InlineData("a.b.c")]
    [InlineData("a-")]
    [InlineData("a.")]
    public void A_valid_text_is_an_id_and_a_name_unchanged(string text)
    {
        Assert.True(SessionId.TryParse(text, out SessionId id));
        Assert.Equal(text, id.Value);
        Assert.Equal(text, id.ToString());
        Assert.True(SessionName.TryParse(text, out SessionName name));
        Assert.Equal(text, name.Value);
        Assert.Equal(text, name.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData("a..")]
    [InlineData(".a")]
    [InlineData("-a")]
    [InlineData("_a")]
    [InlineData("a/b")]
    [InlineData("/a")]
    [InlineData("../a")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("a\\b")]
    [InlineData("a=b")]
    [InlineData("é")]
    [InlineData("aé")]
    [InlineData("a\u0661")]
    [InlineData("\u0661")]
    [InlineData("\uff41")]
    [InlineData("a\u202eb")]
    public void Anything_else_is_neither(string? text)
    {
        Assert.False(SessionId.TryParse(text, out _));
        Assert.False(SessionName.TryParse(text, out _));
    }

    [Fact]
    public void The_longest_has_64_characters()
    {
        Assert.True(SessionId.TryParse(new string('a', 64), out _));
        Assert.False(SessionId.TryParse(new string('a', 65), out _));
        Assert.True(SessionName.TryParse(new string('a', 64), out _));
        Assert.False(SessionName.TryParse(new string('a', 65), out _));
    }

    [Fact]
    public void What_is_accepted_is_exactly_what_the_rule_says()
    {
        Gen<string> texts = Gen.Elements("aZ09._-/ \n\0é~".ToCharArray()).ArrayOf().Select(c => new string(c));
        Prop.ForAll(
            texts.ToArbitrary(),
            text => SessionId.TryParse(text, out _) == (Rule().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void An_accepted_id_never_leaves_the_folder_it_is_joined_to()
    {
        Gen<string> texts = Gen.Elements("ab./-\\\0".ToCharArray()).ArrayOf().Select(c => new string(c));
        Prop.ForAll(
            texts.ToArbitrary(),
            text => !SessionId.TryParse(text, out SessionId id)
                || string.Equals(Path.GetFullPath(Path.Combine("/state/sessions", id.Value)), "/state/sessions/" + text, StringComparison.Ordinal))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void Generated_ids_are_8_characters_without_those_that_look_like_others()
    {
        HashSet<char> seen = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        for (int i = 0; i < 2000; i++)
        {
            string id = SessionId.Generate().Value;
            Assert.Matches("^[0-9abcdefghjkmnpqrstvwxyz]{8}$", id);
            Assert.True(SessionId.TryParse(id, out SessionId parsed));
            Assert.Equal(id, parsed.Value);
            ids.Add(id);
            seen.UnionWith(id);
        }

        // 40 random bits: two equal ones among 2,000 come once in half a million runs.
        Assert.Equal(2000, ids.Count);
        Assert.Equal(32, seen.Count);
    }

    [Fact]
    public void An_id_that_was_never_set_cannot_be_used()
    {
        Assert.Throws<InvalidOperationException>(() => default(SessionId).Value);
        Assert.Throws<InvalidOperationException>(() => default(SessionName).Value);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rule();
}
