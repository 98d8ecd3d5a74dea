using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>Speaks HTTP with one upstream: the only place that knows its credential, and the only one that makes requests to it.</summary>
/// <remarks>
/// A request is made from what was understood, never from what the client sent: no header of the client's can go up. Tried again is only
/// what can't have reached the upstream, or what changes nothing there.
/// </remarks>
internal sealed class UpstreamClient : IDisposable
{
    private const int MaxRedirects = 3;
    private const int MaxAttempts = 2;

    // Some servers serve Git to programs alone that call themselves git.
    private const string UserAgent = "git/2.0 (Portcullis)";

    private readonly UpstreamDefinition definition;
    private readonly IUpstreamCredential? credential;
    private readonly HttpMessageInvoker invoker;
    private readonly MovedRepositories moved = new();

    /// <summary>Makes a client.</summary>
    public UpstreamClient(UpstreamDefinition definition, IUpstreamCredential? credential, HttpMessageHandler handler)
    {
        this.definition = definition;
        this.credential = credential;
        invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Asks.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="patience">The clock of the exchange; disposed with the answer, or here where there is none.</param>
    /// <returns>The answer; null where the upstream says that there is no such repository.</returns>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public async Task<UpstreamAnswer?> SendAsync(UpstreamRequest request, Patience patience)
    {
        try
        {
            var response = await FollowAsync(request, patience);
            if (response is null)
            {
                patience.Dispose();
                return null;
            }

            return await UpstreamAnswer.OfAsync(response, patience, definition.IdleTimeout);
        }
        catch (UpstreamRepositoryUnknownException)
        {
            patience.Dispose();
            return null;
        }
        catch
        {
            patience.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    private async Task<HttpResponseMessage?> FollowAsync(UpstreamRequest request, Patience patience)
    {
        // A discovery asks where the operator says, and finds out where that is by now; what follows it goes there at once.
        var repository = request.Body is null ? request.Repository.Url : moved.Find(request.Repository);
        var shown = await CredentialAsync(request, patience.Token);
        var isRenewed = false;
        for (var redirects = 0; ;)
        {
            var target = UpstreamRepository.Endpoint(repository, request.Endpoint);
            var response = await TryAsync(request, target, shown, patience);
            try
            {
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    CheckContent(request, response);
                    moved.Keep(request.Repository, repository);
                    var accepted = response;
                    response = null;
                    return accepted;
                }

                if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
                {
                    moved.Keep(request.Repository, request.Repository.Url);
                    return null;
                }

                // Once: a credential that was revoked before its time, or has just been replaced.
                if (response.StatusCode == HttpStatusCode.Unauthorized && shown is not null && !isRenewed)
                {
                    isRenewed = true;
                    if (await RenewedAsync(request, shown, patience) is { } other && request.Body is null or { CanBeSentAgain: true })
                    {
                        shown = other;
                        continue;
                    }
                }

                if (!IsRedirect(response.StatusCode))
                {
                    throw Failed(response);
                }

                repository = redirects++ < MaxRedirects ? Followed(request, target, response) : throw Away("It redirects again and again.");
            }
            finally
            {
                response?.Dispose();
            }
        }
    }

    private async Task<HttpResponseMessage> TryAsync(UpstreamRequest request, Uri target, AuthenticationHeaderValue? shown, Patience patience)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var message = new HttpRequestMessage(request.Body is null ? HttpMethod.Get : HttpMethod.Post, target)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
                Content = request.Body,
            };
            message.Headers.Authorization = shown;
            message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
            message.Headers.TryAddWithoutValidation("Accept", request.AnswerType);
            message.Headers.TryAddWithoutValidation("Pragma", "no-cache");
            if (GitProtocolHeader.ToHeaderValue(request.Protocol) is { } protocol)
            {
                message.Headers.TryAddWithoutValidation("Git-Protocol", protocol);
            }

            if (request.ExpectsContinue)
            {
                message.Headers.ExpectContinue = true;
            }

            patience.Start(definition.ConnectTimeout + definition.AnswerTimeout);
            try
            {
                return await invoker.SendAsync(message, patience.Token);
            }
            catch (HttpRequestException exception) when (attempt < MaxAttempts && !patience.Token.IsCancellationRequested && MayTryAgain(request, exception))
            {
                // Once more.
            }
            catch (OperationCanceledException exception) when (patience.HasRunOut || exception.InnerException is TimeoutException)
            {
                request.Body?.ThrowIfSourceFailed();
                throw new UpstreamException(UpstreamFailure.TimedOut, "It did not answer in time.", exception);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or UpstreamCredentialException && !patience.Token.IsCancellationRequested)
            {
                request.Body?.ThrowIfSourceFailed();
                throw Classify(exception);
            }
            finally
            {
                // The body belongs to whoever made the request: it may be tried again.
                message.Content = null;
            }
        }
    }

    private async ValueTask<AuthenticationHeaderValue?> CredentialAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return credential is null ? null : await credential.GetAsync(CredentialRequest(request), cancellationToken);
        }
        catch (UpstreamCredentialException exception) when (exception is not UpstreamRepositoryUnknownException)
        {
            throw new UpstreamException(UpstreamFailure.CredentialMissing, exception.Message, exception);
        }
    }

    private async ValueTask<AuthenticationHeaderValue?> RenewedAsync(UpstreamRequest request, AuthenticationHeaderValue rejected, Patience patience)
    {
        patience.Stop();
        try
        {
            return await credential!.RenewAsync(CredentialRequest(request), rejected, patience.Token);
        }
        catch (UpstreamCredentialException exception) when (exception is not UpstreamRepositoryUnknownException)
        {
            throw new UpstreamException(UpstreamFailure.CredentialRejected, $"It rejected the credential, and there is no other. {exception.Message}", exception);
        }
    }

    private static UpstreamCredentialRequest CredentialRequest(UpstreamRequest request) => new(request.Repository.Path, request.Service == GitService.ReceivePack);

    private Uri Followed(UpstreamRequest request, Uri target, HttpResponseMessage response)
    {
        if (response.Headers.Location is not { } location || !Uri.TryCreate(target, location, out var absolute))
        {
            throw Away($"It redirects ({(int)response.StatusCode}) without saying where to.");
        }

        var redirect = UpstreamRedirect.Of(definition, request.Repository, request.Endpoint, absolute);
        if (redirect.Repository is not { } repository)
        {
            throw redirect.Renamed is { } renamed
                ? new UpstreamException(UpstreamFailure.RedirectedAway, $"It says that the repository is called {renamed} by now.") { Renamed = renamed }
                : Away($"It redirects to another place, at {absolute.Scheme}://{(absolute.IdnHost is { Length: < 100 } host ? host : "a long name")}:{absolute.Port}.");
        }

        if (request.Body is { CanBeSentAgain: false })
        {
            // The next request will find its way.
            moved.Keep(request.Repository, repository);
            throw Away("It redirects a request whose body is gone.");
        }

        return repository;
    }

    private static UpstreamException Away(string message) => new(UpstreamFailure.RedirectedAway, message);

    private static void CheckContent(UpstreamRequest request, HttpResponseMessage response)
    {
        var type = response.Content.Headers.ContentType?.MediaType;
        if (!string.Equals(type, request.AnswerType, StringComparison.OrdinalIgnoreCase))
        {
            throw new UpstreamException(UpstreamFailure.NotGit, $"It answered with {(type is { Length: < 80 } ? type : "no known content type")} instead of {request.AnswerType}.");
        }

        // RFC 9112 §6.3: whoever passes an answer on must not choose among several lengths.
        if (response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths) && lengths.Count > 1)
        {
            throw new UpstreamException(UpstreamFailure.NotGit, "It named several lengths of its answer.");
        }

        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            throw new UpstreamException(UpstreamFailure.NotGit, "It compressed an answer that was not asked for compressed.");
        }
    }

    internal static UpstreamException Failed(HttpResponseMessage response)
    {
        var failure = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => UpstreamFailure.CredentialRejected,

            // Nobody but a proxy asks for a credential so, and it had what there is for it.
            HttpStatusCode.ProxyAuthenticationRequired => UpstreamFailure.Unreachable,
            HttpStatusCode.Forbidden => UpstreamFailure.Forbidden,
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => UpstreamFailure.Overloaded,
            HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout => UpstreamFailure.TimedOut,
            _ => UpstreamFailure.UnexpectedStatus,
        };
        return new UpstreamException(failure, $"It answered with status {(int)response.StatusCode}.") { RetryAfter = response.Headers.RetryAfter?.Delta };
    }

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    // Nobody has seen anything of it; or it only reads, and the connection was closed in the moment in which it was taken for it, as servers do with those
    // that lay idle for a while.
    private static bool MayTryAgain(UpstreamRequest request, HttpRequestException exception) =>
        exception.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            ? request.Body is not { IsStarted: true }
            : request.Service == GitService.UploadPack && request.Body is null or { CanBeSentAgain: true } && Classify(exception).Failure == UpstreamFailure.Disconnected;

    internal static UpstreamException Classify(Exception exception)
    {
        if (exception is UpstreamCredentialException)
        {
            return new UpstreamException(UpstreamFailure.Unreachable, $"There is nothing to show the proxy. {exception.Message}", exception);
        }

        if (exception.InnerException is AuthenticationException)
        {
            return new UpstreamException(UpstreamFailure.TlsFailed, exception.InnerException.Message, exception);
        }

        return (exception as HttpRequestException)?.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => new UpstreamException(UpstreamFailure.TlsFailed, "TLS could not be set up.", exception),
            HttpRequestError.NameResolutionError => new UpstreamException(UpstreamFailure.Unreachable, "Its name is not known.", exception),
            HttpRequestError.ConnectionError => new UpstreamException(UpstreamFailure.Unreachable, "Nobody listens there, or the way is barred.", exception),
            HttpRequestError.ProxyTunnelError => new UpstreamException(UpstreamFailure.Unreachable, "The proxy does not let us through.", exception),
            HttpRequestError.ConfigurationLimitExceeded => new UpstreamException(UpstreamFailure.NotGit, "Its headers are larger than any that belong to Git.", exception),
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => new UpstreamException(UpstreamFailure.NotGit, "What it answered is no HTTP.", exception),
            _ => new UpstreamException(UpstreamFailure.Disconnected, "The connection broke before it answered.", exception),
        };
    }
}
