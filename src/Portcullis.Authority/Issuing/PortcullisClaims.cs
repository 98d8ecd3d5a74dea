namespace Portcullis.Authority.Issuing;

/// <summary>Names of claims of ours.</summary>
internal static class PortcullisClaims
{
    /// <summary>In a child token: the <c>jti</c> of each ancestor, the nearest first, so that it can die with any of them without a look into a database.</summary>
    public const string Parents = "parents";

    /// <summary>In a child token: what else it dies with, each as <see cref="DeathMark"/> writes it.</summary>
    public const string DiesWith = "dies_with";

    /// <summary>The login that a token comes of (OpenID Connect Front-Channel Logout §3 names it so).</summary>
    public const string SessionId = "sid";

    /// <summary>In codes and refresh tokens, which only we read: what was asked for, as one scope.</summary>
    public const string Requested = "portcullis_requested";
}
