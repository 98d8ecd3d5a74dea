using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Git.Names;

public class WildcardPatternTests
{
    private static readonly Gen<string> Text = Gen.OneOf<string>("a", "b", "/", "*", "%", ":", "@", "^", ",", " ", "\"", "\\", "é", "日", "😀").Array[0, 6].Select(string.Concat);

    private static readonly Gen<WildcardPattern> Patterns = Text.Array[1, 4].Select(parts => WildcardPattern.FromParts(parts));

    [Fact]
    public void Printing_and_parsing_are_inverse()
    {
        Patterns.Where(pattern => pattern.ToString().Length > 0).Sample(pattern =>
            WildcardPattern.TryParse(pattern.ToString(), out var parsed) && parsed.Equals(pattern) && parsed.ToString() == pattern.ToString()
            && pattern.ToString().All(c => c is '*' or '%' || !PatternEncoding.MustBeEncoded(c)));
    }

    [Fact]
    public void Matching_agrees_with_an_anchored_regular_expression()
    {
        var few = Gen.OneOf<string>("a", "b", "ab", "/").Array[0, 8].Select(string.Concat);
        Gen.Select(few.Array[1, 4].Select(parts => WildcardPattern.FromParts(parts)), few).Sample((pattern, text) =>
        {
            var expected = new Regex("\\A" + string.Join("(?s:.*)", pattern.Parts.Select(Regex.Escape)) + "\\z", RegexOptions.NonBacktracking).IsMatch(text);
            return pattern.IsMatch(text) == expected && pattern.IsMatch(Encoding.UTF8.GetBytes(text)) == expected;
        }, iter: 3000);
    }

    [Fact]
    public void Long_literals_between_stars_are_found_as_a_regular_expression_finds_them()
    {
        var runs = Gen.OneOf<string>("a", "aa", "ab", "aab").Array[0, 24].Select(string.Concat);
        Gen.Select(runs, runs, runs).Sample((before, middle, after) =>
        {
            var pattern = WildcardPattern.FromParts("", middle, "");
            return pattern.IsMatch(before + middle + after) && pattern.IsMatch(before + after) == (before + after).Contains(middle, StringComparison.Ordinal);
        }, iter: 3000);
    }

    [Fact]
    public void Covering_means_that_every_text_of_the_other_matches()
    {
        var few = Gen.OneOf<string>("a", "b", "").Array[0, 3].Select(string.Concat);
        var patterns = few.Array[1, 4].Select(parts => WildcardPattern.FromParts(parts));
        string[] texts = [.. Enumerable.Range(0, 7).SelectMany(Words)];
        Gen.Select(patterns, patterns).Sample((wide, narrow) => !wide.Covers(narrow) || texts.All(text => !narrow.IsMatch(text) || wide.IsMatch(text)), iter: 300);
        Assert.True(WildcardPattern.Parse("refs/heads/*").Covers(WildcardPattern.Parse("refs/heads/agent/*")));
        Assert.True(WildcardPattern.Parse("*").Covers(WildcardPattern.Parse("a*b*c")));
        Assert.False(WildcardPattern.Parse("refs/heads/agent/*").Covers(WildcardPattern.Parse("refs/heads/*")));
        Assert.False(WildcardPattern.Parse("%2A").Covers(WildcardPattern.Parse("*")));

        static IEnumerable<string> Words(int length) =>
            Enumerable.Range(0, 1 << length).Select(bits => string.Concat(Enumerable.Range(0, length).Select(i => (bits >> i & 1) == 0 ? 'a' : 'b')));
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("**", "anything/at all", true)]
    [InlineData("a*a", "a", false)]
    [InlineData("a*a", "aa", true)]
    [InlineData("ab*bc", "abc", false)]
    [InlineData("acme/*", "acme/", true)]
    [InlineData("acme/*", "acme", false)]
    [InlineData("acme/*", "acme/a/b", true)]
    [InlineData("acme/app", "acme/app2", false)]
    [InlineData("acme/app", "xacme/app", false)]
    [InlineData("refs/heads/%2A", "refs/heads/*", true)]
    [InlineData("refs/heads/%2A", "refs/heads/x", false)]
    [InlineData("refs/heads/%C3%BCber", "refs/heads/über", true)]
    [InlineData("refs/heads/%c3%bcber", "refs/heads/über", true)]
    [InlineData("MAIN", "main", false)]
    public void Matches_the_whole_text_and_nothing_else(string pattern, string text, bool isMatch)
    {
        Assert.Equal(isMatch, WildcardPattern.Parse(pattern).IsMatch(text));
        Assert.Equal(isMatch, WildcardPattern.Parse(pattern).IsMatch(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a,b", 1)]
    [InlineData("a:b", 1)]
    [InlineData("a@b", 1)]
    [InlineData("^a", 0)]
    [InlineData("a b", 1)]
    [InlineData("a\"b", 1)]
    [InlineData("a\\b", 1)]
    [InlineData("aéb", 1)]
    [InlineData("*/%", 2)]
    [InlineData("*/%4", 2)]
    [InlineData("*/%4g", 2)]
    [InlineData("*/% 4", 2)]
    [InlineData("*/%+4", 2)]
    [InlineData("a%00", 1)]
    [InlineData("a%0A", 1)]
    [InlineData("a%7f", 1)]
    [InlineData("*%FF", 1)]
    [InlineData("%C3*%BC", 0)]
    [InlineData("%ED%A0%80", 0)]
    public void Rejects_what_is_not_encoded_as_the_notation_says(string text, int position)
    {
        Assert.False(WildcardPattern.TryParse(text, out _, out var problem));
        Assert.Equal(position, problem.Position);
        Assert.NotEmpty(problem.Message);
    }

    [Fact]
    public void Rejects_a_pattern_longer_than_the_limit()
    {
        Assert.True(WildcardPattern.TryParse(new string('a', WildcardPattern.MaxLength), out _));
        Assert.False(WildcardPattern.TryParse(new string('a', WildcardPattern.MaxLength + 1), out _));
    }

    [Fact]
    public void Text_that_no_name_holds_is_refused_after_encoding_instead_of_changed()
    {
        foreach (var text in new[] { "a\ud800", "a\0", "a\n" })
        {
            Assert.False(WildcardPattern.TryParse(WildcardPattern.Encode(text), out _));
            Assert.Throws<ArgumentException>(() => WildcardPattern.Literal(text));
        }
    }

    [Fact]
    public void Encoded_text_means_only_itself()
    {
        Text.Where(text => text.Length > 0).Sample(text => WildcardPattern.Parse(WildcardPattern.Encode(text)).Equals(WildcardPattern.Literal(text)));
    }

    [Fact]
    public void Attack_many_stars_and_repetitions_do_not_make_matching_slow()
    {
        // Claim: time linear in the text. A backtracking matcher would not end within the life of the universe here.
        var pattern = WildcardPattern.FromParts([.. Enumerable.Repeat("a", 200), new string('a', 2000) + "b", "c"]);
        var text = new string('a', 100_000);
        var clock = Stopwatch.StartNew();
        Assert.False(pattern.IsMatch(text + "c"));
        Assert.True(clock.ElapsedMilliseconds < 10_000);
    }

    [Fact]
    public void Matching_allocates_nothing()
    {
        var pattern = WildcardPattern.Parse("refs/*/users/*/x");
        Assert.True(pattern.IsMatch("refs/heads/users/alice/x"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _ = pattern.IsMatch("refs/heads/users/alice/x") ^ pattern.IsMatch("refs/heads/users/alice/x"u8);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
