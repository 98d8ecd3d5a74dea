using System.Net;
using Portcullis.Authority.Clients;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.People;

namespace Portcullis.Tests.Authority;

/// <summary>One authority signs people in for another, each an OpenID provider and a relying party as good as any.</summary>
public sealed class ExternalSignInTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Person_signs_in_with_the_companys_provider_and_gets_an_account_and_its_groups()
    {
        await using Pair pair = await Pair.StartAsync();
        using TestBrowser browser = pair.Relying.CreateBrowser();
        TestPage done = await pair.SignInAsync(browser);
        Assert.Equal(HttpStatusCode.OK, done.Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
        PersonInfo person = (await pair.Relying.Users.FindAsync("alice", Stop))!;
        Assert.Equal("Alice Example", person.DisplayName);
        Assert.False(person.HasPassword);
        Assert.False(person.IsAdministrator);

        // A second time it is the same person; disabled, nobody.
        using TestBrowser again = pair.Relying.CreateBrowser();
        await pair.SignInAsync(again);
        Assert.Equal(2, (await pair.Relying.Users.ListAsync(Stop)).Count);
        await pair.Relying.Users.DisableAsync("alice", Stop);
        using TestBrowser third = pair.Relying.CreateBrowser();
        Assert.Equal(HttpStatusCode.BadRequest, (await pair.SignInAsync(third)).Status);
    }

    [Fact]
    public async Task Account_that_is_here_already_is_not_taken_over_by_a_name()
    {
        await using Pair pair = await Pair.StartAsync();
        await pair.Relying.Users.AddAsync("alice", null, null, ["administrators"], true, Stop);
        using TestBrowser browser = pair.Relying.CreateBrowser();
        TestPage page = await pair.SignInAsync(browser);
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Contains("no account for you here", page.Text, StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
    }

    [Fact]
    public async Task Answer_in_another_browser_with_another_state_or_of_another_issuer_is_refused()
    {
        await using Pair pair = await Pair.StartAsync();
        using TestBrowser browser = pair.Relying.CreateBrowser();
        var callback = await pair.GetCallbackAsync(browser);
        using TestBrowser other = pair.Relying.CreateBrowser();
        Assert.Equal(HttpStatusCode.BadRequest, (await other.GetAsync(callback)).Status);
        using TestBrowser second = pair.Relying.CreateBrowser();
        callback = await pair.GetCallbackAsync(second);
        Assert.Equal(HttpStatusCode.BadRequest, (await second.GetAsync(callback.Replace("iss=", "iss=x", StringComparison.Ordinal))).Status);
        using TestBrowser third = pair.Relying.CreateBrowser();
        callback = await pair.GetCallbackAsync(third);
        Assert.Equal(HttpStatusCode.BadRequest, (await third.GetAsync(callback.Replace("state=", "state=x", StringComparison.Ordinal))).Status);
    }

    private sealed class Pair : IAsyncDisposable
    {
        public required AuthorityHost Provider { get; init; }

        public required AuthorityHost Relying { get; init; }

        public static async Task<Pair> StartAsync()
        {
            AuthorityHost provider = await AuthorityHost.StartAsync(listens: true);
            await provider.AddAliceAsync("staff");
            AuthorityHost relying = await AuthorityHost.StartAsync(
                configure: o => o with
                {
                    ExternalProviders = [new ExternalProvider { Name = "company", Issuer = provider.Address, ClientId = "portcullis", ClientSecretFile = Path.Combine(provider.Directory, "secret") }],
                },
                clock: provider.Clock,
                listens: true);
            ClientRegistration client = (await provider.Clients.AddAsync(
                new ClientInfo
                {
                    Id = "portcullis", Grants = [ClientGrant.AuthorizationCode], IsConfidential = true, IsTrusted = true, RedirectUris = [relying.Address + "/login/external/company/callback"],
                },
                Stop)).Value!;
            await File.WriteAllTextAsync(Path.Combine(provider.Directory, "secret"), client.Secret + "\n", Stop);
            return new Pair { Provider = provider, Relying = relying };
        }

        public async Task<string> GetCallbackAsync(TestBrowser browser)
        {
            TestPage start = await browser.SubmitAsync(await browser.GetAsync("/login"), "/login/external/company");
            var location = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(start.Text, "content=\"0;url=([^\"]+)\"").Groups[1].Value);
            using TestBrowser atProvider = Provider.CreateBrowser();
            await atProvider.SignInAsync("alice", AuthorityHost.Password);
            return (await atProvider.GetAsync(location)).Location;
        }

        public async Task<TestPage> SignInAsync(TestBrowser browser) => await browser.GetAsync(await GetCallbackAsync(browser));

        public async ValueTask DisposeAsync()
        {
            await Relying.DisposeAsync();
            await Provider.DisposeAsync();
        }
    }
}
