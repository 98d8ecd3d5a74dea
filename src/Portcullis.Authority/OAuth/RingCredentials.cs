using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.OAuth;

/// <summary>A ring key in the form OpenIddict signs identity tokens with. Made once for each key.</summary>
internal sealed class RingCredentials
{
    private readonly ConditionalWeakTable<SigningKey, SigningCredentials> _made = [];

    public SigningCredentials For(SigningKey key) => _made.GetValue(key, static key =>
    {
        var pem = key.ToPem();
        SecurityKey securityKey;
        if (key.Algorithm.StartsWith("ES", StringComparison.Ordinal))
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);

            // As a web key: the library then makes an instance for each thread that signs, which the platform's object is not safe for.
            securityKey = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(ECDsa.Create(ecdsa.ExportParameters(includePrivateParameters: true))));
        }
        else
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            securityKey = new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: true));
        }

        securityKey.KeyId = key.KeyId;
        return new SigningCredentials(securityKey, key.Algorithm);
    });
}
