using Portcullis.Access.Policies;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.Keys;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Authority;

/// <summary>Everything that can be set about the authority. Made by the server's configuration, or by hand.</summary>
public sealed record AuthorityOptions
{
    /// <summary>The address at which people and clients reach this server, without a slash at the end. It is the issuer of the tokens, too.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The <c>iss</c> of the tokens. Default: <see cref="PublicUrl"/>.</summary>
    public string Issuer => PublicUrl;

    /// <summary>The <c>aud</c> of access tokens: what the gateway answers to. Default: <see cref="PublicUrl"/>.</summary>
    public string? Audience { get; init; }

    /// <summary>Where the keys that protect cookies and private keys lie. Made when missing, readable by the owner alone.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>A SQLite or PostgreSQL connection string. Default: <c>portcullis.db</c> in <see cref="DataDirectory"/>.</summary>
    public string? Database { get; init; }

    /// <summary>
    /// A file with 32 random bytes (raw, or in Base64), under which the private keys are encrypted instead of under keys in <see cref="DataDirectory"/>. Needed where several nodes
    /// share a database.
    /// </summary>
    public string? KeyEncryptionKeyFile { get; init; }

    /// <summary>
    /// A certificate with an RSA private key, under which the private keys are encrypted instead: the operator's own, as it comes from their certificate store. Its validity is not looked at:
    /// it encrypts and vouches for nobody. Excludes <see cref="KeyEncryptionKeyFile"/>.
    /// </summary>
    public KeyEncryptionCertificate? KeyEncryptionCertificate { get; init; }

    /// <summary>Earlier certificates, with which can still be decrypted what was encrypted under them.</summary>
    public IReadOnlyList<KeyEncryptionCertificate> FormerKeyEncryptionCertificates { get; init; } = [];

    /// <summary>The policy in force, asked each time a token is issued.</summary>
    public Func<AccessPolicy> Policy { get; init; } = () => AccessPolicy.Empty;

    /// <summary>Other issuers, whose tokens can be exchanged for ours as far as the policy's <c>trust</c> entries allow.</summary>
    public IReadOnlyList<TrustedIssuer> TrustedIssuers { get; init; } = [];

    /// <summary>Life of an access token where neither client nor role says otherwise. Default: 15 minutes.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest life of any access token, and so the time for which a revocation is remembered. Default: one hour.</summary>
    public TimeSpan MaxAccessTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Life of a refresh token, and of the session it belongs to, counted from its last use. Default: 30 days.</summary>
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>For how long a refresh token that was used already may be used again, for clients whose answer got lost. Default: 30 seconds.</summary>
    public TimeSpan RefreshTokenReuseLeeway { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Life of a sign-in in the browser, counted from its last use. Default: 12 hours.</summary>
    public TimeSpan BrowserSessionLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>The JWS algorithm that new tokens are signed with. Default: ES256.</summary>
    public string SigningAlgorithm { get; init; } = "ES256";

    /// <summary>A private key in PEM that the ring begins with when it is empty, so that tokens signed with it before stay good. Null, or no such file: a new key is made.</summary>
    public string? FirstSigningKeyFile { get; init; }

    /// <summary>Further algorithms for which a key is kept and published, so that clients which ask for one can be served.</summary>
    public IReadOnlyList<string> AdditionalSigningAlgorithms { get; init; } = [];

    /// <summary>How often a new signing key takes over. Zero: never by itself. Default: 30 days.</summary>
    public TimeSpan RotateSigningKeyEvery { get; init; } = TimeSpan.FromDays(30);

    /// <summary>For how long the next key is published before it signs. Default: one day.</summary>
    public TimeSpan PublishSigningKeyBefore { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How often the database is looked at for what other nodes revoked or rotated. Default: half a second.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How many links a chain of exchanged tokens may have. Default: 4.</summary>
    public int MaxExchangeDepth { get; init; } = 4;

    /// <summary>The most characters a token issued to a person may have: Windows' credential store holds 1,280. Default: 1,200.</summary>
    public int MaxPersonTokenLength { get; init; } = 1200;

    /// <summary>Whether people may sign in with a password or passkey kept here. Default: true.</summary>
    public bool LocalAccounts { get; init; } = true;

    /// <summary>Other OpenID providers that people may sign in with.</summary>
    public IReadOnlyList<ExternalProvider> ExternalProviders { get; init; } = [];

    /// <summary>
    /// Whether the addresses and clients answer that Git Credential Manager and git-credential-oauth use for a server whose challenge says <c>realm="Gitea"</c>, so that they sign in
    /// without any setting. The gateway's realm has to be set to match. Default: false.
    /// </summary>
    public bool GiteaCompatible { get; init; }

    /// <summary>Failed sign-ins for one account before it must wait. Default: 10.</summary>
    public int MaxFailedSignIns { get; init; } = 10;

    /// <summary>Sign-in attempts, code guesses and token requests with bad credentials that one address may make in a minute. Default: 30.</summary>
    public int MaxFailuresPerAddress { get; init; } = 30;

    // A passkey is made for a name (WebAuthn §5.1.2: an effective domain, never an address), and only in a secure context, which localhost is one of.
    internal bool PasskeysWork => new Uri(PublicUrl) is { HostNameType: UriHostNameType.Dns } url && (url.Scheme == Uri.UriSchemeHttps || url.Host is "localhost");

    internal string EffectiveAudience => Audience ?? PublicUrl;

    internal string EffectiveDatabase => Database ?? $"Data Source={Path.Combine(DataDirectory, "portcullis.db")}";
}
