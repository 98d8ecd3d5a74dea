using System.Text;
using Portcullis.EndToEnd.Upstreams.GitHub;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

/// <summary>Brings requests to a <see cref="GitHubModel"/> without a network, and can hold them back or fail them.</summary>
internal sealed class GitHubHandler(GitHubModel model) : HttpMessageHandler
{
    /// <summary>When set, requests wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>When set, requests fail with it.</summary>
    public Func<Exception>? Failure { get; set; }

    /// <summary>The whole URLs that were asked.</summary>
    public List<Uri> Asked { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (Asked)
        {
            Asked.Add(request.RequestUri!);
        }

        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }

        if (Failure is { } failure)
        {
            throw failure();
        }

        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var reply = model.Handle(new GitHubRequest(request.Method.Method, request.RequestUri!.PathAndQuery, Header, body));
        var response = new HttpResponseMessage(reply.Status) { Content = new StringContent(reply.Body.ToJsonString(), Encoding.UTF8, "application/json") };
        foreach (var (name, value) in reply.Headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;

        string? Header(string name) =>
            request.Headers.TryGetValues(name, out var values) || (request.Content?.Headers.TryGetValues(name, out values) ?? false) ? string.Join(", ", values) : null;
    }
}
