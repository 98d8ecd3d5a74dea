using Portcullis.Gateway.Refusals;

namespace Portcullis.Tests.Gateway.Refusals;

public sealed class ChallengeTests
{
    private static readonly Challenge Plain = new("Portcullis", "https://git.example.com/oauth/token", "https://git.example.com", "git:acme/app:pull");

    [Fact]
    public void Basic_comes_first_and_bearer_names_what_is_needed() => Assert.Equal(
        [
            "Basic realm=\"Portcullis\"",
            "Bearer realm=\"https://git.example.com/oauth/token\", service=\"https://git.example.com\", scope=\"git:acme/app:pull\"",
        ],
        Plain.ToHeaderValues());

    [Fact]
    public void Invalid_token_is_said_as_rfc_6750_does() => Assert.EndsWith(
        ", error=\"invalid_token\", error_description=\"The token has expired.\"",
        (Plain with { ErrorDescription = "The token has expired." }).ToHeaderValues()[1],
        StringComparison.Ordinal);

    [Fact]
    public void Nothing_can_leave_the_quotes_or_the_line()
    {
        var value = (Plain with { ErrorDescription = "a\"b\\c\r\nX-Injected: 1é" }).ToHeaderValues()[1];
        Assert.EndsWith("error_description=\"a'b'c??X-Injected: 1?\"", value, StringComparison.Ordinal);
    }
}
