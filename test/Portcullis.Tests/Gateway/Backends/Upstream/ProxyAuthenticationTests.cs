using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>A proxy's password reaches the proxy, and nobody behind it.</summary>
public sealed class ProxyAuthenticationTests : IDisposable
{
    private static readonly Uri Proxy = new("http://proxy.example.com:3128");

    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-proxy-").FullName;
    private readonly ProxyAuthentication authentication;
    private readonly HttpMessageInvoker invoker;
    private HttpRequestMessage? last;

    public ProxyAuthenticationTests()
    {
        WritePassword("one");
        authentication = new ProxyAuthentication(new BasicCredentialDefinition("gateway", new SecretLocation(Path.Combine(folder, "password"), null)))
        {
            InnerHandler = new Handler(request =>
            {
                last = request;
                return new HttpResponseMessage();
            }),
        };
        invoker = new HttpMessageInvoker(authentication);
    }

    public void Dispose()
    {
        invoker.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Each_request_that_the_proxy_passes_on_shows_it()
    {
        await SendAsync("http://git.example.com/app.git");
        Assert.Equal("Basic Z2F0ZXdheTpvbmU=", last!.Headers.ProxyAuthorization!.ToString());
        WritePassword("two");
        await SendAsync("http://git.example.com/app.git");
        Assert.Equal("Basic Z2F0ZXdheTp0d28=", last!.Headers.ProxyAuthorization!.ToString());
    }

    [Fact]
    public async Task Through_a_tunnel_goes_nothing_of_it()
    {
        await SendAsync("https://git.example.com/app.git");
        Assert.Null(last!.Headers.ProxyAuthorization);
        var shown = authentication.GetCredential(Proxy, "Basic")!;
        Assert.Equal(("gateway", "one"), (shown.UserName, shown.Password));
        WritePassword("two");
        await SendAsync("https://git.example.com/app.git");
        Assert.Equal("two", authentication.GetCredential(Proxy, "Basic")!.Password);
    }

    [Theory]
    [InlineData("Digest")]
    [InlineData("NTLM")]
    [InlineData("Negotiate")]
    public async Task Other_schemes_get_nothing(string scheme)
    {
        await SendAsync("https://git.example.com/app.git");
        Assert.Null(authentication.GetCredential(Proxy, scheme));
    }

    [Fact]
    public async Task Without_its_password_nothing_is_sent()
    {
        File.Delete(Path.Combine(folder, "password"));
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => SendAsync("http://git.example.com/app.git"));
        Assert.Null(last);
    }

    private void WritePassword(string password) => File.WriteAllText(Path.Combine(folder, "password"), password + "\n");

    private async Task SendAsync(string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }
}
