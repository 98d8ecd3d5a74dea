namespace Portcullis.Tokens;

/// <summary>The signature algorithms (RFC 7518 §3.1) that Portcullis signs and verifies with. Nothing else is ever accepted, <c>none</c> least of all.</summary>
public static class SignatureAlgorithms
{
    /// <summary>ECDSA on P-256 with SHA-256: the default for signing, and the shortest signature.</summary>
    public const string ES256 = "ES256";

    /// <summary>ECDSA on P-384 with SHA-384.</summary>
    public const string ES384 = "ES384";

    /// <summary>ECDSA on P-521 with SHA-512.</summary>
    public const string ES512 = "ES512";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256.</summary>
    public const string RS256 = "RS256";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-384.</summary>
    public const string RS384 = "RS384";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-512.</summary>
    public const string RS512 = "RS512";

    /// <summary>RSASSA-PSS with SHA-256.</summary>
    public const string PS256 = "PS256";

    /// <summary>RSASSA-PSS with SHA-384.</summary>
    public const string PS384 = "PS384";

    /// <summary>RSASSA-PSS with SHA-512.</summary>
    public const string PS512 = "PS512";

    /// <summary>HMAC with SHA-256: only for an issuer that is configured with a shared secret.</summary>
    public const string HS256 = "HS256";

    /// <summary>HMAC with SHA-384: only for an issuer that is configured with a shared secret.</summary>
    public const string HS384 = "HS384";

    /// <summary>HMAC with SHA-512: only for an issuer that is configured with a shared secret.</summary>
    public const string HS512 = "HS512";

    /// <summary>The algorithms whose verification key is public. The allow-list of an issuer that names none.</summary>
    public static IReadOnlyList<string> Asymmetric { get; } = [ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512];

    /// <summary>The algorithms of a shared secret.</summary>
    public static IReadOnlyList<string> Symmetric { get; } = [HS256, HS384, HS512];

    /// <summary>Whether <paramref name="algorithm"/> is one of <see cref="Asymmetric"/> or <see cref="Symmetric"/>; names are case-sensitive (RFC 7515 §4.1.1).</summary>
    public static bool IsSupported(string? algorithm) => algorithm is not null && Keys.AlgorithmDescriptor.Find(algorithm) is not null;

    /// <summary>Whether <paramref name="algorithm"/> is one of <see cref="Symmetric"/>.</summary>
    public static bool IsSymmetric(string? algorithm) => algorithm is HS256 or HS384 or HS512;
}
