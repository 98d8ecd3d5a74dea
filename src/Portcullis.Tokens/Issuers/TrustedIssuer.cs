namespace Portcullis.Tokens.Issuers;

/// <summary>One issuer whose tokens are accepted, and within which bounds.</summary>
public sealed record TrustedIssuer
{
    /// <summary>The <c>iss</c> value: compared character by character (RFC 8725 §3.8).</summary>
    public required string Issuer { get; init; }

    /// <summary>The names of this service, one of which must stand in <c>aud</c> (RFC 8725 §3.9). At least one.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>The accepted <c>alg</c> values. All of public keys, or all of a shared secret, never both. Default: <see cref="SignatureAlgorithms.Asymmetric"/>.</summary>
    public IReadOnlyList<string> Algorithms { get; init; } = SignatureAlgorithms.Asymmetric;

    /// <summary>The accepted <c>typ</c> values, without <c>application/</c>, compared ignoring case. A token without <c>typ</c> counts as <c>JWT</c>. Default: <c>at+jwt</c> (RFC 9068 §2.1).</summary>
    public IReadOnlyList<string> Types { get; init; } = ["at+jwt"];

    /// <summary>The longest accepted <c>exp - iat</c>. Default: one hour.</summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far the issuer's clock may be from ours, either way. Default: 30 seconds; at most five minutes.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the keys come from.</summary>
    public required IKeySetSource KeySource { get; init; }

    /// <summary>Whose word counts. Default: the policy's.</summary>
    public PermissionSource Permissions { get; init; } = PermissionSource.Policy;

    /// <summary>Permissions that no token of this issuer exceeds, in the permission notation, which this library doesn't read. <see langword="null"/>: no ceiling.</summary>
    public IReadOnlyList<string>? Ceiling { get; init; }

    /// <summary>Everything that is wrong with these settings, a sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> FindProblems()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Issuer))
        {
            problems.Add("issuer is empty.");
        }

        if (Audiences.Count == 0 || Audiences.Any(string.IsNullOrWhiteSpace))
        {
            problems.Add("audience is empty: tokens meant for any other service would open this one.");
        }

        if (Algorithms.Count == 0)
        {
            problems.Add("algorithms is empty: no token could be accepted.");
        }

        foreach (string algorithm in Algorithms.Where(a => !SignatureAlgorithms.IsSupported(a)))
        {
            problems.Add($"algorithms names '{algorithm}', which is not one of {string.Join(", ", SignatureAlgorithms.Asymmetric)}, {string.Join(", ", SignatureAlgorithms.Symmetric)}.");
        }

        if (Algorithms.Any(SignatureAlgorithms.IsSymmetric) && !Algorithms.All(SignatureAlgorithms.IsSymmetric))
        {
            problems.Add("algorithms mixes HS* with algorithms of public keys: a public key could be used as a shared secret.");
        }

        if (Algorithms.Count > 0 && Algorithms.All(SignatureAlgorithms.IsSupported) && Algorithms.All(SignatureAlgorithms.IsSymmetric) != KeySource.IsSymmetric)
        {
            problems.Add("HS* algorithms go with a shared secret (secretFile), all others with public keys (jwks or discovery).");
        }

        if (Types.Count == 0 || Types.Any(string.IsNullOrWhiteSpace))
        {
            problems.Add("types is empty: no token could be accepted.");
        }

        if (MaxLifetime <= TimeSpan.Zero)
        {
            problems.Add("maxLifetime must be positive.");
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromMinutes(5))
        {
            problems.Add("clockSkew must lie between 0 and 5 minutes.");
        }

        return problems;
    }
}
