using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Git.Names;
using Portcullis.Server.Configuration;

namespace Portcullis.Tests.Server.Configuration;

/// <summary>Where an upstream is. Attack: a pattern, a suffix or a repository's name that turns the address of a request into another one. Claim: whatever is configured and asked for, a request goes to the configured origin, below the configured path.</summary>
public sealed class UpstreamOptionsTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("url: ftp://git.example.com", "http:// or https:// URL")]
    [InlineData("url: file:///etc", "http:// or https:// URL")]
    [InlineData("url: git.example.com", "http:// or https:// URL")]
    [InlineData("url: 'https://user:password@git.example.com'", "without user")]
    [InlineData("url: 'https://git.example.com/?path='", "without user, query and fragment")]
    [InlineData("url: 'https://git.example.com/#'", "without user, query and fragment")]
    [InlineData("url: 'https://*.example.com'", "http:// or https:// URL")]
    [InlineData("url: 'https://git.example.com', suffix: '@evil.example'", "letters, digits")]
    [InlineData("url: 'https://git.example.com', suffix: '/../../x'", "letters, digits")]
    [InlineData("url: 'https://git.example.com', suffix: '?x='", "letters, digits")]
    [InlineData("url: 'https://git.example.com', suffix: '#'", "letters, digits")]
    [InlineData("url: 'https://git.example.com', suffix: '%2e%2e'", "letters, digits")]
    [InlineData("url: 'https://git.example.com', suffix: \"\\r\\nX-Evil: 1\"", "letters, digits")]
    [InlineData("url: 'https://git.example.com', proxy: 'socks5://proxy'", "http://host:port")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128/path'", "http://host:port")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://user:password@proxy:3128'", "stand in 'proxyCredential'")]
    [InlineData("url: 'https://git.example.com', proxyCredential: { userName: me, secretVariable: PASSWORD }", "there is no 'proxy'")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128', proxyCredential: { userName: me }", "name one of 'secretFile' and 'secretVariable'")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128', proxyCredential: { secretVariable: PASSWORD }", "userName")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128', proxyCredential: { userName: 'a:b', secretVariable: PASSWORD }", "no ':'")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128', proxyCredential: { userName: me, secretFile: missing }", "there is no file")]
    [InlineData("url: 'https://git.example.com', proxy: 'http://proxy:3128', proxyCredential: { userName: me, secretVariable: PASSWORD }, lfs: { storage: [ 'http://storage.example.com' ] }", "must begin as 'url' does")]
    [InlineData("url: 'https://git.example.com', lfs: { storage: [ 'https://storage.example.com/path' ] }", "an origin is written")]
    [InlineData("url: 'https://git.example.com', certificateAuthority: missing.pem", "there is no file")]
    public void What_could_lead_elsewhere_is_refused(string settings, string problem)
        => Assert.Contains(_folder.Problems(Yaml("far/*", settings)), line => line.Contains(problem, StringComparison.Ordinal));

    [Theory]
    [InlineData("/far/*")]
    [InlineData("far/*@evil.example")]
    [InlineData("https://evil.example/*")]
    [InlineData("")]
    public void Pattern_that_is_none_is_refused(string match) => Assert.NotEmpty(_folder.Problems(Yaml(match, "url: 'https://git.example.com'")));

    [Theory]
    [InlineData("far/*", "strip", ".git", "https://git.example.com")]
    [InlineData("far/*", "keep", "", "https://git.example.com/")]
    [InlineData("*", "strip", ".git", "https://git.example.com:8443/scm")]
    [InlineData("f*", "strip", "-git", "https://git.example.com/scm/")]
    [InlineData("far/a*", "strip", "..", "https://git.example.com")]
    [InlineData("../*", "keep", ".git", "https://git.example.com/scm")]
    [InlineData("*.example/*", "strip", ".git", "https://git.example.com")]
    public void Every_name_stays_at_the_configured_origin_and_below_its_path(string match, string prefix, string suffix, string url)
    {
        var definition = UpstreamChecks.Definitions(_folder.Load(Yaml(match, $"url: '{url}', prefix: {prefix}, suffix: '{suffix}'")).Options).Single();
        foreach (var name in s_names.Select(RepositoryPath.Parse).Where(definition.Match.IsMatch))
        {
            var endpoint = UpstreamRepository.Of(definition, name).Endpoint("info/refs?service=git-upload-pack");
            Assert.Equal(new Uri(url).GetLeftPart(UriPartial.Authority), endpoint.GetLeftPart(UriPartial.Authority));
            Assert.StartsWith(new Uri(url).AbsolutePath.TrimEnd('/') + "/", endpoint.AbsolutePath, StringComparison.Ordinal);
            Assert.EndsWith("/info/refs", endpoint.AbsolutePath, StringComparison.Ordinal);
            Assert.Equal("?service=git-upload-pack", endpoint.Query);
        }
    }

    // What a repository may be called, at its worst.
    private static readonly string[] s_names =
    [
        "far/app", "far/acme/app", "far/evil.example/app", "far/a..b/c", "far/x.gitx", "far/http/x", "far/x.info/refs", "far/info/refs", "far/git-receive-pack", "far/a~b+c-d_e", "f", "evil.example", "www.example/x", "far/A/B/C/D/E/F",
    ];

    private static string Yaml(string match, string settings) => $$"""
        upstreams:
          - { match: "{{match}}", {{settings}} }
        """;
}
