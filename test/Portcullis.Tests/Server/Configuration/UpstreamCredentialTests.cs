using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Server.Configuration;

namespace Portcullis.Tests.Server.Configuration;

public sealed class UpstreamCredentialTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public UpstreamCredentialTests()
    {
        foreach (var name in (string[])["token", "app.pem"])
        {
            File.SetUnixFileMode(_folder.Write(name, "secret"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("github", "x-access-token")]
    [InlineData("gitlab", "oauth2")]
    [InlineData("gitea", "oauth2")]
    [InlineData("bitbucket", "x-token-auth")]
    [InlineData("azureDevOps", "")]
    public void Conventional_user_names_go_by_the_name_of_the_server(string kind, string user)
    {
        var credential = Assert.IsType<BasicCredentialDefinition>(Definition($"kind: {kind}, secretFile: token"));
        Assert.Equal(user, credential.UserName);
        Assert.Equal(Path.Combine(_folder.Root, "token"), credential.Secret.File);
    }

    [Theory]
    [InlineData("https://github.com", "https://api.github.com/")]
    [InlineData("https://octo.ghe.com", "https://api.octo.ghe.com/")]
    [InlineData("https://git.example.com:8443", "https://git.example.com:8443/api/v3")]
    [InlineData("https://github.com.example.org", "https://github.com.example.org/api/v3")]
    public void App_asks_the_api_that_belongs_to_the_upstream(string upstream, string api)
        => Assert.Equal(api, Assert.IsType<GitHubAppDefinition>(Definition("kind: githubApp, appId: Iv23liAbc, privateKeyFile: app.pem", upstream)).ApiUrl.AbsoluteUri);

    [Fact]
    public void App_takes_all_of_its_settings()
    {
        var app = Assert.IsType<GitHubAppDefinition>(Definition(
            "kind: githubApp, appId: 12345, privateKeyFile: app.pem, installationId: 987, apiUrl: https://git.example.com/api/v3, workflows: true"));
        Assert.Equal(("12345", Path.Combine(_folder.Root, "app.pem"), 987, true), (app.AppId, app.PrivateKeyFile, app.InstallationId!.Value, app.MayWriteWorkflows));
        Assert.Equal("https://git.example.com/api/v3", app.ApiUrl.AbsoluteUri);
    }

    [Theory]
    [InlineData("kind: github", "name one of 'secretFile' and 'secretVariable'")]
    [InlineData("kind: github, secretFile: token, secretVariable: TOKEN", "name one of 'secretFile' and 'secretVariable'")]
    [InlineData("kind: github, secretFile: missing", "there is no file")]
    [InlineData("kind: github, secretFile: token, userName: me", "only 'kind: basic' has a user name")]
    [InlineData("kind: basic, secretFile: token, userName: 'a:b'", "no ':'")]
    [InlineData("kind: basic, secretFile: token, userName: \"a\\r\\nX-Evil\"", "no control characters")]
    [InlineData("kind: bearer, secretFile: token, appId: 12", "only 'kind: githubApp' has this")]
    [InlineData("kind: githubApp", "write it as 'appId'")]
    [InlineData("kind: githubApp, appId: 'a b', privateKeyFile: app.pem", "write it as 'appId'")]
    [InlineData("kind: githubApp, appId: 12", "name its file as 'privateKeyFile'")]
    [InlineData("kind: githubApp, appId: 12, privateKeyFile: app.pem, secretFile: token", "no other secret")]
    [InlineData("kind: githubApp, appId: 12, privateKeyFile: app.pem, installationId: 0", "outside of")]
    [InlineData("kind: githubApp, appId: 12, privateKeyFile: app.pem, apiUrl: http://api.example.com", "https://")]
    [InlineData("kind: githubApp, appId: 12, privateKeyFile: app.pem, apiUrl: 'https://u:p@api.example.com'", "https://")]
    [InlineData("kind: gitHub, secretFile: token", "did you mean 'github'?")]
    [InlineData("kind: github, secret: ghp_abc", "there is no setting 'secret' here")]
    public void Contradictions_are_reported_with_what_to_do(string credential, string problem)
        => Assert.Contains(_folder.Problems(Yaml(credential)), line => line.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void Secret_that_everyone_may_read_and_variable_that_is_not_there_are_warned_of()
    {
        File.SetUnixFileMode(Path.Combine(_folder.Root, "token"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", Assert.Single(_folder.Load(Yaml("kind: github, secretFile: token")).Warnings).ToString());
        Assert.Contains("no environment variable", Assert.Single(_folder.Load(Yaml("kind: github, secretVariable: PORTCULLIS_NOT_THERE")).Warnings).ToString());
    }

    [Theory]
    [InlineData("http://git.example.com", "", false)]
    [InlineData("http://git.example.com", ", allowPlainHttp: false", false)]
    [InlineData("http://10.0.0.7:3000", "", false)]
    [InlineData("http://127.0.0.1.example.com", "", false)]
    [InlineData("http://git.example.com", ", allowPlainHttp: true", true)]
    [InlineData("http://127.0.0.1:3000", "", true)]
    [InlineData("http://[::1]:3000", "", true)]
    [InlineData("http://localhost:3000", "", true)]
    [InlineData("https://git.example.com", "", true)]
    public void Credential_goes_to_another_machine_over_plain_http_only_where_the_operator_says_so(string url, string more, bool isTaken)
    {
        foreach (var credential in (string[])["kind: github, secretFile: token", "kind: githubApp, appId: 12, privateKeyFile: app.pem, apiUrl: https://api.example.com"])
        {
            var yaml = Yaml(credential + more, url);
            if (isTaken)
            {
                Assert.Empty(_folder.Load(yaml).Warnings);
            }
            else
            {
                Assert.Contains("use https://, or say 'allowPlainHttp: true' in 'credential'", Assert.Single(_folder.Problems(yaml)), StringComparison.Ordinal);
            }
        }
    }

    private UpstreamCredentialDefinition Definition(string credential, string url = "https://git.example.com")
        => UpstreamChecks.Definitions(_folder.Load(Yaml(credential, url)).Options).Single().Credential!;

    private static string Yaml(string credential, string url = "https://git.example.com") => $$"""
        upstreams:
          - { match: "far/*", url: "{{url}}", credential: { {{credential}} } }
        """;
}
