namespace Portcullis.Tokens.Issuers;

/// <summary>Whose word counts for what an issuer's token opens.</summary>
public enum PermissionSource
{
    /// <summary>Only what the policy's trust entries and roles map; what the token says of permissions is ignored. The default.</summary>
    Policy = 0,

    /// <summary>The token's own <c>scope</c> and <c>authorization_details</c> count too.</summary>
    Token,
}
