using Microsoft.Extensions.Logging;
using Portcullis.Server.Logging;

namespace Portcullis.Tests.Server.Logging;

public sealed class SecretScrubberTests
{
    [Theory]
    [InlineData("header Authorization: Bearer abcdefghijkl in it", "header Authorization: Bearer [removed] in it")]
    [InlineData("Basic YWxpY2U6c2VjcmV0", "Basic [removed]")]
    [InlineData("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln was", "token [removed] was")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9", "[removed]")]
    [InlineData("fetch https://alice:secret@git.example.com/x", "fetch https://[removed]@git.example.com/x")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----", "[removed]")]
    [InlineData("nothing here: acme/app refs/heads/main", "nothing here: acme/app refs/heads/main")]
    [InlineData("The Basic idea", "The Basic idea")]
    public void Takes_out_what_looks_like_a_secret(string text, string scrubbed) => Assert.Equal(scrubbed, SecretScrubber.Scrub(text));

    [Fact]
    public void A_message_is_one_line_whatever_it_holds()
    {
        var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, TimeProvider.System);

        provider.CreateLogger("Portcullis.Test").LogInformation("first\n2026-01-01T00:00:00.000Z info Forged: second\u001b[2J");

        Assert.Single(output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain('\u001b', output.ToString());
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.HttpLogging", LogLevel.Information, false)]
    [InlineData("System.Net.Http.HttpClient", LogLevel.Debug, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, true)]
    [InlineData("Portcullis.Gateway.Pipeline", LogLevel.Information, true)]
    [InlineData("Portcullis.Gateway.Pipeline", LogLevel.Debug, false)]
    public void Lets_through_what_is_listed(string category, LogLevel level, bool passes)
    {
        using var provider = new LineLoggerProvider(TextWriter.Null, TimeProvider.System);
        Assert.Equal(passes, provider.CreateLogger(category).IsEnabled(level));
    }
}
