using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The part that verifies who someone is and issues tokens.</summary>
internal sealed record AuthoritySettings
{
    /// <summary>Whether it runs. Without it, only tokens of <c>issuers</c> are accepted.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Life of an access token, where neither client nor role says otherwise.</summary>
    [Between("10s", "1d")]
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest life of any access token, and so the time for which a revocation is remembered.</summary>
    [Between("10s", "7d")]
    public TimeSpan MaxAccessTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Life of a refresh token and of its session, counted from its last use.</summary>
    [Between("1m", "365d")]
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>For how long a refresh token that was used already may be used again, for clients whose answer got lost.</summary>
    [Between("0", "10m")]
    public TimeSpan RefreshTokenReuseLeeway { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Life of a sign-in in the browser, counted from its last use.</summary>
    [Between("1m", "90d")]
    public TimeSpan BrowserSessionLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>The algorithm that tokens are signed with.</summary>
    [OneOf("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")]
    public string SigningAlgorithm { get; init; } = "ES256";

    /// <summary>Further algorithms for which a key is kept and published, for consumers that need them.</summary>
    [OneOf("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")]
    public IReadOnlyList<string> AdditionalSigningAlgorithms { get; init; } = [];

    /// <summary>How often a new signing key takes over; 0: never by itself.</summary>
    [Between("1h", "730d", OrZero = true)]
    public TimeSpan RotateSigningKeyEvery { get; init; } = TimeSpan.FromDays(30);

    /// <summary>For how long the next signing key is published before it signs.</summary>
    [Between("0", "90d")]
    public TimeSpan PublishSigningKeyBefore { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A file with 32 random bytes, raw or in Base64, under which private keys are encrypted. Needed where several nodes share a database.</summary>
    [FilePath(MustExist = true)]
    [DefaultText("keys below `data`")]
    public string? KeyEncryptionKeyFile { get; init; }

    /// <summary>A certificate with an RSA private key, under which private keys are encrypted in the place of <c>keyEncryptionKeyFile</c>.</summary>
    public CertificateOptions? KeyEncryptionCertificate { get; init; }

    /// <summary>Earlier such certificates: what was encrypted under them can still be read.</summary>
    public IReadOnlyList<CertificateOptions> FormerKeyEncryptionCertificates { get; init; } = [];

    /// <summary>How many links a chain of exchanged tokens may have.</summary>
    [Between("0", "16")]
    public int MaxExchangeDepth { get; init; } = 4;

    /// <summary>Whether people may sign in with a password or passkey that is kept here.</summary>
    public bool LocalAccounts { get; init; } = true;

    /// <summary>Other OpenID providers that people may sign in with.</summary>
    public IReadOnlyList<ProviderSettings> Providers { get; init; } = [];

    /// <summary>
    /// Whether Git Credential Manager and git-credential-oauth sign people in with no setting of their own: the server then calls itself <c>Gitea</c> in its challenge, in the place of
    /// <c>server.realm</c>, and answers at Gitea's addresses as well.
    /// </summary>
    public bool GiteaCompatible { get; init; }

    /// <summary>Failed sign-ins for one account before it has to wait.</summary>
    [Between("1", "1000")]
    public int MaxFailedSignIns { get; init; } = 10;

    /// <summary>Failed sign-ins, code guesses and token requests that one address may make in a minute.</summary>
    [Between("1", "100000")]
    public int MaxFailuresPerAddress { get; init; } = 30;
}
