using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Registry;

/// <summary>A registry's token.</summary>
internal sealed record RegistryToken(string Token, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

/// <summary>Writes tokens in the form of the distribution's token specification: a JWT with an <c>access</c> claim.</summary>
internal sealed class RegistryTokenWriter(RegistryOptions options, RegistrySigner signer, TimeProvider time)
{
    /// <summary>Writes a token for a registry.</summary>
    /// <param name="holder">The token that it is given for, which it never outlives.</param>
    /// <param name="service">The registry.</param>
    /// <param name="access">What it opens; may be nothing.</param>
    public RegistryToken Write(ValidatedToken holder, string service, IReadOnlyList<RegistryScope> access)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var expires = now + options.TokenLifetime < holder.ExpiresAt ? now + options.TokenLifetime : holder.ExpiresAt;
        var payload = JsonSerializer.SerializeToUtf8Bytes(new
        {
            iss = options.Issuer,
            sub = holder.Subject,
            aud = service,
            exp = expires.ToUnixTimeSeconds(),
            nbf = now.ToUnixTimeSeconds(),
            iat = now.ToUnixTimeSeconds(),
            jti = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            access = access.Select(scope => new { type = scope.Type, name = scope.Name, actions = scope.Actions }),
        });
        return new RegistryToken(signer.Sign(payload), now, expires);
    }
}
