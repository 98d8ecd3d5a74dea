using Portcullis.Git.Names;

namespace Portcullis.Tests.Git.Names;

public class RepositoryPathTests
{
    [Theory]
    [InlineData("app")]
    [InlineData("acme/app")]
    [InlineData("a/b/c/d/e")]
    [InlineData("acme/app.js")]
    [InlineData("Acme/App_1~x+y-z")]
    [InlineData("github/login")]
    [InlineData("acme/oauth")]
    public void Accepts_plain_paths(string text)
    {
        Assert.Equal(text, RepositoryPath.Parse(text).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/acme/app")]
    [InlineData("acme/app/")]
    [InlineData("acme//app")]
    [InlineData("acme/app.git")]
    [InlineData("acme/app.GIT")]
    [InlineData("acme.git/app")]
    [InlineData(".git")]
    [InlineData("acme/app.lock")]
    [InlineData("..")]
    [InlineData("acme/../app")]
    [InlineData("acme/./app")]
    [InlineData("acme/.hidden")]
    [InlineData("acme/app.")]
    [InlineData("-upload-pack=x")]
    [InlineData("acme/-x")]
    [InlineData("acme\\app")]
    [InlineData("acme/a b")]
    [InlineData("acme/a\0")]
    [InlineData("acme/a\n")]
    [InlineData("acme:app")]
    [InlineData("acme/%2e%2e")]
    [InlineData("acme/é")]
    [InlineData("acme/a*")]
    [InlineData("acme/a@b")]
    [InlineData("oauth/app")]
    [InlineData("OAuth/app")]
    [InlineData("login")]
    [InlineData("healthz")]
    [InlineData("v2/app")]
    [InlineData("signin-oidc")]
    public void Rejects_tricks_and_reserved_names(string text)
    {
        Assert.False(RepositoryPath.TryParse(text, out _, out var problem));
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_overlong_paths_and_segments()
    {
        Assert.True(RepositoryPath.TryParse(new string('a', 100), out _));
        Assert.False(RepositoryPath.TryParse(new string('a', 101), out _));
        var path = string.Join('/', Enumerable.Repeat("abc", 64));
        Assert.Equal(255, path.Length);
        Assert.True(RepositoryPath.TryParse(path, out _));
        Assert.False(RepositoryPath.TryParse(path + "d", out _));
        Assert.False(RepositoryPath.TryParse(null, out _));
    }

    [Theory]
    [InlineData("acme/*", "acme/app", true)]
    [InlineData("*", "acme/app", true)]
    [InlineData("acme/app", "acme/app", true)]
    [InlineData("acme/app", "acme/App", false)]
    [InlineData("acme/*", "acme2/app", false)]
    public void Repository_patterns_match_the_whole_path(string pattern, string path, bool isMatch)
    {
        Assert.Equal(isMatch, RepositoryPattern.Parse(pattern).IsMatch(RepositoryPath.Parse(path)));
    }

    [Theory]
    [InlineData("acme/app.git")]
    [InlineData("/acme/app")]
    [InlineData("/acme/*")]
    [InlineData("acme/")]
    [InlineData("acme/a@b")]
    public void Rejects_repository_patterns_that_could_match_nothing(string pattern)
    {
        Assert.False(RepositoryPattern.TryParse(pattern, out _, out var problem));
        Assert.NotEmpty(problem.Message);
    }
}
