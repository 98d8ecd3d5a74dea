using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Authority.Revocations;

/// <summary>
/// Tells other services what was revoked: one document with an entity tag. Who has it already and says <c>Prefer: wait=25</c> (RFC 7240 §4.3) is answered when it changes, or when the wait
/// is over: docs/spec/revocations.md.
/// </summary>
internal sealed class RevocationFeedEndpoint(RevocationIndex index, AuthorityOptions options, TimeProvider clock)
{
    /// <summary>The longest that a request is held, in seconds. Below what proxies allow.</summary>
    public const int MaxWaitSeconds = 30;

    /// <summary>How many requests are held at once. Whoever comes after is answered at once, and told to come again.</summary>
    public const int MaxWaiting = 1024;

    // Entries leave by themselves when they have met their last token: how long one may stay in the document for nothing.
    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private Document? _document;
    private int _waiting;

    /// <summary>How many requests are held now.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    public async Task HandleAsync(HttpContext http)
    {
        Document document = Current();
        var unchanged = Has(http.Request, document);
        if (unchanged && WaitOf(http.Request) is { } wait)
        {
            if (Interlocked.Increment(ref _waiting) <= MaxWaiting)
            {
                await WaitForChangeAsync(document.Revision, wait, http.RequestAborted);
                document = Current();
                unchanged = Has(http.Request, document);
            }
            else
            {
                http.Response.Headers.RetryAfter = "5";
            }

            Interlocked.Decrement(ref _waiting);
        }

        if (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        http.Response.Headers.ETag = document.Tag.ToString();
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers.Vary = "Prefer";
        if (unchanged)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = RevocationFeed.ContentType;
        http.Response.ContentLength = document.Content.Length;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(document.Content, http.RequestAborted);
        }
    }

    private Document Current()
    {
        lock (_gate)
        {
            // The number before the entries: what comes between the two is told once more, and not lost.
            var revision = index.Revision;
            DateTimeOffset now = clock.GetUtcNow();
            if (_document is null || _document.Revision != revision || now - _document.MadeAt >= s_freshFor)
            {
                var content = RevocationFeed.Write(options.Issuer, index.Entries);
                _document = new Document(content, new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(content).AsSpan(0, 16))}\""), revision, now);
            }

            return _document;
        }
    }

    private async Task WaitForChangeAsync(long revision, TimeSpan wait, CancellationToken gone)
    {
        using var limit = new CancellationTokenSource(wait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, gone);
        try
        {
            await index.WhenChangedAsync(revision, either.Token);
        }
        catch (OperationCanceledException)
        {
            // The wait is over, or nobody waits any more.
        }
    }

    private static bool Has(HttpRequest request, Document document) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out IList<EntityTagHeaderValue>? tags) && tags.Any(tag => tag.Compare(document.Tag, useStrongComparison: false));

    private static TimeSpan? WaitOf(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            if (preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(preference.AsSpan("wait=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0)
            {
                return TimeSpan.FromSeconds(Math.Min(seconds, MaxWaitSeconds));
            }
        }

        return null;
    }

    private sealed record Document(byte[] Content, EntityTagHeaderValue Tag, long Revision, DateTimeOffset MadeAt);
}
