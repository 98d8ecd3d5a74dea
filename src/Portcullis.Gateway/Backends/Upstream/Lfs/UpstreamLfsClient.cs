using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Upstream.Lfs;

/// <summary>Speaks the Git LFS API with one upstream, and with the storage that it names as far as the operator allows that.</summary>
/// <remarks>
/// The credential goes to the upstream's own origin and nowhere else. What an action says to send goes to that action's address alone, and never to a client.
/// </remarks>
internal sealed class UpstreamLfsClient(UpstreamDefinition definition, IUpstreamCredential? credential, HttpMessageInvoker invoker, TimeProvider time)
{
    private const string MediaType = "application/vnd.git-lfs+json";
    private const int MaxAnswerBytes = 8 << 20;

    private static readonly string s_userAgent = "git-lfs/3.0 (Portcullis)";

    /// <summary>Asks for the way to objects. Null where the upstream keeps none for this repository.</summary>
    /// <exception cref="UpstreamException">It could not be asked, or what it says is not understood.</exception>
    public async Task<IReadOnlyDictionary<LfsObjectId, LfsAnsweredObject>?> BatchAsync(
        UpstreamRepository repository, LfsDirection direction, string? reference, IEnumerable<LfsObject> objects, CancellationToken ended)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
        {
            ["operation"] = direction == LfsDirection.Upload ? "upload" : "download",
            ["transfers"] = new[] { "basic" },
            ["ref"] = reference is null ? null : new Dictionary<string, string> { ["name"] = reference },
            ["objects"] = objects.Select(entry => new Dictionary<string, object> { ["oid"] = entry.Id.ToString(), ["size"] = entry.Size }).ToArray(),
            ["hash_algo"] = "sha256",
        });
        using var patience = new Patience(time, ended);
        using var response = await AskAsync(() => Post(EndpointOf(repository, "objects/batch"), body), repository, direction, patience);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.NotImplemented)
        {
            return null;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw UpstreamClient.Failed(response);
        }

        using var answer = await UpstreamAnswer.OfAsync(response, patience, definition.IdleTimeout);
        try
        {
            return LfsBatchAnswer.Parse((await answer.ReadToEndAsync(MaxAnswerBytes)).Span);
        }
        catch (LfsFormatException exception)
        {
            throw new UpstreamException(UpstreamFailure.Malformed, exception.Message, exception);
        }
    }

    /// <summary>Begins to fetch an object. The answer, and the clock of the exchange, belong to the caller.</summary>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public async Task<HttpResponseMessage> FetchAsync(LfsAction action, string? range, UpstreamRepository repository, Patience patience)
    {
        var response = await FollowAsync(
            action,
            () =>
            {
                var message = new HttpRequestMessage(HttpMethod.Get, action.Address);
                if (range is not null)
                {
                    message.Headers.TryAddWithoutValidation("Range", range);
                }

                return message;
            },
            repository,
            LfsDirection.Download,
            patience);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
        {
            return response;
        }

        using (response)
        {
            throw UpstreamClient.Failed(response);
        }
    }

    /// <summary>Brings an object, and asks whether it arrived where the upstream wants to be asked.</summary>
    /// <exception cref="UpstreamException">It could not be brought.</exception>
    public async Task BringAsync(LfsAction upload, LfsAction? verify, LfsObject brought, VerifiedBody body, UpstreamRepository repository, Patience patience)
    {
        using (var response = await FollowAsync(
            upload,
            () => new HttpRequestMessage(HttpMethod.Put, upload.Address) { Content = body },
            repository,
            LfsDirection.Upload,
            patience))
        {
            if ((int)response.StatusCode is < 200 or > 299)
            {
                throw UpstreamClient.Failed(response);
            }
        }

        if (verify is null)
        {
            return;
        }

        var question = Encoding.ASCII.GetBytes($$"""{"oid":"{{brought.Id}}","size":{{brought.Size}}}""");
        using var verified = await FollowAsync(verify, () => Post(verify.Address, question), repository, LfsDirection.Upload, patience);
        if ((int)verified.StatusCode is < 200 or > 299)
        {
            throw UpstreamClient.Failed(verified);
        }
    }

    /// <summary>An action as a client may follow it by itself; null where it may not: at the upstream's own origin, at one that is not allowed, or with anything that looks like a credential of ours.</summary>
    public string? PassOn(LfsAction action) =>
        IsOwn(action.Address)
        || !definition.LfsStorage.Any(origin => IsOrigin(action.Address, origin))
        || action.Headers.Any(header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
            ? null
            : action.ToJson("download");

    // Where the repository's URL has no .git at its end, Git LFS puts one there (docs/api/server-discovery.md).
    private static Uri EndpointOf(UpstreamRepository repository, string relative) =>
        new($"{repository.Url.AbsoluteUri}{(repository.Url.AbsolutePath.EndsWith(".git", StringComparison.Ordinal) ? "" : ".git")}/info/lfs/{relative}");

    private static HttpRequestMessage Post(Uri address, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(MediaType);
        var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        message.Headers.TryAddWithoutValidation("Accept", MediaType);
        return message;
    }

    private async Task<HttpResponseMessage> FollowAsync(
        LfsAction action, Func<HttpRequestMessage> make, UpstreamRepository repository, LfsDirection direction, Patience patience)
    {
        var isOwn = IsOwn(action.Address);
        if (!isOwn && !definition.LfsStorage.Any(origin => IsOrigin(action.Address, origin)))
        {
            throw new UpstreamException(UpstreamFailure.RedirectedAway, "It names a storage for Git LFS objects that 'lfs.storage' of this upstream does not allow.");
        }

        HttpRequestMessage MakeWithHeaders()
        {
            var message = make();
            foreach (var (name, value) in action.Headers)
            {
                if (!message.Headers.TryAddWithoutValidation(name, value))
                {
                    message.Content?.Headers.TryAddWithoutValidation(name, value);
                }
            }

            return message;
        }

        // An upstream that wants its own credential for the object does not say so: it gives none.
        var isOpen = !isOwn || action.Headers.Any(header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase));
        return isOpen ? await SendAsync(MakeWithHeaders, null, patience) : await AskAsync(MakeWithHeaders, repository, direction, patience);
    }

    private async Task<HttpResponseMessage> AskAsync(Func<HttpRequestMessage> make, UpstreamRepository repository, LfsDirection direction, Patience patience)
    {
        if (credential is null)
        {
            return await SendAsync(make, null, patience);
        }

        var request = new UpstreamCredentialRequest(repository.Path, direction == LfsDirection.Upload);
        try
        {
            var shown = await credential.GetAsync(request, patience.Token);
            var response = await SendAsync(make, shown, patience);
            if (response.StatusCode != HttpStatusCode.Unauthorized || await credential.RenewAsync(request, shown, patience.Token) is not { } other)
            {
                return response;
            }

            // Once: a credential that was revoked before its time, or has just been replaced. A body that has passed can't be sent again.
            using (response)
            {
                return response.RequestMessage?.Method == HttpMethod.Put ? throw UpstreamClient.Failed(response) : await SendAsync(make, other, patience);
            }
        }
        catch (UpstreamCredentialException exception)
        {
            throw new UpstreamException(UpstreamFailure.CredentialMissing, exception.Message, exception);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, AuthenticationHeaderValue? shown, Patience patience)
    {
        using var message = make();
        var body = message.Content as VerifiedBody;
        message.Version = HttpVersion.Version20;
        message.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        message.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);
        if (shown is not null)
        {
            message.Headers.Authorization = shown;
        }

        // While a client sends, it is the client who is waited for.
        if (body is null)
        {
            patience.Start(definition.ConnectTimeout + definition.AnswerTimeout);
        }

        try
        {
            return await invoker.SendAsync(message, patience.Token);
        }
        catch (OperationCanceledException exception) when (patience.HasRunOut || exception.InnerException is TimeoutException)
        {
            throw new UpstreamException(UpstreamFailure.TimedOut, "It did not answer in time.", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UpstreamCredentialException && !patience.Token.IsCancellationRequested)
        {
            throw UpstreamClient.Classify(exception);
        }
        finally
        {
            patience.Stop();
            if (body is not null)
            {
                // The body belongs to whoever made it.
                message.Content = null;
            }
        }
    }

    private bool IsOwn(Uri address) => IsOrigin(address, definition.Url);

    private static bool IsOrigin(Uri address, Uri origin) =>
        address.Scheme == origin.Scheme && address.Port == origin.Port && address.IdnHost.Equals(origin.IdnHost, StringComparison.OrdinalIgnoreCase);
}
