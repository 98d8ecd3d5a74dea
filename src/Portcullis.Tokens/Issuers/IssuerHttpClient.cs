using System.Net;
using System.Net.Http.Headers;

namespace Portcullis.Tokens.Issuers;

/// <summary>A document that an issuer's server gave, or that it has not changed.</summary>
/// <param name="Content">The bytes; <see langword="null"/>: as before (304).</param>
/// <param name="FreshFor">How long it may be used again.</param>
/// <param name="Validator">What to ask with the next time.</param>
internal sealed record FetchedDocument(byte[]? Content, TimeSpan FreshFor, FetchValidator Validator);

/// <summary>What makes the next request conditional (RFC 9110 §13.1).</summary>
internal readonly record struct FetchValidator(EntityTagHeaderValue? Tag, DateTimeOffset? Modified);

/// <summary>A fetch that failed; the message is for the operator.</summary>
internal sealed class FetchException(string message) : Exception(message);

/// <summary>Fetches small JSON documents from issuers: bounded in size and time, over https, from nowhere but the place that was configured.</summary>
internal sealed class IssuerHttpClient(HttpMessageHandler? handler, TimeProvider time, HttpKeySetOptions options)
{
    private const int MaximumBytes = 512 * 1024;
    private const int MaximumRedirects = 3;

    // One for the program: connections are shared. Nothing is remembered or followed unseen.
    private static readonly SocketsHttpHandler s_handler = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    private readonly HttpMessageInvoker _invoker = new(handler ?? s_handler, disposeHandler: false);

    /// <summary>RFC 8725 §3.8 and OpenID Connect Discovery §7.1: keys that came over plain http are anybody's. A loopback address never leaves the machine.</summary>
    public static bool IsAcceptable(Uri uri) => uri.IsAbsoluteUri && uri.UserInfo.Length == 0 && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    /// <exception cref="FetchException">There is no such document to be had.</exception>
    public async Task<FetchedDocument> GetAsync(Uri uri, FetchValidator validator, CancellationToken cancellationToken)
    {
        try
        {
            Uri current = uri;
            for (int i = 0; i <= MaximumRedirects; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, current);
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/jwk-set+json"));
                if (validator.Tag is not null)
                {
                    request.Headers.IfNoneMatch.Add(validator.Tag);
                }

                request.Headers.IfModifiedSince = validator.Modified;
                using HttpResponseMessage response = await _invoker.SendAsync(request, cancellationToken);
                if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308)
                {
                    current = Follow(current, response.Headers.Location);
                    continue;
                }

                return await ReadAsync(response, validator, cancellationToken);
            }

            throw new FetchException($"{uri} redirects more than {MaximumRedirects} times.");
        }
        catch (HttpRequestException exception)
        {
            throw new FetchException($"{uri} could not be fetched: {exception.HttpRequestError}.");
        }
        catch (IOException)
        {
            throw new FetchException($"{uri} could not be fetched: the connection broke.");
        }
        catch (OperationCanceledException)
        {
            throw new FetchException($"{uri} did not answer within {options.Timeout.TotalSeconds:0} seconds.");
        }
    }

    private static Uri Follow(Uri current, Uri? location)
    {
        Uri? next = location is null ? null : new Uri(current, location);
        // Another origin would be another one's keys.
        return next is not null && next.Scheme == current.Scheme && next.Authority == current.Authority && next.UserInfo.Length == 0
            ? next
            : throw new FetchException($"{current} redirects to another origin, which is not followed: configure the final address.");
    }

    private async Task<FetchedDocument> ReadAsync(HttpResponseMessage response, FetchValidator validator, CancellationToken cancellationToken)
    {
        TimeSpan freshFor = Freshness.Lifetime(response, time.GetUtcNow(), options);
        if (response.StatusCode == HttpStatusCode.NotModified && validator != default)
        {
            return new FetchedDocument(null, freshFor, validator);
        }

        Uri? uri = response.RequestMessage?.RequestUri;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new FetchException($"{uri} answered {(int)response.StatusCode}.");
        }

        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + read > MaximumBytes)
            {
                throw new FetchException($"{uri} answered with more than 512 KiB.");
            }

            content.Write(buffer, 0, read);
        }

        return new FetchedDocument(content.ToArray(), freshFor, new FetchValidator(response.Headers.ETag, response.Content.Headers.LastModified));
    }
}
