namespace Portcullis.Authority.Keys;

/// <summary>Where a signing key is in its life.</summary>
public enum KeyState
{
    /// <summary>Published, so that verifiers know it, and not signing yet.</summary>
    Next,

    /// <summary>Signs new tokens of its algorithm.</summary>
    Signing,

    /// <summary>Replaced; still verifies what it signed.</summary>
    Verifying,

    /// <summary>Its last token is dead.</summary>
    Retired,

    /// <summary>Revoked: verifies nothing.</summary>
    Revoked,
}
