using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Gateway.Backends.Upstream.Lfs;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>One upstream: what is configured for it, and the way to it.</summary>
internal sealed class UpstreamSite(UpstreamDefinition definition, UpstreamClient client, UpstreamLfsClient lfs, TimeProvider time) : IDisposable
{
    /// <summary>What is configured.</summary>
    public UpstreamDefinition Definition => definition;

    /// <summary>The way to its Git LFS objects.</summary>
    public UpstreamLfsClient Lfs => lfs;

    /// <summary>Makes one with its pool of connections.</summary>
    /// <param name="definition">What is configured.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Told what an operator should know.</param>
    /// <param name="watch">Puts something before the connections that looks at answers; null for nothing.</param>
    public static UpstreamSite Open(
        UpstreamDefinition definition, TimeProvider time, ILoggerFactory loggers, Func<HttpMessageHandler, HttpMessageHandler>? watch = null)
    {
        var handler = UpstreamHandler.Create(definition, time);
        handler = watch?.Invoke(handler) ?? handler;
        var services = new UpstreamCredentialServices(new HttpMessageInvoker(handler, disposeHandler: false), time, loggers);
        var credential = definition.Credential?.Create(services);
        return new UpstreamSite(
            definition,
            new UpstreamClient(definition, credential, handler),
            new UpstreamLfsClient(definition, credential, new HttpMessageInvoker(handler, disposeHandler: false), time),
            time);
    }

    /// <summary>Asks for the advertisement of a service; null where there is no such repository.</summary>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public Task<UpstreamAnswer?> DiscoverAsync(RepositoryPath repository, GitService service, GitProtocolVersion protocol, CancellationToken ended) =>
        AskAsync(new UpstreamRequest(UpstreamRepository.Of(definition, repository), service, protocol), new Patience(time, ended));

    /// <summary>Sends a request whose body is known; null where there is no such repository.</summary>
    /// <exception cref="UpstreamException">It could not be answered.</exception>
    public Task<UpstreamAnswer?> SendAsync(
        RepositoryPath repository, GitService service, GitProtocolVersion protocol, ReadOnlyMemory<byte> body, CancellationToken ended)
    {
        var patience = new Patience(time, ended);
        return AskAsync(
            new UpstreamRequest(UpstreamRepository.Of(definition, repository), service, protocol)
            {
                Body = new ForwardedBody(body, null, body.Length, 0, service.RequestContentType(), patience, definition),
            },
            patience);
    }

    /// <summary>Sends a request on whose body is still on its way from the client.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="head">What was read of it already.</param>
    /// <param name="maxBytes">How much may follow.</param>
    /// <returns>The answer, null where there is no such repository; and whether the body was larger than allowed.</returns>
    /// <exception cref="UpstreamException">It could not be answered.</exception>
    public Task<(UpstreamAnswer? Answer, bool IsTooLarge)> ForwardAsync(AuthorizedGitRequest request, ReadOnlyMemory<byte> head, long maxBytes) =>
        ForwardAsync(request, head, request.Request.Body.Reader, request.Request.Body.Length, maxBytes);

    /// <summary>Sends a request on whose pack waited here.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="head">What stands before the pack.</param>
    /// <param name="pack">The pack.</param>
    /// <returns>The answer; null where there is no such repository.</returns>
    /// <exception cref="UpstreamException">It could not be answered.</exception>
    public async Task<UpstreamAnswer?> ForwardAsync(AuthorizedGitRequest request, ReadOnlyMemory<byte> head, FileStream pack)
    {
        var (answer, _) = await ForwardAsync(
            request,
            head,
            PipeReader.Create(pack, new StreamPipeReaderOptions(bufferSize: 256 * 1024, leaveOpen: true)),
            head.Length + pack.Length,
            long.MaxValue);
        return answer;
    }

    private async Task<(UpstreamAnswer? Answer, bool IsTooLarge)> ForwardAsync(
        AuthorizedGitRequest request, ReadOnlyMemory<byte> head, PipeReader rest, long? length, long maxBytes)
    {
        const long LargeBody = 1 << 20;
        var service = request.Request.Route.Service;
        var patience = new Patience(time, request.Ended);
        var body = new ForwardedBody(head, rest, length, maxBytes, service.RequestContentType(), patience, definition);
        try
        {
            return (await AskAsync(
                new UpstreamRequest(UpstreamRepository.Of(definition, request.Repository), service, request.Request.Protocol)
                {
                    Body = body,
                    ExpectsContinue = service == GitService.ReceivePack && length is null or > LargeBody,
                },
                patience), false);
        }
        catch (UpstreamException) when (body.IsTooLarge)
        {
            return (null, true);
        }
    }

    private async Task<UpstreamAnswer?> AskAsync(UpstreamRequest request, Patience patience)
    {
        var started = time.GetTimestamp();
        var outcome = "ended";
        try
        {
            var answer = await client.SendAsync(request, patience);
            outcome = answer is null ? "missing" : "ok";
            return answer;
        }
        catch (UpstreamException exception)
        {
            outcome = UpstreamRefusals.Code(exception.Failure);
            throw;
        }
        finally
        {
            UpstreamMetrics.Answered(definition.Name, request.Service, outcome, time.GetElapsedTime(started));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
