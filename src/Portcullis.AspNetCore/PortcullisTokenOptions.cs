using Microsoft.AspNetCore.Authentication;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.AspNetCore;

/// <summary>Whose tokens a service accepts, and within which bounds.</summary>
public sealed class PortcullisTokenOptions : AuthenticationSchemeOptions
{
    /// <summary>
    /// The authority's address, exactly as its tokens have it in <c>iss</c>: https, or http on a loopback address. Its keys are found by discovery (OpenID Connect Discovery, or RFC 8414), fetched
    /// again when they rotate, and kept over outages. Required.
    /// </summary>
    public string Authority { get; set; } = "";

    /// <summary>What a token must name in <c>aud</c>. Default, when empty: the authority's address, which is what its tokens name.</summary>
    public string Audience { get; set; } = "";

    /// <summary>The accepted signature algorithms. Default: <see cref="SignatureAlgorithms.Asymmetric"/>.</summary>
    public IReadOnlyList<string> Algorithms { get; set; } = SignatureAlgorithms.Asymmetric;

    /// <summary>The longest accepted life of a token. Default: one hour.</summary>
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How far the authority's clock may be from ours. Default: 30 seconds.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the authority's revocation feed is followed. Default: true. Without it a revoked token works here until it expires, and any issuer's tokens can be accepted, not
    /// only those of a Portcullis authority.
    /// </summary>
    public bool FollowRevocations { get; set; } = true;

    /// <summary>Bounds for the revocation feed, its greatest age above all.</summary>
    public RevocationFeedOptions RevocationFeed { get; set; } = new();

    /// <summary>Bounds for the key set.</summary>
    public HttpKeySetOptions Keys { get; set; } = new();

    /// <summary>The realm of the challenges. Default: <c>Portcullis</c>.</summary>
    public string Realm { get; set; } = "Portcullis";

    /// <summary>Whether the challenge offers Basic besides Bearer: with the token as the password, as git and curl send it. Default: false. A token that comes so is accepted in any case.</summary>
    public bool ChallengeBasic { get; set; }

    /// <summary>What sends requests to the authority, for own certificates or proxies; it must not follow redirects. Default: a shared one.</summary>
    public HttpMessageHandler? Backchannel { get; set; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (!Uri.TryCreate(Authority, UriKind.Absolute, out Uri? uri) || !(uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)) || uri.Query.Length > 0)
        {
            throw new ArgumentException("Authority is the https:// address of the server whose tokens are accepted, exactly as they have it in 'iss'.", nameof(Authority));
        }
    }
}
