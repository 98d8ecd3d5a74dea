using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Server.Commands;

/// <summary>Checks tokens in a command as the server does, with the same keys and issuers.</summary>
internal sealed class TokenValidation : IDisposable
{
    private readonly SigningKey? _key;

    private TokenValidation(SigningKey? key, TokenValidator validator)
    {
        _key = key;
        Validator = validator;
    }

    /// <summary>The validator.</summary>
    public TokenValidator Validator { get; }

    /// <summary>Opens the installation's keys; makes none.</summary>
    public static TokenValidation Open(Installation installation)
    {
        var key = File.Exists(installation.SigningKeyPath) ? TokenIssueCommand.OpenKey(installation) : null;
        IKeySetSource source = key is null ? new SigningKeyRing() : new SigningKeyRing(key);
        return new TokenValidation(key, new TokenValidator(installation.TrustedIssuers(source), installation.TimeProvider));
    }

    /// <inheritdoc/>
    public void Dispose() => _key?.Dispose();
}
