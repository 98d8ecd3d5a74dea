using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Tokens;

/// <summary>The outcome of <see cref="TokenValidator.ValidateAsync"/>: a token that passed every check, or the one check that refused it.</summary>
public readonly struct TokenResult
{
    private readonly string? _description;

    internal TokenResult(ValidatedToken token) => Token = token;

    internal TokenResult(TokenError error, string description)
    {
        Error = error;
        _description = description;
    }

    /// <summary>The token, when every check passed; otherwise <see langword="null"/>.</summary>
    public ValidatedToken? Token { get; }

    /// <summary>The check that refused; <see cref="TokenError.None"/> only beside a <see cref="Token"/>.</summary>
    // A default value of this struct came from no validation: it must not read as a success.
    public TokenError Error => Token is null && field == TokenError.None ? TokenError.Missing : field;

    /// <summary>Whether every check passed.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Token is not null;

    /// <summary>The stable code of <see cref="Error"/>.</summary>
    public string Code => TokenErrors.Code(Error);

    /// <summary>One or two sentences for the user: what is wrong and what to do. Never holds anything of the token.</summary>
    public string Description => _description ?? "";
}
