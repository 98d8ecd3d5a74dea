using Portcullis.Access.Permissions;
using Portcullis.Tokens;

namespace Portcullis.Authority.Issuing;

/// <summary>Issues tokens on an administrator's word, as <c>portcullis token issue</c> does on the server's own machine: the policy is not asked.</summary>
public sealed class TokenIssuing
{
    private readonly AccessTokenWriter _writer;
    private readonly AuthorityOptions _options;
    private readonly TimeProvider _clock;

    internal TokenIssuing(AccessTokenWriter writer, AuthorityOptions options, TimeProvider clock)
    {
        _writer = writer;
        _options = options;
        _clock = clock;
    }

    /// <summary>Makes a token.</summary>
    /// <param name="subject">For whom.</param>
    /// <param name="permissions">What it opens.</param>
    /// <param name="lifetime">For how long; null: <see cref="AuthorityOptions.AccessTokenLifetime"/>. At most <see cref="AuthorityOptions.MaxAccessTokenLifetime"/>.</param>
    /// <param name="actors">Who acts for the subject, the nearest first.</param>
    public AdministrationResult<IssuedToken> Issue(string subject, PermissionSet permissions, TimeSpan? lifetime = null, IReadOnlyList<Actor>? actors = null)
    {
        TimeSpan life = lifetime ?? _options.AccessTokenLifetime;
        if (life <= TimeSpan.Zero || life > _options.MaxAccessTokenLifetime)
        {
            return AdministrationResult<IssuedToken>.Failed($"A token's life must lie between 1 second and {_options.MaxAccessTokenLifetime}.");
        }

        DateTimeOffset now = _clock.GetUtcNow();
        IssuedToken token = _writer.Write(new AccessToken
        {
            Subject = subject,
            Scope = permissions.ToScope(),
            IssuedAt = now,
            ExpiresAt = now + life,
            Actors = actors ?? [],
        });
        return token.Token.Length <= _options.MaxPersonTokenLength
            ? AdministrationResult<IssuedToken>.Done(token)
            : AdministrationResult<IssuedToken>.Failed(TokenBudget.Explain(token.Token.Length, _options.MaxPersonTokenLength, permissions));
    }
}
