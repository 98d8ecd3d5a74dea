using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.People;

/// <summary>
/// One-time links by which a person sets a first password or passkey. The secret stands behind the link's <c>#</c>, which browsers send to nobody: it reaches no log and no
/// <c>Referer</c>, and comes to us in the body of a form.
/// </summary>
internal sealed class EnrolmentLinks(IServiceScopeFactory scopes, AuthorityOptions options, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    public async Task<string> CreateAsync(string personId, CancellationToken cancellationToken)
    {
        var (enrolment, link) = New(personId, options, clock.GetUtcNow());
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        await database.Enrolments.Where(e => e.PersonId == personId).ExecuteDeleteAsync(cancellationToken);
        database.Enrolments.Add(enrolment);
        await database.SaveChangesAsync(cancellationToken);
        return link;
    }

    /// <summary>A new link, and what is kept of it.</summary>
    public static (Enrolment Enrolment, string Link) New(string personId, AuthorityOptions options, DateTimeOffset now)
    {
        var secret = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
        return (new Enrolment { TokenHash = Hash(secret), PersonId = personId, ExpiresAt = now + Lifetime }, $"{options.PublicUrl}/login/enrol#{secret}");
    }

    /// <summary>Uses the link up. The person's id, or null when it was used before, has run out, or never was.</summary>
    public async Task<string?> RedeemAsync(string secret, CancellationToken cancellationToken)
    {
        var hash = Hash(secret);
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        Enrolment? enrolment = await database.Enrolments.AsNoTracking().SingleOrDefaultAsync(e => e.TokenHash == hash, cancellationToken);

        // Whoever deletes the row has it: of two that come at once, one wins.
        return enrolment is not null
            && await database.Enrolments.Where(e => e.TokenHash == hash).ExecuteDeleteAsync(cancellationToken) == 1
            && enrolment.ExpiresAt > clock.GetUtcNow()
            ? enrolment.PersonId
            : null;
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
