using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Authentication;

/// <summary>What step 2 found: a caller, or a refusal.</summary>
internal readonly record struct AuthenticationResult
{
    /// <summary>The valid token's claims.</summary>
    public ValidatedToken? Token { get; init; }

    /// <summary>The caller, where the token is valid.</summary>
    public Caller? Caller { get; init; }

    /// <summary>What the credential of a Git LFS transfer is for.</summary>
    public LfsTransfer? Transfer { get; init; }

    /// <summary>The refusal, where it is not.</summary>
    public Refusal? Refusal { get; init; }
}
