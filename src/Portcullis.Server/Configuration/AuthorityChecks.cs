using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="AuthoritySettings"/>.</summary>
internal sealed class AuthorityChecks(ProblemList problems, SettingLocations locations)
{
    public void Check(AuthoritySettings authority)
    {
        if (authority.AccessTokenLifetime > authority.MaxAccessTokenLifetime)
        {
            Report(authority, nameof(authority.AccessTokenLifetime), $"access tokens live for at most {Durations.Format(authority.MaxAccessTokenLifetime)} by 'maxAccessTokenLifetime'");
        }
        if (authority.RotateSigningKeyEvery > TimeSpan.Zero && authority.PublishSigningKeyBefore >= authority.RotateSigningKeyEvery)
        {
            Report(authority, nameof(authority.PublishSigningKeyBefore), "the next key would be published before the present one signs: make it shorter than 'rotateSigningKeyEvery'");
        }
        if (authority is { Enabled: true, LocalAccounts: false, Providers.Count: 0 } && locations.IsSound(authority, nameof(authority.Providers)))
        {
            Report(authority, nameof(authority.LocalAccounts), "without local accounts and 'providers', nobody could sign in");
        }
        for (var i = 0; i < authority.AdditionalSigningAlgorithms.Count; i++)
        {
            var algorithm = authority.AdditionalSigningAlgorithms[i];
            if (algorithm == authority.SigningAlgorithm || authority.AdditionalSigningAlgorithms.Take(i).Contains(algorithm))
            {
                problems.Add(locations.OfItem(authority, nameof(authority.AdditionalSigningAlgorithms), i), $"{algorithm} is named twice");
            }
        }
        if (authority is { KeyEncryptionKeyFile: not null, KeyEncryptionCertificate: not null })
        {
            Report(authority, nameof(authority.KeyEncryptionCertificate), "'keyEncryptionKeyFile' is set, too: keys are encrypted under the one or the other");
        }
        foreach (var provider in authority.Providers)
        {
            CheckProvider(provider, authority.Providers);
        }
    }

    private void CheckProvider(ProviderSettings provider, IReadOnlyList<ProviderSettings> all)
    {
        if (provider.Name is { Length: > 0 } name)
        {
            if (name.Length > 32 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            {
                Report(provider, nameof(provider.Name), "a provider's name has up to 32 letters, digits and dashes");
            }
            else if (!ReferenceEquals(all.First(other => string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)), provider))
            {
                Report(provider, nameof(provider.Name), $"two providers are called '{name}'");
            }
        }
        if (provider.Issuer is { } issuer && (Addresses.Web(issuer) is not { Query: "" } url || !Addresses.IsSafe(url)))
        {
            Report(provider, nameof(provider.Issuer), "an issuer is an https:// URL without a query");
        }
        for (var i = 0; i < provider.Administrators.Count; i++)
        {
            if (provider.Administrators[i].Length == 0)
            {
                problems.Add(locations.OfItem(provider, nameof(provider.Administrators), i), "a group has a name: an empty value of the claim makes nobody an administrator");
            }
        }
        if (provider.ClientId is { Length: 0 })
        {
            Report(provider, nameof(provider.ClientId), "the client needs an identifier");
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
