using CsCheck;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Git.Names;

public class RefPatternTests
{
    [Theory]
    [InlineData("refs/heads/main", "refs/heads/main", true)]
    [InlineData("^refs/heads/main", "refs/heads/main", true)]
    [InlineData("refs/heads/*", "refs/tags/v1", false)]
    [InlineData("*", "refs/tags/v1", true)]
    [InlineData("re*main", "refs/heads/main", true)]
    [InlineData("refs/heads/%40", "refs/heads/@", true)]
    public void Matches_full_names(string pattern, string name, bool isMatch)
    {
        var parsed = RefPattern.Parse(pattern);
        Assert.Equal(pattern[0] == '^', parsed.IsExclusion);
        Assert.Equal(isMatch, parsed.IsMatch(RefName.Parse(name)));
        Assert.Equal(isMatch, parsed.IsMatch(RefName.Parse(name).ToUtf8()));
        Assert.Equal(pattern, parsed.ToString());
    }

    [Theory]
    [InlineData("main")]
    [InlineData("^main")]
    [InlineData("HEAD")]
    [InlineData("^HEAD")]
    [InlineData("heads/*")]
    [InlineData("^heads/*")]
    [InlineData("refs/heads/a..b")]
    [InlineData("refs/heads/")]
    [InlineData("^")]
    [InlineData("^^refs/heads/main")]
    [InlineData("")]
    public void Rejects_patterns_that_could_match_no_ref(string text)
    {
        // Claim: an exclusion that protects nothing is never accepted in silence.
        Assert.False(RefPattern.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem.Message);
    }

    [Fact]
    public void Printing_and_parsing_are_inverse()
    {
        var names = Gen.OneOf<string>("a", "b", "é", "%", "@", ",", "日").Array[1, 5].Select(parts => RefName.Parse("refs/heads/" + string.Concat(parts)));
        Gen.Select(names, Gen.Bool).Sample((name, isExclusion) =>
        {
            var pattern = RefPattern.For(name, isExclusion);
            return RefPattern.Parse(pattern.ToString()).Equals(pattern) && pattern.IsMatch(name);
        });
    }
}
