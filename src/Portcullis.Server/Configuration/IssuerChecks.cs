using Portcullis.Server.Configuration.Binding;
using Portcullis.Tokens;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="IssuerOptions"/>.</summary>
internal sealed class IssuerChecks(ProblemList problems, SettingLocations locations)
{
    private static readonly string[] s_publicDefault = [SignatureAlgorithms.ES256, SignatureAlgorithms.RS256];
    private static readonly string[] s_secretDefault = [SignatureAlgorithms.HS256];

    public void Check(PortcullisConfiguration configuration)
    {
        if (!configuration.Authority.Enabled && configuration.Issuers.Count == 0 && locations.IsSound(configuration, nameof(configuration.Issuers)))
        {
            Report(configuration.Authority, nameof(AuthoritySettings.Enabled), "without the authority and without 'issuers', no token could be accepted");
        }
        var seen = new Dictionary<string, IssuerOptions>(StringComparer.Ordinal);
        foreach (var issuer in configuration.Issuers)
        {
            if (issuer.Issuer is not null)
            {
                CheckName(issuer, configuration, seen);
            }
            CheckKeys(issuer);
            if (issuer.Types.Count == 0 && locations.IsSound(issuer, nameof(issuer.Types)))
            {
                Report(issuer, nameof(issuer.Types), "no token could be accepted; leave the key out to have at+jwt");
            }
            if (issuer.Ceiling is { Count: 0 } && locations.IsSound(issuer, nameof(issuer.Ceiling)))
            {
                Report(issuer, nameof(issuer.Ceiling), "nothing would be allowed; leave the key out for no ceiling");
            }
        }
    }

    private void CheckName(IssuerOptions issuer, PortcullisConfiguration configuration, Dictionary<string, IssuerOptions> seen)
    {
        if (!seen.TryAdd(issuer.Issuer, issuer))
        {
            Report(issuer, nameof(issuer.Issuer), "this issuer stands here twice");
        }
        if (configuration.Authority.Enabled && string.Equals(issuer.Issuer.TrimEnd('/'), configuration.Server.PublicUrl, StringComparison.OrdinalIgnoreCase))
        {
            Report(issuer, nameof(issuer.Issuer), "this is the built-in authority's own name ('server.publicUrl'); its tokens are accepted anyway");
        }
        if (issuer.Issuer.Length == 0 || issuer.Issuer.Any(char.IsControl))
        {
            Report(issuer, nameof(issuer.Issuer), "an issuer is the exact value of its tokens' 'iss'");
        }
        else if (issuer is { Jwks: null, SecretFile: null } && (Addresses.Web(issuer.Issuer) is not { Query: "" } url || !Addresses.IsSafe(url)))
        {
            Report(issuer, nameof(issuer.Issuer), "its keys can be discovered only at an https:// URL; otherwise name them with 'jwks' or 'secretFile'");
        }
        if (issuer.Jwks is { } jwks && !Path.IsPathFullyQualified(jwks) && (Addresses.Web(jwks) is not { } keys || !Addresses.IsSafe(keys)))
        {
            Report(issuer, nameof(issuer.Jwks), "keys are fetched from https:// only: anyone on the way could put in keys of their own");
        }
    }

    private void CheckKeys(IssuerOptions issuer)
    {
        if (issuer is { Jwks: not null, SecretFile: not null })
        {
            Report(issuer, nameof(issuer.SecretFile), "an issuer has public keys or a shared secret, not both: leave out 'jwks' or 'secretFile'");
        }
        if (!locations.IsGiven(issuer, nameof(issuer.Algorithms)))
        {
            issuer.Algorithms = issuer.SecretFile is null ? s_publicDefault : s_secretDefault;
            return;
        }
        if (!locations.IsSound(issuer, nameof(issuer.Algorithms)))
        {
            return;
        }
        if (issuer.Algorithms.Count == 0)
        {
            Report(issuer, nameof(issuer.Algorithms), "no token could be accepted; leave the key out to have the default");
        }
        var symmetric = issuer.Algorithms.Count(SignatureAlgorithms.IsSymmetric);
        if (symmetric > 0 && symmetric < issuer.Algorithms.Count)
        {
            // RFC 8725 §3.1: with both, a public key could be used as the secret of an HMAC.
            Report(issuer, nameof(issuer.Algorithms), "algorithms of a shared secret (HS256 and so on) never stand beside those of public keys");
        }
        else if (symmetric > 0 && issuer.SecretFile is null)
        {
            Report(issuer, nameof(issuer.Algorithms), "HS256, HS384 and HS512 need 'secretFile'");
        }
        else if (symmetric == 0 && issuer.Algorithms.Count > 0 && issuer.SecretFile is not null)
        {
            Report(issuer, nameof(issuer.Algorithms), "with 'secretFile' the algorithms are HS256, HS384 or HS512");
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
