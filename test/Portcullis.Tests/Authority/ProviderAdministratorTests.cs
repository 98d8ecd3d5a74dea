using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Audit;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;

namespace Portcullis.Tests.Authority;

/// <summary>Administrators by the word of a company's own login: the only ones where there are no local accounts.</summary>
public sealed class ProviderAdministratorTests : IAsyncLifetime
{
    private readonly string _audit = Directory.CreateTempSubdirectory("portcullis-audit-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
    private CompanyProvider _company = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ExternalProvider Company => _company.Settings() with { Administrators = ["git-admins"], Groups = new Dictionary<string, string> { ["staff"] = "engineering" } };

    public async ValueTask InitializeAsync() => _company = await CompanyProvider.StartAsync(_clock);

    public async ValueTask DisposeAsync()
    {
        await _company.DisposeAsync();
        Directory.Delete(_audit, recursive: true);
    }

    [Fact]
    public async Task Member_of_a_listed_group_administers_from_the_sign_in_on()
    {
        await using AuthorityHost host = await StartAsync(audited: true);
        using TestBrowser browser = host.CreateBrowser();
        await SignInAsync(browser, new[] { "staff", "git-admins" });

        PersonInfo carol = (await host.Users.FindAsync("carol", Stop))!;
        Assert.Equal((true, _company.Issuer), (carol.IsAdministrator, carol.AdministratorBy));
        Assert.Equal(["engineering"], carol.Groups);
        Assert.Contains("portcullis:admin", (await host.AcceptAsync((await TokensAsync(host, browser)).Access)).Scope, StringComparison.Ordinal);

        // Signing in again changes nothing, and is no change in the log.
        using TestBrowser again = host.CreateBrowser();
        await SignInAsync(again, "git-admins");
        Assert.True((await host.Users.FindAsync("carol", Stop))!.IsAdministrator);
        Assert.Equal([("user.administrator", "carol", _company.Issuer)], Changes());
    }

    [Theory]
    [InlineData("staff")]
    [InlineData(null)]
    public async Task Who_left_the_group_is_no_administrator_from_the_next_sign_in_on(string? group)
    {
        await using AuthorityHost host = await StartAsync(audited: true);
        using TestBrowser browser = host.CreateBrowser();
        await SignInAsync(browser, new[] { "git-admins", "staff" });
        (_, var refresh) = await TokensAsync(host, browser);

        using TestBrowser next = host.CreateBrowser();
        await SignInAsync(next, group);

        // The API asks for this with each request, whatever a token says; and a login from before, which asked for the administration alone, gets nothing any more.
        PersonInfo carol = (await host.Users.FindAsync("carol", Stop))!;
        Assert.Equal((false, null), (carol.IsAdministrator, carol.AdministratorBy));
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), HttpStatusCode.BadRequest);
        Assert.Equal([("user.administrator", "carol", _company.Issuer), ("user.administrator.end", "carol", _company.Issuer)], Changes());
    }

    [Fact]
    public async Task Group_or_name_here_that_sounds_like_it_makes_no_administrator()
    {
        // Attack: a name that a person or a group may choose or be given passes for the value that the provider vouches for. Claim: that value in that claim of that provider, and nothing else.
        await using CompanyProvider other = await CompanyProvider.StartAsync(_clock);
        await using AuthorityHost host = await StartAsync(o => o with
        {
            ExternalProviders =
            [
                Company with { Groups = new Dictionary<string, string> { ["staff"] = "git-admins", ["git-admin"] = "administrators" } },
                other.Settings("other") with { Groups = new Dictionary<string, string> { ["git-admins"] = "git-admins" } },
            ],
        });
        foreach (var (subject, groups) in new (string, object?)[]
        {
            ("case", "Git-Admins"), ("space", "git-admins "), ("mapped", new[] { "staff", "git-admin" }), ("list-in-text", "[\"git-admins\"]"), ("joined", "staff,git-admins"), ("part", "git-admins/viewers"),
            ("nested", new[] { new[] { "git-admins" } }), ("number", 1), ("nothing", new string?[] { null, "" }),
        })
        {
            using TestBrowser browser = host.CreateBrowser();
            await _company.SignInAsync(browser, "sub-" + subject, subject, groups);
        }

        using (TestBrowser browser = host.CreateBrowser())
        {
            await _company.SignInAsync(browser, "sub-claim", "claim", null, other: ("roles", new[] { "git-admins" }));
        }

        using (TestBrowser browser = host.CreateBrowser())
        {
            await _company.SignInAsync(browser, "sub-name", "git-admins", null);
        }

        using (TestBrowser browser = host.CreateBrowser())
        {
            await other.SignInAsync(browser, "sub-other", "elsewhere", new[] { "git-admins" }, "other");
        }

        await host.Users.SetGroupsAsync("case", ["git-admins"], Stop);
        using (TestBrowser browser = host.CreateBrowser())
        {
            await _company.SignInAsync(browser, "sub-case", "case", "Git-Admins");
        }

        IReadOnlyList<PersonInfo> everyone = await host.Users.ListAsync(Stop);
        Assert.True(everyone.Count >= 11, string.Join(' ', everyone.Select(person => person.Name)));
        Assert.Contains(everyone, person => person.Groups.Contains("git-admins"));
        Assert.All(everyone, person => Assert.False(person.IsAdministrator, person.Name));
    }

    [Fact]
    public async Task Administrator_of_the_provider_gets_nobodys_account_by_its_name()
    {
        await using AuthorityHost host = await StartAsync(o => o with { LocalAccounts = true });
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await _company.SignInAsync(browser, "sub-1", "ADMIN", "git-admins");

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        PersonInfo admin = Assert.Single(await host.Users.ListAsync(Stop));
        Assert.Equal((true, null), (admin.IsAdministrator, admin.AdministratorBy));
    }

    [Fact]
    public async Task Configuration_that_lists_no_group_any_more_ends_it_at_once()
    {
        await using AuthorityHost before = await StartAsync();
        using TestBrowser browser = before.CreateBrowser();
        await SignInAsync(browser, "git-admins");
        await using AuthorityHost after = await StartAsync(o => o with { ExternalProviders = [Company with { Administrators = [] }] }, before.Directory);
        Assert.False((await after.Users.FindAsync("carol", Stop))!.IsAdministrator);

        await using AuthorityHost elsewhere = await StartAsync(o => o with { ExternalProviders = [Company with { Issuer = "https://idp.example" }] }, before.Directory);
        Assert.False((await elsewhere.Users.FindAsync("carol", Stop))!.IsAdministrator);
    }

    [Fact]
    public async Task What_an_administrator_gave_no_provider_takes_away()
    {
        await using AuthorityHost host = await StartAsync();
        using TestBrowser browser = host.CreateBrowser();
        await SignInAsync(browser, "git-admins");
        await using (AsyncServiceScope scope = host.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().Users.ExecuteUpdateAsync(users => users.SetProperty(person => person.IsAdministrator, true), Stop);
        }

        using TestBrowser next = host.CreateBrowser();
        await SignInAsync(next, null);

        PersonInfo carol = (await host.Users.FindAsync("carol", Stop))!;
        Assert.Equal((true, null), (carol.IsAdministrator, carol.AdministratorBy));
    }

    private async Task SignInAsync(TestBrowser browser, object? groups)
    {
        TestPage page = await _company.SignInAsync(browser, "sub-carol", "carol", groups);
        Assert.Equal(HttpStatusCode.OK, page.Status);
    }

    private async Task<AuthorityHost> StartAsync(
        Func<Portcullis.Authority.AuthorityOptions, Portcullis.Authority.AuthorityOptions>? change = null, string? directory = null, bool audited = false)
    {
        AuditLog? log = audited ? await AuditLog.OpenAsync(new AuditLogOptions { Directory = _audit, ReserveBytes = 1 << 16 }, TimeProvider.System, Stop) : null;
        return await AuthorityHost.StartAsync(
            directory,
            o =>
            {
                o = o with { LocalAccounts = false, ExternalProviders = [Company] };
                return change?.Invoke(o) ?? o;
            },
            _clock,
            services: services =>
            {
                if (log is not null)
                {
                    services.AddSingleton(_ => log); // By a factory, so that it is closed with the host.
                }
            });
    }

    private static async Task<(string Access, string Refresh)> TokensAsync(AuthorityHost host, TestBrowser browser)
    {
        var verifier = OAuthFlow.NewVerifier();
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(verifier, "portcullis:admin"));
        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
        var code = QueryHelpers.ParseQuery(new Uri(answer.Location).Query)["code"].ToString();
        var response = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier));
        return (response.GetProperty("access_token").GetString()!, response.GetProperty("refresh_token").GetString()!);
    }

    private IEnumerable<(string? Operation, string? Subject, string? Issuer)> Changes() => Directory.GetFiles(_audit, "*.jsonl").SelectMany(ReadShared)
        .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement)
        .Where(line => line.GetProperty("event").GetString() == AuditEvents.Administration)
        .Select(line => (line.GetProperty("operation").GetString(), line.GetProperty("subject").GetString(), line.GetProperty("issuer").GetString()));

    // The log is still open; what it keeps free at its end is spaces or nothing.
    private static IEnumerable<string> ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n').Where(line => line.StartsWith('{'));
    }
}
