using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.AspNetCore;

/// <summary>What one scheme validates with, for the life of the program: the validator, and the feed that it asks.</summary>
internal sealed class SchemeValidator : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _time;

    public SchemeValidator(PortcullisTokenOptions options, TimeProvider time)
    {
        _time = time;
        Feed = options.FollowRevocations ? new RevocationFeedClient(options.Authority, time, options.RevocationFeed, options.Backchannel) : null;
        Validator = new TokenValidator(
            [
                new TrustedIssuer
                {
                    Issuer = options.Authority,
                    Audiences = [options.Audience.Length > 0 ? options.Audience : options.Authority],
                    Algorithms = options.Algorithms,
                    MaxLifetime = options.MaxLifetime,
                    ClockSkew = options.ClockSkew,
                    KeySource = new DiscoveryKeySetSource(options.Authority, time, options.Keys, options.Backchannel),
                    Permissions = PermissionSource.Token,
                },
            ],
            time,
            Feed);
    }

    public TokenValidator Validator { get; }

    public RevocationFeedClient? Feed { get; }

    /// <summary>Whether it is known now what has been revoked. The first question of all waits until the feed was asked.</summary>
    public async ValueTask<bool> KnowsRevocationsAsync(CancellationToken cancellationToken)
    {
        if (Feed is null || Feed.IsCurrent)
        {
            return true;
        }

        Feed.Start();
        using var limit = new CancellationTokenSource(s_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await Feed.WhenAskedAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        return Feed.IsCurrent;
    }

    public ValueTask DisposeAsync() => Feed?.DisposeAsync() ?? ValueTask.CompletedTask;
}
