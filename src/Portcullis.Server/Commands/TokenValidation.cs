using Portcullis.Server.Administration;
using Portcullis.Tokens;

namespace Portcullis.Server.Commands;

/// <summary>Checks tokens in a command as the server does, with the same keys, issuers and revocations.</summary>
internal sealed class TokenValidation : IAsyncDisposable
{
    private readonly LocalAuthority? _authority;

    private TokenValidation(LocalAuthority? authority, TokenValidator validator)
    {
        _authority = authority;
        Validator = validator;
    }

    /// <summary>The validator.</summary>
    public TokenValidator Validator { get; }

    /// <summary>Opens the installation's keys; makes none.</summary>
    public static async Task<TokenValidation> OpenAsync(Installation installation, CancellationToken cancellationToken)
    {
        var authority = await LocalAuthority.OpenIfThereAsync(installation, cancellationToken);
        var issuers = installation.ConfiguredIssuers();
        return new TokenValidation(authority, authority is null
            ? new TokenValidator(issuers, installation.TimeProvider)
            : new TokenValidator([installation.OwnIssuer(authority.Keys), .. issuers], installation.TimeProvider, authority.RevocationList));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _authority?.DisposeAsync() ?? default;
}
