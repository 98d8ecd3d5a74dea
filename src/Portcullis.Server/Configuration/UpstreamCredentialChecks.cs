using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="UpstreamCredentialOptions"/>, and what the gateway is given of them.</summary>
internal sealed class UpstreamCredentialChecks(ProblemList problems, ProblemList warnings, SettingLocations locations)
{
    private static readonly string[] s_ofSecrets = [nameof(UpstreamCredentialOptions.SecretFile), nameof(UpstreamCredentialOptions.SecretVariable)];

    private static readonly string[] s_ofApps =
    [
        nameof(UpstreamCredentialOptions.AppId), nameof(UpstreamCredentialOptions.PrivateKeyFile), nameof(UpstreamCredentialOptions.InstallationId),
        nameof(UpstreamCredentialOptions.ApiUrl), nameof(UpstreamCredentialOptions.Workflows),
    ];

    /// <summary>Checks the credential of an upstream.</summary>
    public void Check(UpstreamCredentialOptions credential)
    {
        if (!locations.IsSound(credential, nameof(credential.Kind)))
        {
            return;
        }

        if (credential.Kind == UpstreamCredentialKind.GithubApp)
        {
            CheckApp(credential);
        }
        else
        {
            CheckSecret(credential);
        }

        WarnOfMode(credential, nameof(credential.SecretFile), credential.SecretFile);
        WarnOfMode(credential, nameof(credential.PrivateKeyFile), credential.PrivateKeyFile);
    }

    /// <summary>Checks what a proxy is shown.</summary>
    public void Check(ProxyCredentialOptions credential)
    {
        CheckLocation(credential, credential.SecretFile, credential.SecretVariable);
        CheckUserName(credential, credential.UserName);
        WarnOfMode(credential, nameof(credential.SecretFile), credential.SecretFile);
    }

    /// <summary>What the gateway is given of a credential that was checked.</summary>
    public static UpstreamCredentialDefinition Definition(UpstreamCredentialOptions options, Uri upstream)
    {
        var secret = new SecretLocation(options.SecretFile, options.SecretVariable);
        return options.Kind switch
        {
            UpstreamCredentialKind.Basic => new BasicCredentialDefinition(options.UserName, secret),
            UpstreamCredentialKind.Bearer => new BearerCredentialDefinition(secret),
            UpstreamCredentialKind.GithubApp => new GitHubAppDefinition
            {
                AppId = options.AppId!,
                PrivateKeyFile = options.PrivateKeyFile!,
                InstallationId = options.InstallationId,
                ApiUrl = options.ApiUrl is { } api ? new Uri(api) : ApiOf(upstream),
                MayWriteWorkflows = options.Workflows,
            },
            var kind => new BasicCredentialDefinition(ConventionalUserName(kind), secret),
        };
    }

    // What each of them wants as the user name beside a token.
    private static string ConventionalUserName(UpstreamCredentialKind kind) => kind switch
    {
        UpstreamCredentialKind.Github => "x-access-token",
        UpstreamCredentialKind.Gitlab or UpstreamCredentialKind.Gitea => "oauth2",
        UpstreamCredentialKind.Bitbucket => "x-token-auth",
        UpstreamCredentialKind.AzureDevOps => "",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no conventional user name"),
    };

    // github.com and GitHub Enterprise Cloud with its own domain have a host for the API; GitHub Enterprise Server has a path.
    private static Uri ApiOf(Uri upstream) =>
        upstream.IdnHost == "github.com" || upstream.IdnHost.EndsWith(".ghe.com", StringComparison.Ordinal)
            ? new Uri($"https://api.{upstream.IdnHost}")
            : new Uri(upstream.GetLeftPart(UriPartial.Authority) + "/api/v3");

    private void CheckSecret(UpstreamCredentialOptions credential)
    {
        CheckLocation(credential, credential.SecretFile, credential.SecretVariable);
        if (credential.Kind != UpstreamCredentialKind.Basic && credential.UserName.Length > 0)
        {
            Report(credential, nameof(credential.UserName), "only 'kind: basic' has a user name of one's own");
        }

        CheckUserName(credential, credential.UserName);
        ReportGiven(credential, s_ofApps, "only 'kind: githubApp' has this");
    }

    private void CheckLocation(object credential, string? file, string? variable)
    {
        if (file is null == variable is null && locations.IsSound(credential, nameof(UpstreamCredentialOptions.SecretFile)))
        {
            Report(credential, nameof(UpstreamCredentialOptions.SecretFile), "a secret is in a file or in an environment variable: name one of 'secretFile' and 'secretVariable'");
        }

        if (variable is not null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)))
        {
            // Commands run where the server's environment need not be.
            warnings.Add(
                locations.Of(credential, nameof(UpstreamCredentialOptions.SecretVariable)), $"there is no environment variable '{Shown.Text(variable)}' here, or it is empty");
        }
    }

    private void CheckUserName(object credential, string? userName)
    {
        if (userName?.Any(character => character == ':' || char.IsControl(character)) == true)
        {
            Report(credential, nameof(UpstreamCredentialOptions.UserName), "a user name holds no ':' and no control characters");
        }
    }

    private void CheckApp(UpstreamCredentialOptions credential)
    {
        if (string.IsNullOrEmpty(credential.AppId) || !credential.AppId.All(char.IsAsciiLetterOrDigit))
        {
            Report(credential, nameof(credential.AppId), "a GitHub App has a client ID such as Iv23liAbc, or a number: write it as 'appId'");
        }

        if (credential.PrivateKeyFile is null && locations.IsSound(credential, nameof(credential.PrivateKeyFile)))
        {
            Report(credential, nameof(credential.PrivateKeyFile), "a GitHub App signs with a private key: name its file as 'privateKeyFile'");
        }

        if (credential.ApiUrl is { } api && (Addresses.Web(api) is not { Query: "" } url || !Addresses.IsSafe(url)))
        {
            Report(credential, nameof(credential.ApiUrl), "the REST API is at an https:// URL without a query");
        }

        ReportGiven(credential, s_ofSecrets, "a GitHub App has its key in 'privateKeyFile', and no other secret");
        ReportGiven(credential, [nameof(credential.UserName)], "only 'kind: basic' has a user name of one's own");
    }

    private void ReportGiven(UpstreamCredentialOptions credential, string[] names, string message)
    {
        foreach (var name in names.Where(name => locations.IsGiven(credential, name)))
        {
            Report(credential, name, message);
        }
    }

    private void WarnOfMode(object credential, string name, string? path)
    {
        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (path is not null && !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & Others) != 0)
        {
            warnings.Add(locations.Of(credential, name), $"everyone on this machine may read or change '{Shown.Text(path)}': chmod 600 it");
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
