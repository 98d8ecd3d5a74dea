using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>Where a redirect of an upstream may lead: never to another origin, and never silently to another repository.</summary>
public class UpstreamRedirectTests
{
    [Theory]
    [InlineData("https://git.example.com/acme/app/info/refs?service=git-upload-pack", "https://git.example.com/acme/app")]
    [InlineData("https://git.example.com/acme/app.git/info/refs?service=git-upload-pack", "https://git.example.com/acme/app.git")]
    [InlineData("https://git.example.com/Acme/App.git/info/refs?service=git-upload-pack", "https://git.example.com/Acme/App.git")]
    [InlineData("https://GIT.example.com:443/acme/app/info/refs?service=git-upload-pack", "https://git.example.com/acme/app")]
    public void Accepts_another_spelling_of_the_repository(string location, string repository)
    {
        var redirect = Read("https://git.example.com", location);
        Assert.Equal(repository, redirect.Repository?.AbsoluteUri);
        Assert.Null(redirect.Renamed);
    }

    [Theory]
    [InlineData("http://git.example.com", "https://git.example.com/acme/app.git/info/refs?service=git-upload-pack", true)]
    [InlineData("http://git.example.com:8080", "https://git.example.com/acme/app.git/info/refs?service=git-upload-pack", false)]
    [InlineData("http://git.example.com", "https://git.example.com:8443/acme/app.git/info/refs?service=git-upload-pack", false)]
    [InlineData("https://git.example.com", "http://git.example.com/acme/app.git/info/refs?service=git-upload-pack", false)]
    [InlineData("http://git.example.com", "https://www.git.example.com/acme/app.git/info/refs?service=git-upload-pack", false)]
    public void Accepts_the_same_host_by_tls_and_never_without(string url, string location, bool isAccepted) =>
        Assert.Equal(isAccepted, Read(url, location).Repository is not null);

    [Theory]
    [InlineData("https://evil.example/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://git.example.com.evil.example/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://git.example.com:8443/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://git.example.com@evil.example/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://user:password@git.example.com/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://git.example.com/acme/app.git/info/refs?service=git-upload-pack#x")]
    [InlineData("ftp://git.example.com/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://git.example.com/acme/app.git/info/refs?service=git-receive-pack")]
    [InlineData("https://git.example.com/acme/app.git/info/refs")]
    [InlineData("https://git.example.com/acme/app.git/info/refs?service=git-upload-pack&x=1")]
    [InlineData("https://git.example.com/login?return=/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("https://git.example.com/acme/app.git/HEAD")]
    public void Rejects_what_leads_elsewhere(string location)
    {
        var redirect = Read("https://git.example.com", location);
        Assert.Null(redirect.Repository);
        Assert.Null(redirect.Renamed);
    }

    [Theory]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/acme/new.git", "near/acme/new")]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/other/place/new", "near/other/place/new")]
    [InlineData("near/*", "https://git.example.com/scm", "https://git.example.com/scm/acme/new.git", "near/acme/new")]
    [InlineData("near/*", "https://git.example.com/scm", "https://git.example.com/acme/new.git", null)]
    [InlineData("near/acme*", "https://git.example.com", "https://git.example.com/acme/new.git", "near/acme/new")]
    [InlineData("near/acme*", "https://git.example.com", "https://git.example.com/other/new.git", null)]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/acme/..%2f..%2fnew.git", null)]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/acme/%0d%0aX-Evil:1.git", null)]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/acme//new.git", null)]
    [InlineData("near/*", "https://git.example.com", "https://git.example.com/-u/new.git", null)]
    public void Another_repository_is_named_as_it_is_called_here_and_never_taken_for_the_one_that_was_asked_for(string match, string url, string location, string? renamed)
    {
        var redirect = Read(url, location + "/info/refs?service=git-upload-pack", match);
        Assert.Null(redirect.Repository);
        Assert.Equal(renamed, redirect.Renamed?.Value);
    }

    private static UpstreamRedirect Read(string url, string location, string match = "near/*")
    {
        var definition = new UpstreamDefinition { Match = RepositoryPattern.Parse(match), Url = new Uri(url) };
        return UpstreamRedirect.Of(
            definition, UpstreamRepository.Of(definition, RepositoryPath.Parse("near/acme/app")), "info/refs?service=git-upload-pack", new Uri(location));
    }
}
